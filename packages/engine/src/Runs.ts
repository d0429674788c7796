/**
 * How runs are started, watched, cancelled and signalled.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { Event } from "./Event.js"
import type { Flow, Implemented } from "./Flow.js"
import type { PureSchema } from "./internal/codec.js"
import { withPayload } from "./internal/withPayload.js"
import type { JournalError } from "./Journal.js"
import type { State } from "./JournalRecord.js"
import type { Outcome } from "./Outcome.js"
import type { Info } from "./Run.js"
import type {
  Busy,
  FlowChanged,
  PayloadInvalid,
  RecordUnreadable,
  RunCancelled,
  RunDetached,
  RunDied,
  RunIdTaken,
  RunNotFound,
  SignalRefused
} from "./RunError.js"
import type { Signal } from "./Signal.js"
import type * as StartPlan from "./StartPlan.js"

/**
 * Why a run was not started.
 *
 * @since 0.1.0
 * @category errors
 */
export type StartError = Busy | RunIdTaken | PayloadInvalid | JournalError

/**
 * Why the outcome of a run is not known.
 *
 * @since 0.1.0
 * @category errors
 */
export type OutcomeError = RunNotFound | RunDetached | RecordUnreadable | FlowChanged | JournalError

/**
 * Why a run has no result, apart from the errors of its flow.
 *
 * @since 0.1.0
 * @category errors
 */
export type ResultError = RunCancelled | RunDied | OutcomeError

/**
 * What a cancel met.
 *
 * - `Requested`: the cancel is recorded, and the step under way is being cut
 * - `AlreadyCancelling`: another cancel came first
 * - `AlreadyUndoing`: the run has failed or was cancelled, and is being undone; how it ends stays
 * - `AlreadyEnded`: the run has ended, or is writing its outcome
 *
 * @since 0.1.0
 * @category models
 */
export type CancelAnswer = "Requested" | "AlreadyCancelling" | "AlreadyUndoing" | "AlreadyEnded"

/**
 * How to start a run. `id` is made up unless given. `waitForLock` (false) waits in line for the resource, first come,
 * first served, instead of failing with `Busy`.
 *
 * @since 0.1.0
 * @category models
 */
export interface StartOptions<Payload extends PureSchema> {
  readonly payload: Payload["Type"]
  readonly id?: string
  readonly waitForLock?: boolean
}

/**
 * How to start a run and wait for it. `cancelOnInterrupt` (false) cancels the run when the caller is interrupted, without
 * waiting for its undos.
 *
 * @since 0.1.0
 * @category models
 */
export interface ExecuteOptions<Payload extends PureSchema> extends StartOptions<Payload> {
  readonly cancelOnInterrupt?: boolean
}

/**
 * Which runs to list, newest first. `from` and `until` bound when they were created, in milliseconds of the epoch, the
 * first included and the second not. `after` is the `seq` of the last run of the page before; `limit` is 100 unless given.
 *
 * @since 0.1.0
 * @category models
 */
export interface ListOptions {
  readonly flow?: string
  readonly resource?: string
  readonly state?: State | ReadonlyArray<State>
  readonly from?: number
  readonly until?: number
  readonly after?: number
  readonly limit?: number
}

/**
 * What can be done with runs. The functions of this module of the same names call it.
 *
 * @since 0.1.0
 * @category models
 */
export interface Service {
  readonly start: <Name extends string, P extends PureSchema, S extends PureSchema, E extends PureSchema>(
    flow: Flow<Name, P, S, E>,
    options: StartOptions<P>
  ) => Effect.Effect<Info, StartError, Implemented<Name>>
  readonly get: (id: string) => Effect.Effect<Info, RunNotFound | JournalError>
  readonly list: (options?: ListOptions) => Effect.Effect<ReadonlyArray<Info>, JournalError>
  readonly events: (id: string) => Stream.Stream<Event, RunNotFound | JournalError>
  readonly outcome: <Name extends string, P extends PureSchema, S extends PureSchema, E extends PureSchema>(
    flow: Flow<Name, P, S, E>,
    id: string
  ) => Effect.Effect<Outcome<S["Type"], E["Type"]>, OutcomeError>
  readonly result: <Name extends string, P extends PureSchema, S extends PureSchema, E extends PureSchema>(
    flow: Flow<Name, P, S, E>,
    id: string
  ) => Effect.Effect<S["Type"], E["Type"] | ResultError>
  readonly execute: <Name extends string, P extends PureSchema, S extends PureSchema, E extends PureSchema>(
    flow: Flow<Name, P, S, E>,
    options: ExecuteOptions<P>
  ) => Effect.Effect<S["Type"], E["Type"] | StartError | ResultError, Implemented<Name>>
  readonly cancel: (id: string) => Effect.Effect<CancelAnswer, RunNotFound | JournalError>
  readonly signal: <P extends PureSchema>(
    id: string,
    signal: Signal<P>,
    payload: P["Type"],
    options?: { readonly scope?: string }
  ) => Effect.Effect<void, RunNotFound | SignalRefused | PayloadInvalid | JournalError>
  readonly payload: <Name extends string, P extends PureSchema, S extends PureSchema, E extends PureSchema>(
    flow: Flow<Name, P, S, E>,
    id: string
  ) => Effect.Effect<P["Type"], RunNotFound | RecordUnreadable | JournalError>
  readonly detach: (id: string) => Effect.Effect<void>
  readonly resume: (id: string) => Effect.Effect<Info, RunNotFound | JournalError>
}

/**
 * The runs of an engine.
 *
 * @since 0.1.0
 * @category tags
 */
export class Runs extends Context.Tag("@memstore-flows/engine/Runs")<Runs, Service>() {}

/**
 * Starts a run, with a payload or by a plan, and returns when the journal has it.
 *
 * If the id is in use by a run of the same flow, version and payload, that run is returned, in whatever state it is;
 * otherwise it fails with `RunIdTaken`. By a plan it also fails as the plan does.
 *
 * @since 0.1.0
 * @category accessors
 */
export const start = <
  Name extends string,
  P extends PureSchema,
  S extends PureSchema,
  E extends PureSchema,
  E2 = never,
  R2 = never
>(
  flow: Flow<Name, P, S, E>,
  options: StartOptions<P> | StartPlan.Options<E2, R2>
): Effect.Effect<Info, StartError | E2, Implemented<Name> | Runs | R2> =>
  Effect.flatMap(Runs, (runs) =>
    Effect.flatMap(withPayload(runs.get, flow, options), (given) => runs.start(flow, given))
  )

/**
 * What is known of a run.
 *
 * @since 0.1.0
 * @category accessors
 */
export const get = (id: string): Effect.Effect<Info, RunNotFound | JournalError, Runs> =>
  Effect.flatMap(Runs, (runs) => runs.get(id))

/**
 * Runs, newest first.
 *
 * @since 0.1.0
 * @category accessors
 */
export const list = (options?: ListOptions): Effect.Effect<ReadonlyArray<Info>, JournalError, Runs> =>
  Effect.flatMap(Runs, (runs) => runs.list(options))

/**
 * The whole history of a run, then what happens, until the run ends or is detached. Events are kept for a slow reader
 * without bound. After a restart the history is what the journal holds: see `Event`.
 *
 * @since 0.1.0
 * @category accessors
 */
export const events = (id: string): Stream.Stream<Event, RunNotFound | JournalError, Runs> =>
  Stream.unwrap(Effect.map(Runs, (runs) => runs.events(id)))

/**
 * Waits for a run to end, and says how, as data: with what was undone, what could not be, and why.
 *
 * Fails with `RunDetached`, `RecordUnreadable` or `FlowChanged` when this engine stops working on the run, with
 * `RunNotFound` also when the run is of another flow.
 *
 * @since 0.1.0
 * @category accessors
 */
export const outcome = <Name extends string, P extends PureSchema, S extends PureSchema, E extends PureSchema>(
  flow: Flow<Name, P, S, E>,
  id: string
): Effect.Effect<Outcome<S["Type"], E["Type"]>, OutcomeError, Runs> =>
  Effect.flatMap(Runs, (runs) => runs.outcome(flow, id))

/**
 * Waits for a run to end, and returns or fails as the flow did. `outcome` also has the undo report of a failed run.
 *
 * @since 0.1.0
 * @category accessors
 */
export const result = <Name extends string, P extends PureSchema, S extends PureSchema, E extends PureSchema>(
  flow: Flow<Name, P, S, E>,
  id: string
): Effect.Effect<S["Type"], E["Type"] | ResultError, Runs> => Effect.flatMap(Runs, (runs) => runs.result(flow, id))

/**
 * Starts a run, with a payload or by a plan, and waits for its result. Interrupting the caller leaves the run going,
 * unless `cancelOnInterrupt`.
 *
 * @since 0.1.0
 * @category accessors
 */
export const execute = <
  Name extends string,
  P extends PureSchema,
  S extends PureSchema,
  E extends PureSchema,
  E2 = never,
  R2 = never
>(
  flow: Flow<Name, P, S, E>,
  options: ExecuteOptions<P> | (StartPlan.Options<E2, R2> & Pick<ExecuteOptions<P>, "cancelOnInterrupt">)
): Effect.Effect<S["Type"], E["Type"] | StartError | ResultError | E2, Implemented<Name> | Runs | R2> =>
  Effect.flatMap(Runs, (runs) =>
    Effect.flatMap(withPayload(runs.get, flow, options), (given) => runs.execute(flow, given))
  )

/**
 * Cancels a run: the step under way is cut at once, and what was done is undone. Returns when the cancel is recorded;
 * `outcome` waits for the undos. A run that waits in line, or has done nothing yet, ends without undos. The cancel holds
 * also if the process dies, and if the flow is not registered here.
 *
 * @since 0.1.0
 * @category accessors
 */
export const cancel = (id: string): Effect.Effect<CancelAnswer, RunNotFound | JournalError, Runs> =>
  Effect.flatMap(Runs, (runs) => runs.cancel(id))

/**
 * Sends a signal to a run, which need not wait for it yet. The first of a name counts: sent again with the same payload
 * it does nothing, with another it is refused, as it is after the deadline. `scope` names the `Step.scope`s of the wait,
 * joined by slashes.
 *
 * @since 0.1.0
 * @category accessors
 */
export const signal = <P extends PureSchema>(
  id: string,
  signal: Signal<P>,
  payload: P["Type"],
  options?: { readonly scope?: string }
): Effect.Effect<void, RunNotFound | SignalRefused | PayloadInvalid | JournalError, Runs> =>
  Effect.flatMap(Runs, (runs) => runs.signal(id, signal, payload, options))

/**
 * What a run was started with. Fails with `RunNotFound` also when the run is of another flow.
 *
 * @since 0.1.0
 * @category accessors
 */
export const payload = <Name extends string, P extends PureSchema, S extends PureSchema, E extends PureSchema>(
  flow: Flow<Name, P, S, E>,
  id: string
): Effect.Effect<P["Type"], RunNotFound | RecordUnreadable | JournalError, Runs> =>
  Effect.flatMap(Runs, (runs) => runs.payload(flow, id))

/**
 * Stops working on a run in this process, and returns when nothing of it runs here any more. The step under way is cut,
 * nothing is undone, and the run goes on where it was when an engine takes it up, here by `resume` or elsewhere. Does
 * nothing to a run this engine does not work on; one that is writing its outcome ends.
 *
 * @since 0.1.0
 * @category accessors
 */
export const detach = (id: string): Effect.Effect<void, never, Runs> => Effect.flatMap(Runs, (runs) => runs.detach(id))

/**
 * Takes up a run this engine does not work on: one it has stopped working on, for instance because the journal failed
 * for a while, or one it was told not to take up. Does nothing to any other run.
 *
 * @since 0.1.0
 * @category accessors
 */
export const resume = (id: string): Effect.Effect<Info, RunNotFound | JournalError, Runs> =>
  Effect.flatMap(Runs, (runs) => runs.resume(id))
