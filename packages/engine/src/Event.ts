/**
 * What happens in a run, as a stream of plain values.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { Defect, UndoReport } from "./Outcome.js"

const run = { run: Schema.String, at: Schema.Number }
const step = { ...run, step: Schema.String }

/**
 * How far a step has come, in its own words.
 *
 * `done` and `total` count `unit`s ("slots", "keys"); `subject` names what it is about ("shard-2").
 *
 * @since 0.1.0
 * @category models
 */
export const ProgressReport = Schema.Struct({
  message: Schema.String,
  done: Schema.optionalWith(Schema.Number, { exact: true }),
  total: Schema.optionalWith(Schema.Number, { exact: true }),
  unit: Schema.optionalWith(Schema.String, { exact: true }),
  subject: Schema.optionalWith(Schema.String, { exact: true })
})

/**
 * @since 0.1.0
 * @category models
 */
export type ProgressReport = typeof ProgressReport.Type

/**
 * One thing that happened in a run. `at` is in milliseconds of the epoch; `step` is the full name, scopes included.
 *
 * Held by the journal, and so part of the history after a restart: `RunStarted`, `StepStarted` (of a step that ended),
 * `StepPrepared`, `StepSucceeded`, `StepFailed`, `StepCut` (by the flow itself: it lost a race), `Sleeping`, `Woken`, `WaitingForSignal`, `SignalReceived`,
 * `SignalTimedOut`, `CancelRequested`, `UndoStarted`, `Undone`, `UndoFailed`, `RunSucceeded`, `RunFailed`, `RunCancelled`.
 * Live only: `Queued`, `Resumed`, `Detached`, and `Progress`, of which the latest is kept.
 *
 * @since 0.1.0
 * @category models
 */
export const Event = Schema.Union(
  Schema.TaggedStruct("Queued", { ...run, resource: Schema.String }),
  Schema.TaggedStruct("RunStarted", run),
  Schema.TaggedStruct("Resumed", run),
  Schema.TaggedStruct("StepStarted", step),
  Schema.TaggedStruct("StepPrepared", step),
  Schema.TaggedStruct("StepSucceeded", step),
  Schema.TaggedStruct("StepFailed", { ...step, defect: Schema.Boolean }),
  Schema.TaggedStruct("StepCut", step),
  Schema.TaggedStruct("Progress", { ...step, progress: ProgressReport }),
  Schema.TaggedStruct("Sleeping", { ...step, until: Schema.Number }),
  Schema.TaggedStruct("Woken", step),
  Schema.TaggedStruct("WaitingForSignal", { ...step, until: Schema.NullOr(Schema.Number) }),
  Schema.TaggedStruct("SignalReceived", step),
  Schema.TaggedStruct("SignalTimedOut", step),
  Schema.TaggedStruct("CancelRequested", run),
  Schema.TaggedStruct("UndoStarted", step),
  Schema.TaggedStruct("Undone", step),
  Schema.TaggedStruct("UndoFailed", { ...step, reason: Defect }),
  Schema.TaggedStruct("RunSucceeded", run),
  Schema.TaggedStruct("RunFailed", { ...run, undo: UndoReport, defect: Schema.NullOr(Defect) }),
  Schema.TaggedStruct("RunCancelled", { ...run, undo: UndoReport }),
  Schema.TaggedStruct("Detached", { ...run, reason: Schema.String })
)

/**
 * @since 0.1.0
 * @category models
 */
export type Event = typeof Event.Type
