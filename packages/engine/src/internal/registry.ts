import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type * as Journal from "../Journal.js"
import { unfinished } from "../JournalRecord.js"
import { RunDetached } from "../RunError.js"
import type { Core } from "./core.js"
import { attach } from "./driver.js"
import { detach, type Handler, type Live } from "./live.js"

/** @internal */
export interface Registry {
  readonly core: Core
  readonly register: (handler: Handler) => Effect.Effect<void, Journal.JournalError, Scope.Scope>
}

/**
 * An engine at work. Flows register with it; `Runs` is how it is spoken to.
 *
 * @since 0.1.0
 * @category tags
 */
export class Engine extends Context.Tag("@memstore-flows/engine/Engine")<Engine, Registry>() {}

const page = 500

const resumeAll = (
  core: Core,
  handler: Handler,
  after: number | undefined
): Effect.Effect<void, Journal.JournalError> =>
  Effect.flatMap(core.journal.list({ flow: handler.flow, states: unfinished, after, limit: page }), (records) => {
    const mine = records.filter((record) => record.version === handler.version)
    const last = records[records.length - 1]
    const rest = last && records.length === page ? resumeAll(core, handler, last.seq) : Effect.void
    return Effect.zipRight(
      Effect.forEach(mine, (record) => attach(core, record), { discard: true }),
      rest
    )
  })

/** @internal Detaches runs and waits until nothing of them runs any more. */
export const leave = (core: Core, lives: ReadonlyArray<Live>, detail: string): Effect.Effect<void> =>
  Effect.suspend(() => {
    const bodies = lives.flatMap((live) => (live.root ? [live.root] : []))
    for (const live of lives) {
      if (live.phase === "ending") continue
      live.unpark?.()
      detach(live, new RunDetached({ run: live.record.id, reason: "shutdown", detail }))
    }
    return Effect.forEach([...bodies, ...core.tasks], (fiber) => fiber.await, { discard: true })
  })

/** @internal */
export const make = (core: Core): Registry => ({
  core,
  register: (handler) => {
    const key = `${handler.flow}@${handler.version}`
    const forget = Effect.suspend(() => {
      core.handlers.delete(key)
      const lives = Array.from(core.lives.values()).filter((live) => live.handler === handler)
      return leave(core, lives, "the layer of its flow was closed")
    })
    const add = Effect.suspend(() => {
      if (core.handlers.has(key)) return Effect.dieMessage(`flow ${key} is registered twice`)
      core.handlers.set(key, handler)
      return Effect.void
    })
    return Effect.zipRight(
      Effect.acquireRelease(add, () => forget),
      resumeAll(core, handler, undefined)
    )
  }
})
