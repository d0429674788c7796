/**
 * The rows of a journal.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

/**
 * Where a run stands.
 *
 * - `queued`: waits in line for its resource
 * - `running`: goes forward, or sleeps, or waits for a signal
 * - `cancelling`: a cancel is recorded, the step under way is being cut
 * - `undoing`: how it ends is recorded, the undos are at work
 * - `succeeded`, `failed` (typed error or defect), `cancelled`: ended
 *
 * @since 0.1.0
 * @category models
 */
export const State = Schema.Literal("queued", "running", "cancelling", "undoing", "succeeded", "failed", "cancelled")

/**
 * @since 0.1.0
 * @category models
 */
export type State = typeof State.Type

/**
 * The states of runs that have not ended.
 *
 * @since 0.1.0
 * @category models
 */
export const unfinished: ReadonlyArray<State> = ["queued", "running", "cancelling", "undoing"]

/**
 * One run. Times are milliseconds of the epoch; `payload` and `outcome` are JSON texts.
 *
 * `seq` is given by the journal and grows with every run inserted. `startedAt` is `null` while the run is queued;
 * a run that is not queued and has not ended holds the lock of its `resource`, since `startedAt`. `trace` is the span it
 * began in, in the form of a W3C `traceparent`, if there was one.
 *
 * @since 0.1.0
 * @category models
 */
export interface RunRecord {
  readonly id: string
  readonly seq: number
  readonly flow: string
  readonly version: number
  readonly resource: string | null
  readonly payload: string | null
  readonly state: State
  readonly createdAt: number
  readonly startedAt: number | null
  readonly cancelRequestedAt: number | null
  readonly endedAt: number | null
  readonly outcome: string | null
  readonly trace?: string | null
}

/**
 * A run about to be inserted.
 *
 * @since 0.1.0
 * @category models
 */
export type NewRun = Pick<RunRecord, "id" | "flow" | "version" | "resource" | "payload" | "createdAt" | "trace">

/**
 * What an entry is about.
 *
 * - `intent`: what a step read before it ran
 * - `step`: how a step ended; a `defect` without a `value` says that the flow itself cut it, or a sleep or wait of that name
 * - `undo`: how the undo of a step ended
 * - `sleep`: the wake time of a durable sleep, in `value`
 * - `wait`: the deadline of a wait for a signal, in `value`
 * - `signal`: what was sent to the run, or that its deadline passed
 *
 * @since 0.1.0
 * @category models
 */
export type Kind = "intent" | "step" | "undo" | "sleep" | "wait" | "signal"

/**
 * One record of a run. Its identity is `(run, kind, name)`. Entries are never changed.
 *
 * `seq` is given by the journal and grows within a run. `value` is a JSON text, or `null` for `undefined`.
 * `undo` says that the step has an undo which a resumed run must find again. `branch` says where the order of entries is
 * the same in every replay: empty in the flow's own fiber, the scope first entered in a parallel one, else `null`.
 *
 * @since 0.1.0
 * @category models
 */
export interface Entry {
  readonly run: string
  readonly kind: Kind
  readonly name: string
  readonly seq: number
  readonly exit: "success" | "failure" | "defect"
  readonly value: string | null
  readonly undo: boolean
  readonly branch?: string | null
  readonly startedAt: number
  readonly at: number
}

/**
 * An entry about to be appended.
 *
 * @since 0.1.0
 * @category models
 */
export type NewEntry = Omit<Entry, "seq">

/**
 * The answer of `insert`.
 *
 * - `Inserted`: the run is new, and `running` or `queued`
 * - `Exists`: the id is taken by `run`; nothing was written
 * - `Busy`: `holder` has the resource, and waiting was not wanted; nothing was written
 *
 * @since 0.1.0
 * @category models
 */
export type Inserted =
  | { readonly _tag: "Inserted"; readonly run: RunRecord }
  | { readonly _tag: "Exists"; readonly run: RunRecord }
  | { readonly _tag: "Busy"; readonly holder: RunRecord }

/**
 * Which runs to list. Newest first; `after` is the `seq` of the last run of the page before; those created at `from` or
 * later, and before `until`.
 *
 * @since 0.1.0
 * @category models
 */
export interface Query {
  readonly flow?: string | undefined
  readonly resource?: string | undefined
  readonly states?: ReadonlyArray<State> | undefined
  readonly from?: number | undefined
  readonly until?: number | undefined
  readonly after?: number | undefined
  readonly limit: number
}
