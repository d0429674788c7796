/**
 * What can go wrong with a run, apart from the errors of its flow.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { Defect, UndoReport } from "./Outcome.js"

/**
 * No run has this id, or it ended and was evicted.
 *
 * @since 0.1.0
 * @category errors
 */
export class RunNotFound extends Schema.TaggedError<RunNotFound>("@memstore-flows/engine/RunNotFound")("RunNotFound", {
  run: Schema.String
}) {
  override get message(): string {
    return `no run ${this.run}`
  }
}

/**
 * Another run holds the resource. `since` is when it took it, in milliseconds of the epoch.
 *
 * @since 0.1.0
 * @category errors
 */
export class Busy extends Schema.TaggedError<Busy>("@memstore-flows/engine/Busy")("Busy", {
  resource: Schema.String,
  holder: Schema.Struct({ run: Schema.String, flow: Schema.String, since: Schema.Number })
}) {
  override get message(): string {
    return `${this.resource} is held by run ${this.holder.run} of flow ${this.holder.flow}`
  }
}

/**
 * The id asked for belongs to a run of another flow, another version, or another payload.
 *
 * @since 0.1.0
 * @category errors
 */
export class RunIdTaken extends Schema.TaggedError<RunIdTaken>("@memstore-flows/engine/RunIdTaken")("RunIdTaken", {
  run: Schema.String,
  flow: Schema.String,
  version: Schema.Number
}) {
  override get message(): string {
    return `run ${this.run} exists already, of flow ${this.flow} version ${this.version}, and differs from the one asked for`
  }
}

/**
 * The value given does not fit the payload schema of the flow or the signal.
 *
 * @since 0.1.0
 * @category errors
 */
export class PayloadInvalid extends Schema.TaggedError<PayloadInvalid>("@memstore-flows/engine/PayloadInvalid")(
  "PayloadInvalid",
  { of: Schema.String, reason: Schema.String }
) {
  override get message(): string {
    return `payload of ${this.of}: ${this.reason}`
  }
}

/**
 * The run was cancelled.
 *
 * @since 0.1.0
 * @category errors
 */
export class RunCancelled extends Schema.TaggedError<RunCancelled>("@memstore-flows/engine/RunCancelled")(
  "RunCancelled",
  { run: Schema.String, undo: UndoReport }
) {
  override get message(): string {
    return `run ${this.run} was cancelled`
  }
}

/**
 * The run met a defect.
 *
 * @since 0.1.0
 * @category errors
 */
export class RunDied extends Schema.TaggedError<RunDied>("@memstore-flows/engine/RunDied")("RunDied", {
  run: Schema.String,
  defect: Defect,
  undo: UndoReport
}) {
  override get message(): string {
    return `run ${this.run}: ${this.defect.name}: ${this.defect.message}`
  }
}

/**
 * The run has not ended, but this engine no longer works on it. It goes on when an engine that knows its flow opens on
 * the same journal, or after `Runs.resume`.
 *
 * - `shutdown`: the engine, or the layer of the flow, was closed
 * - `detached`: `Runs.detach` was called, or nobody has had this engine take the run up
 * - `journal`: the journal could not be written
 * - `fenced`: another process has taken the run over
 * - `unreadable`: what the journal holds does not fit the schemas of the flow
 * - `not-implemented`: no implementation of its flow and version is registered here
 *
 * @since 0.1.0
 * @category errors
 */
export class RunDetached extends Schema.TaggedError<RunDetached>("@memstore-flows/engine/RunDetached")("RunDetached", {
  run: Schema.String,
  reason: Schema.Literal("shutdown", "detached", "journal", "fenced", "unreadable", "not-implemented"),
  detail: Schema.String
}) {
  override get message(): string {
    return `run ${this.run} is detached (${this.reason}): ${this.detail}`
  }
}

/**
 * What the journal holds of the run does not fit the schema it is read with. Nothing was lost: the record stays.
 *
 * @since 0.1.0
 * @category errors
 */
export class RecordUnreadable extends Schema.TaggedError<RecordUnreadable>("@memstore-flows/engine/RecordUnreadable")(
  "RecordUnreadable",
  { run: Schema.String, record: Schema.String, reason: Schema.String }
) {
  override get message(): string {
    return `run ${this.run}: the record of ${this.record} cannot be read: ${this.reason}`
  }
}

/**
 * The flow no longer comes to what the journal has of the run, or not in that order: it was changed under a run that had
 * not ended. Nothing new was done and nothing was undone. The run goes on when the flow it was started with is registered
 * under its version again; the changed one takes another version.
 *
 * `recorded` is what the journal has next, `met` what the flow came to instead.
 *
 * @since 0.1.0
 * @category errors
 */
export class FlowChanged extends Schema.TaggedError<FlowChanged>("@memstore-flows/engine/FlowChanged")("FlowChanged", {
  run: Schema.String,
  flow: Schema.String,
  version: Schema.Number,
  recorded: Schema.String,
  met: Schema.String
}) {
  override get message(): string {
    return `run ${this.run}: flow ${this.flow}@${this.version} has changed: it comes to ${this.met} where the journal has ${this.recorded}`
  }
}

/**
 * Why an engine has stopped working on a run that has not ended.
 *
 * @since 0.1.0
 * @category errors
 */
export const Problem = Schema.Union(RunDetached, RecordUnreadable, FlowChanged)

/**
 * @since 0.1.0
 * @category errors
 */
export type Problem = typeof Problem.Type

/**
 * A signal came too late, or another one of the same name came first.
 *
 * @since 0.1.0
 * @category errors
 */
export class SignalRefused extends Schema.TaggedError<SignalRefused>("@memstore-flows/engine/SignalRefused")(
  "SignalRefused",
  { run: Schema.String, signal: Schema.String, reason: Schema.Literal("already-received", "timed-out", "run-ended") }
) {
  override get message(): string {
    return `signal ${this.signal} to run ${this.run}: ${this.reason}`
  }
}

/**
 * A child's run that had to be undone and stays as it is, in whole or in part. It is the reason of an undo that failed.
 *
 * @since 0.1.0
 * @category errors
 */
export class RunStays extends Schema.TaggedError<RunStays>("@memstore-flows/engine/RunStays")("RunStays", {
  run: Schema.String,
  reason: Schema.String
}) {
  override get message(): string {
    return `run ${this.run} stays: ${this.reason}`
  }
}

/**
 * A step name was used a second time in one run. It is a defect of the flow: the run ends as died, and is undone.
 *
 * @since 0.1.0
 * @category errors
 */
export class StepNameReused extends Schema.TaggedError<StepNameReused>("@memstore-flows/engine/StepNameReused")(
  "StepNameReused",
  { run: Schema.String, step: Schema.String }
) {
  override get message(): string {
    return `step "${this.step}" is used twice in run ${this.run}; Step.scope and Step.each give names to repeats`
  }
}

/**
 * A step was begun inside another step. It is a defect of the flow: the run ends as died, and is undone.
 *
 * @since 0.1.0
 * @category errors
 */
export class StepNested extends Schema.TaggedError<StepNested>("@memstore-flows/engine/StepNested")("StepNested", {
  run: Schema.String,
  step: Schema.String,
  inside: Schema.String
}) {
  override get message(): string {
    return `step "${this.step}" is begun inside step "${this.inside}" of run ${this.run}; use Step.scope to group steps`
  }
}
