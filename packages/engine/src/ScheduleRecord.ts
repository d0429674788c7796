/**
 * What is known of schedules, and what can go wrong with them.
 *
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"
import * as Schema from "effect/Schema"
import type { PureSchema } from "./internal/codec.js"
import * as records from "./internal/schedule/records.js"
import type { RunNotFound } from "./RunError.js"
import type { OutcomeError } from "./Runs.js"

/**
 * What happens at a time of the schedule when the run before it has not ended.
 *
 * - `skip`: this time is passed over; also when another run holds the resource of the flow
 * - `queue`: the run waits in line, first come, first served
 * - `cancelPrevious`: the run before is cancelled, and the new one begins when that has been undone
 * - `allow`: both go on. A flow that locks a resource still waits in line for it
 *
 * @since 0.1.0
 * @category models
 */
export const Overlap = records.Overlap

/**
 * @since 0.1.0
 * @category models
 */
export type Overlap = typeof Overlap.Type

/**
 * What is made up for of the times that passed while no engine was at work.
 *
 * - `none`: nothing
 * - `last`: one run, for the latest of them
 * - `all`: a run for each, in order, of the latest `catchUpLimit`
 *
 * @since 0.1.0
 * @category models
 */
export const CatchUp = records.CatchUp

/**
 * @since 0.1.0
 * @category models
 */
export type CatchUp = typeof CatchUp.Type

/**
 * A cron expression or a time zone that is none, or another setting out of its bounds. Every fault is named at once.
 *
 * @since 0.1.0
 * @category errors
 */
export class ScheduleInvalid extends Schema.TaggedError<ScheduleInvalid>("@memstore-flows/engine/ScheduleInvalid")(
  "ScheduleInvalid",
  { schedule: Schema.String, faults: Schema.Array(Schema.Struct({ path: Schema.String, message: Schema.String })) }
) {
  override get message(): string {
    const faults = this.faults.map(({ message, path }) => `${path}: ${message}`)
    return `schedule ${this.schedule}: ${faults.join("; ")}`
  }
}

/**
 * No schedule has this name, or it was removed.
 *
 * @since 0.1.0
 * @category errors
 */
export class ScheduleNotFound extends Schema.TaggedError<ScheduleNotFound>("@memstore-flows/engine/ScheduleNotFound")(
  "ScheduleNotFound",
  { schedule: Schema.String }
) {
  override get message(): string {
    return `no schedule ${this.schedule}`
  }
}

/**
 * A schedule of this name starts another flow. Remove it first.
 *
 * @since 0.1.0
 * @category errors
 */
export class ScheduleTaken extends Schema.TaggedError<ScheduleTaken>("@memstore-flows/engine/ScheduleTaken")(
  "ScheduleTaken",
  { schedule: Schema.String, flow: Schema.String }
) {
  override get message(): string {
    return `schedule ${this.schedule} starts ${this.flow}`
  }
}

/**
 * Why a schedule was not read or changed. After `RunDetached` the order is kept, and carried out when an engine that
 * knows the flow is next at work.
 *
 * @since 0.1.0
 * @category errors
 */
export type ScheduleError = ScheduleNotFound | Exclude<OutcomeError, RunNotFound>

/**
 * When a schedule comes, and what it starts.
 *
 * - `name` identifies it; a run it starts has the id `<name>@<time in UTC>`, such as `drill@2026-11-28T18:00:00Z`
 * - `cron` has five fields (minute, hour, day of month, month, day of week), or six with the second first
 * - `timeZone` is a name of the IANA database or an offset such as `+09:00`; `UTC` unless given
 * - `overlap` is `skip`, `catchUp` is `last` and `catchUpLimit` is 100 unless given
 * - `grace` (1 minute): a time is missed, and a matter of `catchUp`, once it is longer ago than this
 *
 * When clocks change: a local time that does not exist is taken as much later as the clock is put forward, and one that
 * comes twice counts the first time. An expression whose hours begin with a star follows what the clock shows instead:
 * it leaves out what is not shown, and comes again in an hour shown again.
 *
 * @since 0.1.0
 * @category models
 */
export interface CronOptions<Payload extends PureSchema> {
  readonly name: string
  readonly cron: string
  readonly timeZone?: string
  readonly payload: Payload["Type"]
  readonly overlap?: Overlap
  readonly catchUp?: CatchUp
  readonly catchUpLimit?: number
  readonly grace?: Duration.DurationInput
}

/**
 * What is known of a schedule. Times are milliseconds of the epoch, `grace` is milliseconds.
 *
 * `nextAt` is `null` while it is paused. `run` is the run that waits for the next time, `previous` the one the next
 * firing may not overlap.
 *
 * @since 0.1.0
 * @category models
 */
export class Info extends Schema.Class<Info>("@memstore-flows/engine/Schedule/Info")({
  name: Schema.String,
  flow: Schema.String,
  cron: Schema.String,
  timeZone: Schema.String,
  overlap: Overlap,
  catchUp: CatchUp,
  catchUpLimit: Schema.Number,
  grace: Schema.Number,
  paused: Schema.Boolean,
  nextAt: Schema.NullOr(Schema.Number),
  previous: Schema.NullOr(Schema.String),
  run: Schema.String
}) {}

/**
 * What a schedule did. Times are milliseconds of the epoch; `run` is the id of the run that was or would have been
 * started, `missed` are times passed over, from the first to before `until`.
 *
 * - `Fired`: started, or put in line
 * - `Skipped`: the run `by` was still going, or held the resource
 * - `Refused`: the payload no longer fits the flow, or the id of the run was taken
 * - `Missed`: only passed over
 * - `Paused`, `Resumed`, `Changed`, `Removed`: by order
 *
 * @since 0.1.0
 * @category models
 */
export const Turn = records.Turn

/**
 * @since 0.1.0
 * @category models
 */
export type Turn = typeof Turn.Type
