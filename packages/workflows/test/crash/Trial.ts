/** One run in processes: undisturbed, or killed at a point and taken up by the next process. */

import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { bundle } from "../../../engine-sqlite/test/process/bundle.js"
import { start } from "../../../engine-sqlite/test/process/Child.js"
import type { CloudServices } from "../support/Cloud.js"
import { backedUp, replacePayload, restorePayload, source } from "../support/Fixture.js"
import * as Cloud from "./Cloud.js"
import { nameOf, type Point } from "./Points.js"
import type { Task } from "./work.js"

/** Which run, and what is there before it. */
export interface Job {
  readonly title: string
  readonly arrange: Effect.Effect<Task["job"], unknown, CloudServices>
}

export const restoring: Job = {
  title: "restore two shards, scale to four",
  arrange: Effect.as(backedUp(2), { flow: "RestoreThenScale", payload: restorePayload(4) })
}

export const jobs: ReadonlyArray<Job> = [
  restoring,
  {
    title: "replace a replica",
    arrange: Effect.map(Effect.flatMap(source(2), replacePayload), (payload) => ({ flow: "ReplaceReplica", payload }))
  }
]

/** The journal and the engine under trial: the processes' program, and a store of each trial's own. */
export interface Under {
  readonly program: string
  readonly store: Effect.Effect<unknown, never, Scope.Scope>
}

/** Makes the program of the processes ready to start. */
export const under = (entry: string, store: Under["store"]): Effect.Effect<Under, never, Scope.Scope> =>
  Effect.map(bundle(entry), (program) => ({ program, store }))

interface Census {
  readonly writes: Readonly<Record<string, number>>
}

/** How many writes of each kind were made from one census to another. */
export const madeSince = (before: Census, after: Census): Readonly<Record<string, number>> =>
  Object.fromEntries(
    Object.entries(after.writes)
      .map(([operation, count]) => [operation, count - (before.writes[operation] ?? 0)] as const)
      .filter(([, count]) => count !== 0)
  )

/** Runs a job, in a second process after the first was killed at `fatal`. */
export const run = ({ program, store }: Under, { arrange }: Job, fatal?: Point) =>
  Effect.gen(function* () {
    const cloud = yield* Cloud.make
    const job = yield* cloud.within(arrange)
    const before = yield* cloud.census
    const task: Task = { url: cloud.url, store: yield* store, job }
    const launch = (point?: string) => start(program, [JSON.stringify({ ...task, fatal: point } satisfies Task)])
    if (fatal) {
      const first = yield* launch(nameOf(fatal))
      yield* cloud.sentBy(first)
      const { errors, signal } = yield* first.ended
      if (signal !== "SIGKILL") return yield* Effect.dieMessage(`never came to ${nameOf(fatal)}: ${errors}`)
    }
    const last = yield* launch()
    const outcome: unknown = JSON.parse(yield* last.until("outcome"))
    // The process says its points in this shape.
    const points = JSON.parse(yield* last.until("points")) as ReadonlyArray<Point>
    const after = yield* cloud.census
    return { outcome, points, writes: madeSince(before, after), clusters: after.clusters }
  }).pipe(Effect.scoped)
