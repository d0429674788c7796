/**
 * The run a flow is in.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as FiberRef from "effect/FiberRef"
import * as Schema from "effect/Schema"
import { Event, type ProgressReport } from "./Event.js"
import { type Live, now, place, publish } from "./internal/live.js"
import { State } from "./JournalRecord.js"
import { Problem } from "./RunError.js"

/**
 * What is known of a run. Times are milliseconds of the epoch.
 *
 * - `seq` grows with every run, and is the cursor of `Runs.list`
 * - `known` is false when no implementation of its flow and version is registered in this engine: the run waits
 * - `wakeAt` is set while it sleeps, `steps` are those under way, `progress` is the latest published
 * - `problem` says why this engine stopped working on it
 *
 * @since 0.1.0
 * @category models
 */
export class Info extends Schema.Class<Info>("@memstore-flows/engine/Run/Info")({
  id: Schema.String,
  seq: Schema.Number,
  flow: Schema.String,
  version: Schema.Number,
  resource: Schema.NullOr(Schema.String),
  state: State,
  createdAt: Schema.Number,
  startedAt: Schema.NullOr(Schema.Number),
  cancelRequestedAt: Schema.NullOr(Schema.Number),
  endedAt: Schema.NullOr(Schema.Number),
  known: Schema.Boolean,
  wakeAt: Schema.NullOr(Schema.Number),
  steps: Schema.Array(Schema.String),
  progress: Schema.NullOr(Event),
  problem: Schema.NullOr(Problem)
}) {}

/**
 * The run an effect is part of. `scope` is the prefix of step names, empty or ending in a slash.
 *
 * @since 0.1.0
 * @category models
 */
export interface Service {
  readonly id: string
  readonly flow: string
  readonly resource: string | null
  readonly scope: string
  /** @internal */
  readonly live: Live
}

/**
 * The run a flow is in. Every step requires it; `Flow.toLayer` provides it.
 *
 * @since 0.1.0
 * @category tags
 */
export class Run extends Context.Tag("@memstore-flows/engine/Run")<Run, Service>() {}

/**
 * The id of the run. The same in every replay, so it may serve to name what the run creates.
 *
 * @since 0.1.0
 * @category accessors
 */
export const id: Effect.Effect<string, never, Run> = Effect.map(Run, (run) => run.id)

/**
 * Publishes how far the step under way has come.
 *
 * It appears in the live events of the run, and the latest is kept in its `Info`. It is not written to the journal.
 * Between steps it is published under the name of the scope.
 *
 * @since 0.1.0
 * @category constructors
 */
export const progress = (report: ProgressReport): Effect.Effect<void, never, Run> =>
  Effect.flatMap(Run, ({ live, scope }) =>
    Effect.map(FiberRef.get(place), ({ step }) => {
      if (live.frozen && live.phase !== "undoing") return
      const event: Event = {
        _tag: "Progress",
        run: live.record.id,
        at: now(live),
        step: step?.name ?? scope,
        progress: report
      }
      live.progress = event
      publish(live, event)
    })
  )
