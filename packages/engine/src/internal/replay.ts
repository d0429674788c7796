import * as Cause from "effect/Cause"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as FiberId from "effect/FiberId"
import type * as Journal from "../Journal.js"
import { FlowChanged } from "../RunError.js"
import type { Line, Live, Past, Place, Slot } from "./live.js"
import { lost } from "./record.js"

/** @internal As what a flow comes to a name. */
export type Way = "step" | "intent" | "sleep" | "wait"

/** @internal A flow that has come to a name. */
interface Coming {
  readonly live: Live
  readonly slot: Slot
  readonly place: Place
  readonly root: boolean
}

const first = ({ intent, mark, step }: Slot): Journal.Entry | undefined => intent ?? mark ?? step

const last = ({ intent, mark, step }: Slot): number => (step ?? mark ?? intent)?.seq ?? 0

/** @internal What is recorded of a run, or nothing if that is nothing. */
export const pastOf = (slots: Iterable<Slot>): Past | undefined => {
  const lines = new Map<string, Line>()
  const parallel: Array<Slot> = []
  const recorded = Array.from(slots).filter((slot) => first(slot) !== undefined)
  if (recorded.length === 0) return undefined
  for (const slot of recorded.sort((a, b) => (first(a)?.seq ?? 0) - (first(b)?.seq ?? 0))) {
    const branch = first(slot)?.branch ?? null
    if (branch !== "") parallel.push(slot)
    if (branch === null) continue
    const line = lines.get(branch)
    if (line) line.slots.push(slot)
    else lines.set(branch, { slots: [slot], next: 0 })
  }
  parallel.sort((a, b) => last(a) - last(b))
  return { lines, parallel: { slots: parallel, next: 0 }, waiting: new Set() }
}

const nextIn = ({ lines }: Past, branch: string | null | undefined): Slot | undefined => {
  const line = branch === null || branch === undefined ? undefined : lines.get(branch)
  return line?.slots[line.next]
}

/** What must come first. What is new comes last: it would be done anew, and whoever races with it may have won. */
const before = (past: Past, { place, slot }: Coming): Slot | undefined => {
  const entry = first(slot)
  if (!entry) return nextIn(past, "") ?? nextIn(past, place.branch)
  const due = nextIn(past, entry.branch)
  return due === slot ? undefined : due
}

const advance = ({ lines, waiting }: Past, slot: Slot): void => {
  const branch = first(slot)?.branch ?? null
  const line = branch === null ? undefined : lines.get(branch)
  if (line?.slots[line.next] !== slot) return
  line.next++
  for (const moved of waiting) Deferred.unsafeDone(moved, Exit.succeed(true))
}

/** Far longer than a replay takes, which waits for nothing. */
const patience = "1 minute"

/** Waits for the other branches; false if they do not make it so. */
const comes = (past: Past, holds: () => boolean): Effect.Effect<boolean> =>
  Effect.suspend(() => {
    if (holds()) return Effect.succeed(true)
    const moved = Deferred.unsafeMake<boolean>(FiberId.none)
    past.waiting.add(moved)
    const timer = Effect.forkDaemon(Effect.zipRight(Effect.sleep(patience), Deferred.succeed(moved, false)))
    const stop = (fiber: Fiber.Fiber<unknown>) =>
      Effect.zipRight(
        Effect.sync(() => past.waiting.delete(moved)),
        Fiber.interruptFork(fiber)
      )
    const waited = Effect.acquireUseRelease(timer, () => Deferred.await(moved), stop)
    return Effect.flatMap(waited, (again) => (again ? comes(past, holds) : Effect.sync(holds)))
  })

const ways = { step: "step", intent: "step with intent", sleep: "sleep", wait: "signal" } as const

const said = (slot: Slot): string => {
  const kind = first(slot)?.kind
  return `${kind === "undo" || kind === "signal" || kind === undefined ? "step" : ways[kind]} "${slot.name}"`
}

const changed = ({ record }: Live, recorded: Slot, met: string): FlowChanged =>
  new FlowChanged({ run: record.id, flow: record.flow, version: record.version, recorded: said(recorded), met })

const fits = (slot: Slot, way: Way): boolean => {
  const entry = first(slot)
  if (!entry || entry.kind === way) return true
  return way === "intent" && entry.kind === "step" && entry.exit !== "success"
}

/** Whether a parallel branch that ended earlier has not yet been here. */
const isEarly = ({ parallel }: Past, { live, slot }: Coming): boolean => {
  const { slots } = parallel
  while (slots[parallel.next]?.pass === live.pass) parallel.next++
  const waiting = slots[parallel.next]
  return waiting !== undefined && last(waiting) < last(slot)
}

/** Lets those that ended earlier do so again, so that who won a race wins it again. */
const inOrder = (past: Past, coming: Coming): Effect.Effect<unknown> =>
  isEarly(past, coming)
    ? Effect.iterate(0, {
        while: (looks) => looks < 20 && isEarly(past, coming),
        body: (looks) => Effect.as(Effect.yieldNow(), looks + 1)
      })
    : Effect.void

/** @internal Goes on when what is recorded before has come again; if the flow does not come to it, the run is detached. */
export const inTurn = <A, E, R>(
  past: Past,
  coming: Coming,
  way: Way,
  then: () => Effect.Effect<A, E, R>
): Effect.Effect<A, E, R> => {
  const { live, root, slot } = coming
  const go = (): Effect.Effect<A, E, R> => {
    advance(past, slot)
    return then()
  }
  const refuse = (due: Slot) => lost(live, changed(live, due, `${ways[way]} "${slot.name}"`))
  const recorded = first(slot) !== undefined
  if (!fits(slot, way)) return refuse(slot)
  const due = before(past, coming)
  if (!due) return recorded && !root ? Effect.zipRight(inOrder(past, coming), Effect.suspend(go)) : go()
  const sought = live.frozen && (live.owed.size === 0 || !(root || recorded))
  if (sought) return then()
  if (root) return refuse(due)
  return Effect.flatMap(
    comes(past, () => before(past, coming) === undefined),
    (came) => {
      if (live.phase !== "running" && !live.frozen) return Effect.interrupt
      return came ? go() : refuse(before(past, coming) ?? due)
    }
  )
}

/** @internal Says so if the body is at its end and the journal has more. */
export const unmet = (live: Live): FlowChanged | undefined => {
  const due = live.past && nextIn(live.past, "")
  return due && changed(live, due, "its end")
}

/** @internal Refuses what the flow itself had cut and now does not. */
export const uncut = (live: Live, slot: Slot): Effect.Effect<never> =>
  lost(live, changed(live, slot, `${said(slot)} without what had cut it`))

const closed = (live: Live, past: Past, branch: string): Effect.Effect<void> => {
  if (live.frozen && live.owed.size === 0) return Effect.void
  return Effect.flatMap(
    comes(past, () => nextIn(past, branch) === undefined),
    (came) => {
      const due = nextIn(past, branch)
      return came || !due ? Effect.void : lost(live, changed(live, due, `the end of scope "${branch}"`))
    }
  )
}

/** @internal Makes a scope entered in a parallel branch a branch of its own, in which there is an order. */
export const branch = <A, E, R>(
  live: Live,
  place: Place,
  name: string,
  effect: Effect.Effect<A, E, R>
): Effect.Effect<A, E, R> =>
  Effect.suspend(() => {
    place.branch = name
    const { past } = live
    const left = Effect.onExit(effect, () =>
      Effect.sync(() => {
        place.branch = null
      })
    )
    if (!past || nextIn(past, name) === undefined) return left
    return Effect.matchCauseEffect(left, {
      onFailure: (cause) =>
        Cause.isInterrupted(cause)
          ? Effect.failCause(cause)
          : Effect.zipRight(closed(live, past, name), Effect.failCause(cause)),
      onSuccess: (value) => Effect.as(closed(live, past, name), value)
    })
  })
