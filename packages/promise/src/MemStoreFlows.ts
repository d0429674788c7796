/**
 * MemStore flows as Promises and async iterators.
 *
 * @since 0.1.0
 */
import type { Event } from "@memstore-flows/engine/Event"
import type { Outcome } from "@memstore-flows/engine/Outcome"
import type { Info } from "@memstore-flows/engine/Run"
import type { CancelAnswer, ListOptions } from "@memstore-flows/engine/Runs"
import type { CronOptions, Info as ScheduleInfo, Turn } from "@memstore-flows/engine/Schedule"
import type { Signal } from "@memstore-flows/engine/Signal"
import type { Catalog, ErrorOf, PayloadOf, PureSchema, SuccessOf } from "./Catalog.js"

/**
 * `signal` gives up waiting: the Promise is rejected with its reason, the run goes on.
 *
 * @since 0.1.0
 * @category models
 */
export interface Waiting {
  readonly signal?: AbortSignal | undefined
}

/**
 * `id` names the run, and is made up unless given: the same id with the same payload is the same run. `waitForLock`
 * waits in line for what the run changes, instead of being rejected with `Busy`.
 *
 * @since 0.1.0
 * @category models
 */
export interface Starting extends Waiting {
  readonly id?: string | undefined
  readonly waitForLock?: boolean | undefined
}

/**
 * `cancelOnAbort` cancels the run when `signal` is aborted, without waiting for what it undoes.
 *
 * @since 0.1.0
 * @category models
 */
export interface Executing extends Starting {
  readonly cancelOnAbort?: boolean | undefined
}

/**
 * When a flow is started, and with what: see `CronOptions` of `@memstore-flows/engine/Schedule`. `payload` is plain JSON.
 *
 * @since 0.1.0
 * @category models
 */
export type ScheduleOptions<Payload> = Omit<CronOptions<PureSchema>, "payload"> & { readonly payload: Payload }

/**
 * The schedules. Each function is that of the same name in `@memstore-flows/engine/Schedule`; what fails there rejects
 * here, with the same tagged error.
 *
 * @since 0.1.0
 * @category models
 */
export interface Schedules<C extends Catalog> {
  readonly cron: <N extends keyof C & string>(
    flow: N,
    options: ScheduleOptions<PayloadOf<C[N]>>
  ) => Promise<ScheduleInfo>
  readonly get: (name: string) => Promise<ScheduleInfo>
  readonly list: (flow: keyof C & string) => Promise<ReadonlyArray<ScheduleInfo>>
  readonly next: (name: string, count?: number) => Promise<ReadonlyArray<number>>
  readonly history: (
    name: string,
    options?: { readonly limit?: number; readonly after?: number }
  ) => Promise<ReadonlyArray<{ readonly seq: number; readonly turn: Turn }>>
  readonly pause: (name: string) => Promise<void>
  readonly resume: (name: string) => Promise<void>
  readonly trigger: (name: string) => Promise<Turn>
  readonly remove: (name: string) => Promise<void>
}

/**
 * The flows of a catalog, and their runs.
 *
 * A Promise is rejected with the tagged error itself: an `Error` with a `_tag` and its data as properties. `outcome`
 * never rejects for how a run ended: it gives the error as typed data.
 *
 * - `start` returns once the run is in the journal; `payload` is checked, so the body of a request may be handed in
 * - `run` starts and waits for the result
 * - `result` waits for what the run returns, `outcome` for how it ended, with what was undone
 * - `events` gives the whole history, then what happens, until the run ends; leaving the loop leaves the run alone
 * - `cancel` returns when the cancel is recorded
 * - `resume` takes up a run that was left: its `problem` says why, such as a journal that failed for a while
 * - `isErrorOf` says whether something caught is an error of that flow
 * - `close` stops work: runs are detached, not cancelled, and go on when flows are next created on the same journal
 *
 * @since 0.1.0
 * @category models
 */
export interface MemStoreFlows<C extends Catalog> extends AsyncDisposable {
  readonly start: <N extends keyof C & string>(flow: N, payload: PayloadOf<C[N]>, options?: Starting) => Promise<Info>
  readonly run: <N extends keyof C & string>(
    flow: N,
    payload: PayloadOf<C[N]>,
    options?: Executing
  ) => Promise<SuccessOf<C[N]>>
  readonly result: <N extends keyof C & string>(flow: N, id: string, options?: Waiting) => Promise<SuccessOf<C[N]>>
  readonly outcome: <N extends keyof C & string>(
    flow: N,
    id: string,
    options?: Waiting
  ) => Promise<Outcome<SuccessOf<C[N]>, ErrorOf<C[N]>>>
  readonly get: (id: string) => Promise<Info>
  readonly list: (options?: ListOptions) => Promise<ReadonlyArray<Info>>
  readonly events: (id: string, options?: Waiting) => AsyncIterable<Event>
  readonly cancel: (id: string) => Promise<CancelAnswer>
  readonly resume: (id: string) => Promise<Info>
  readonly signal: <P extends PureSchema>(
    id: string,
    signal: Signal<P>,
    payload: P["Type"],
    options?: { readonly scope?: string }
  ) => Promise<void>
  readonly isErrorOf: <N extends keyof C & string>(flow: N, error: unknown) => error is ErrorOf<C[N]>
  readonly schedules: Schedules<C>
  readonly close: () => Promise<void>
}
