import type * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as FiberId from "effect/FiberId"
import * as FiberRef from "effect/FiberRef"
import type { Event } from "../Event.js"
import type * as Journal from "../Journal.js"
import type { Outcome } from "../Outcome.js"
import type { RecordUnreadable, RunDetached } from "../RunError.js"
import type { Codec } from "./codec.js"

/** @internal The implementation of a flow, with everything it needs but the run. */
export interface Handler {
  readonly flow: string
  readonly version: number
  readonly success: Codec<unknown>
  readonly error: Codec<unknown>
  /** Runs the body, in a fiber of its own and in the context the flow's layer was built in. */
  readonly fork: (live: Live) => Fiber.RuntimeFiber<unknown, unknown>
}

/** @internal An undo that is due if the run does not succeed. */
export interface Undo {
  readonly step: string
  readonly seq: number
  readonly effect: () => Effect.Effect<void, unknown>
}

/** @internal A body that has ended to wait for a time, for a signal, or for both. */
export interface Park {
  readonly step: string
  readonly until: number | undefined
  readonly signal: string | undefined
}

/**
 * @internal
 * - `queued`: waits for its resource
 * - `running`: the body runs
 * - `parked`: no fiber; a time or a signal wakes it
 * - `cancelling`: the body is being cut, or is replayed to find its undos
 * - `undoing`: the undos run, or the body is replayed to find them
 * - `ending`: the outcome is being written
 * - `ended`, `detached`: this engine has nothing more to do with it
 */
export type Phase = "queued" | "running" | "parked" | "cancelling" | "undoing" | "ending" | "ended" | "detached"

/** @internal A run this engine works on. Changed in place, only from synchronous code. */
export interface Live {
  readonly handler: Handler
  readonly journal: Journal.Service
  readonly clock: Clock.Clock
  readonly entries: Map<string, Journal.Entry>
  readonly done: Deferred.Deferred<Outcome<unknown, unknown>, RunDetached | RecordUnreadable>
  readonly listeners: Set<(event: Event) => void>
  readonly waiting: Map<string, Deferred.Deferred<void>>
  readonly active: Map<string, number>
  readonly undos: Map<string, Undo>
  readonly seen: Set<string>
  readonly owed: Set<string>
  record: Journal.RunRecord
  phase: Phase
  /** The run is replayed to find its undos: nothing that is not recorded runs. */
  frozen: boolean
  pending: Outcome<unknown, unknown> | undefined
  root: Fiber.RuntimeFiber<unknown, unknown> | undefined
  undoing: Fiber.RuntimeFiber<unknown, unknown> | undefined
  park: Park | undefined
  unpark: (() => void) | undefined
  progress: Event | undefined
  resumedAt: number | undefined
  cancelMark: Deferred.Deferred<void> | undefined
  problem: RunDetached | RecordUnreadable | undefined
}

/** @internal Which step a fiber is in. Each fiber has its own, made from its parent's when it is forked. */
export interface Place {
  step: string | undefined
}

/** @internal Changed in place: setting a `FiberRef` for every step costs more than the rest of the step. */
export const place: FiberRef.FiberRef<Place> = FiberRef.unsafeMake<Place>(
  { step: undefined },
  { fork: ({ step }) => ({ step }), join: (mine) => mine }
)

/** @internal */
export const now = (live: Live): number => live.clock.unsafeCurrentTimeMillis()

/** @internal */
export const publish = (live: Live, event: Event): void => {
  for (const listener of live.listeners) listener(event)
}

/** @internal Ends the body, without waiting for it. */
export const cut = (live: Live): void => live.root?.unsafeInterruptAsFork(FiberId.none)

/** @internal Leaves the run as the journal has it. Its body and its undos are cut; nothing is undone. */
export const detach = (live: Live, problem: RunDetached | RecordUnreadable): void => {
  if (live.phase === "ended" || live.phase === "detached") return
  live.phase = "detached"
  live.problem = problem
  const reason = problem._tag === "RunDetached" ? problem.reason : "unreadable"
  publish(live, { _tag: "Detached", run: live.record.id, at: now(live), reason })
  Deferred.unsafeDone(live.done, Effect.fail(problem))
  cut(live)
  live.undoing?.unsafeInterruptAsFork(FiberId.none)
}

/** @internal Whether another process has taken the run over: it may write nothing more of it. */
export const isFenced = ({ problem }: Live): boolean => problem?._tag === "RunDetached" && problem.reason === "fenced"

/** @internal The phases in which a step may begin or end. */
export const isForward = (live: Live): boolean => live.phase === "running" && !live.frozen
