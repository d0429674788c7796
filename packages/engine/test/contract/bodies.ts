import { Effect } from "effect"
import { type Run, Step } from "../../src/index.js"
import type { Refused } from "./flows.js"
import { count, type Log, lines, say, until } from "./harness.js"

/** A flow's body that tells the log what it does. */
export type Body = Effect.Effect<unknown, Refused, Run.Run | Log>

/** A step that never ends. */
export const hang = Step.make("hang", { run: Effect.zipRight(say("hang"), Effect.never) })

/** Waits until the step that never ends was begun so often. */
export const hung = (times: number) =>
  until(
    `hang ${times} times`,
    Effect.map(lines, (all) => count(all, "hang") === times)
  )

/** One body after the other. */
export const all = (...bodies: ReadonlyArray<Body>) => Effect.all(bodies, { discard: true })

/** Bodies side by side. */
export const parallel = (...bodies: ReadonlyArray<Body>) =>
  Effect.all(bodies, { discard: true, concurrency: "unbounded" })
