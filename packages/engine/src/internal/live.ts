import type * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import type * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as FiberId from "effect/FiberId"
import * as FiberRef from "effect/FiberRef"
import type * as Tracer from "effect/Tracer"
import type { Event } from "../Event.js"
import type * as Journal from "../Journal.js"
import type { Outcome } from "../Outcome.js"
import type { Problem } from "../RunError.js"
import type { Codec } from "./codec.js"
import { type Meters, type Standing, stand } from "./meters.js"
import { close, type Tracing } from "./tracing.js"

/** @internal The implementation of a flow, with everything it needs but the run. */
export interface Handler {
  readonly flow: string
  readonly version: number
  readonly success: Codec<unknown>
  readonly error: Codec<unknown>
  readonly meters: Meters
  readonly tracer: Tracer.Tracer | undefined
  /** Runs the body, in a fiber of its own and in the context the flow's layer was built in. */
  readonly fork: (
    live: Live,
    succeeded: (value: unknown) => Effect.Effect<void> | undefined
  ) => Fiber.RuntimeFiber<unknown, unknown>
}

/** @internal An undo that is due if the run does not succeed. */
export interface Undo {
  readonly seq: number
  readonly effect: () => Effect.Effect<void, unknown>
}

/** @internal What is known of a run under one name. Changed in place, as the records of it come. */
export interface Slot {
  readonly name: string
  intent: Journal.Entry | undefined
  step: Journal.Entry | undefined
  /** The time to wake at, or the deadline of a wait. */
  mark: Journal.Entry | undefined
  signal: Journal.Entry | undefined
  undone: Journal.Entry | undefined
  /** In which run of the body the flow last came to it. */
  pass: number
  startedAt: number
  undo: Undo | undefined
}

/** @internal What one branch had recorded, in the order in which it came to it, and which of it comes next. */
export interface Line {
  readonly slots: Array<Slot>
  next: number
}

/** @internal What a run had recorded when its body began: a replay must come to it again. */
export interface Past {
  readonly lines: Map<string, Line>
  /** What parallel branches had recorded, in the order in which it ended. */
  readonly parallel: Line
  readonly waiting: Set<Deferred.Deferred<boolean>>
}

/** @internal A body that has ended to wait for a time, for a signal, for both, or for an effect to end. */
export interface Park {
  readonly step: string
  readonly until: number | undefined
  readonly signal: string | undefined
  readonly came: Effect.Effect<unknown> | undefined
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

/** @internal What the runs of an engine share. */
export interface Shared {
  /** The journal writes at once: no interrupt fits between what a step did and its record. */
  atOnce: boolean
}

/** @internal A run this engine works on. Changed in place, only from synchronous code. */
export interface Live {
  readonly handler: Handler
  readonly journal: Journal.Service
  readonly clock: Clock.Clock
  readonly engine: Shared
  readonly slots: Map<string, Slot>
  readonly done: Deferred.Deferred<Outcome<unknown, unknown>, Problem>
  readonly listeners: Set<(event: Event) => void>
  readonly waiting: Map<string, Deferred.Deferred<void>>
  /** The steps under way. */
  readonly active: Array<Slot>
  readonly owed: Set<string>
  readonly tracing: Tracing | undefined
  standing: Standing | undefined
  /** How often the body was run from the top. */
  pass: number
  past: Past | undefined
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
  problem: Problem | undefined
}

/** @internal Where in its run a fiber is. Each fiber has its own, made from its parent's when it is forked. */
export interface Place {
  step: Slot | undefined
  branch: string | null
  /** When the fiber ends, the step it was cut in is no longer under way. */
  watched: boolean
  /** Whether it has ever begun a parallel branch. */
  forked: boolean
}

/** @internal The place of the fiber a run begins in. */
export const start = (): Place => ({ step: undefined, branch: "", watched: false, forked: false })

/** @internal Changed in place: setting a `FiberRef` for every step costs more than the rest of the step. */
export const place: FiberRef.FiberRef<Place> = FiberRef.unsafeMake<Place>(start(), {
  fork: (parent) => {
    parent.forked = true
    return { step: parent.step, branch: null, watched: false, forked: false }
  },
  join: (mine) => mine
})

const kinds = { intent: "intent", step: "step", undo: "undone", sleep: "mark", wait: "mark", signal: "signal" } as const

/** @internal What is known under a name; made when it is first asked for. */
export const slotOf = (live: Live, name: string): Slot => {
  const known = live.slots.get(name)
  if (known) return known
  const slot: Slot = {
    name,
    intent: undefined,
    step: undefined,
    mark: undefined,
    signal: undefined,
    undone: undefined,
    pass: -1,
    startedAt: 0,
    undo: undefined
  }
  live.slots.set(name, slot)
  return slot
}

/** @internal Takes notice of what the journal holds. */
export const learn = (live: Live, entry: Journal.Entry): void => {
  slotOf(live, entry.name)[kinds[entry.kind]] = entry
}

/** @internal */
export const enlist = (live: Live, slot: Slot, at: number): void => {
  slot.startedAt = at
  live.active.push(slot)
}

/** @internal */
export const delist = (live: Live, slot: Slot): void => {
  const { active } = live
  if (active[active.length - 1] === slot) active.pop()
  else if (active.includes(slot)) active.splice(active.indexOf(slot), 1)
}

/** @internal */
export const now = (live: Live): number => live.clock.unsafeCurrentTimeMillis()

/** @internal */
export const publish = (live: Live, event: Event): void => {
  for (const listener of live.listeners) listener(event)
}

/** @internal Tells who waits for the outcome. */
export const tell = (live: Live, exit: Exit.Exit<Outcome<unknown, unknown>, Problem>): void =>
  Deferred.unsafeDone(live.done, exit)

/** @internal Ends the body, without waiting for it. */
export const cut = (live: Live): void => live.root?.unsafeInterruptAsFork(FiberId.none)

const words = { RecordUnreadable: "unreadable", FlowChanged: "flow-changed" } as const

/** @internal Leaves the run as the journal has it. Its body and its undos are cut; nothing is undone. */
export const detach = (live: Live, problem: Problem): void => {
  if (live.phase === "ended" || live.phase === "detached") return
  live.phase = "detached"
  live.problem = problem
  const reason = problem._tag === "RunDetached" ? problem.reason : words[problem._tag]
  publish(live, { _tag: "Detached", run: live.record.id, at: now(live), reason })
  stand(live, undefined)
  close(live, "detached")
  tell(live, Exit.fail(problem))
  cut(live)
  live.undoing?.unsafeInterruptAsFork(FiberId.none)
}

/** @internal Whether another process has taken the run over: it may write nothing more of it. */
export const isFenced = ({ problem }: Live): boolean => problem?._tag === "RunDetached" && problem.reason === "fenced"

/** @internal The phases in which a step may begin or end. */
export const isForward = (live: Live): boolean => live.phase === "running" && !live.frozen
