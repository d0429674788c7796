import * as Cause from "effect/Cause"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FiberId from "effect/FiberId"
import * as Option from "effect/Option"
import type { Event } from "../Event.js"
import type * as Journal from "../Journal.js"
import { type Defect, nothingUndone, type Outcome, type UndoReport } from "../Outcome.js"
import { type Codec, type CodecError, describe, isText, stringify } from "./codec.js"
import { type Core, cancelled, handlerOf, liveOf, outcomeOf, owedBy, spawn } from "./core.js"
import {
  cut,
  detach,
  type Handler,
  isFenced,
  type Live,
  learn,
  now,
  type Park,
  place,
  publish,
  slotOf,
  type Undo
} from "./live.js"
import { append, journalFailed, journalProblem } from "./record.js"

type Result = Outcome<unknown, unknown>

/** @internal Runs the body of a run from the top; `frozen` if it is only to be undone. */
export const drive = (core: Core, live: Live): void => {
  live.pass++
  live.active.length = 0
  live.owed.clear()
  live.park = undefined
  live.unpark = undefined
  const { state } = live.record
  live.frozen = state === "cancelling" || state === "undoing"
  live.phase = state === "cancelling" || state === "undoing" ? state : "running"
  if (live.frozen) for (const name of owedBy(live)) live.owed.add(name)
  if (live.frozen && live.owed.size === 0) {
    spawn(core, settle(core, live, Exit.void))
    return
  }
  const body = live.handler.fork(live)
  live.root = body
  body.addObserver((exit) => spawn(core, settle(core, live, exit)))
}

const settle = (core: Core, live: Live, exit: Exit.Exit<unknown, unknown>): Effect.Effect<void> =>
  Effect.suspend(() => {
    live.root = undefined
    live.active.length = 0
    if (live.phase === "cancelling") {
      const marked = live.cancelMark ? Deferred.await(live.cancelMark) : Effect.void
      const stillHere = Effect.suspend(() =>
        live.phase === "cancelling" ? undo(core, live, live.pending ?? cancelled) : Effect.void
      )
      return Effect.zipRight(marked, stillHere)
    }
    if (live.phase === "undoing") return undo(core, live, live.pending ?? cancelled)
    if (live.phase !== "running") return Effect.void
    if (live.park && Exit.isFailure(exit) && Cause.isInterruptedOnly(exit.cause)) {
      return Effect.sync(() => park(core, live, live.park))
    }
    live.phase = "ending"
    return Effect.flatMap(outcomeFrom(live, exit), (outcome) =>
      outcome._tag === "Succeeded" ? end(core, live, outcome) : undo(core, live, outcome)
    )
  })

const park = (core: Core, live: Live, place: Park | undefined): void => {
  if (!place) return
  const due = place.until !== undefined && place.until <= now(live)
  if (due || (place.signal && live.slots.get(place.signal)?.signal)) {
    drive(core, live)
    return
  }
  live.phase = "parked"
  if (place.until !== undefined) live.unpark = core.timers.add(place.until, () => wake(core, live))
}

/** @internal Replays a parked run, which then goes on behind what it waited for. */
export const wake = (core: Core, live: Live): void => {
  if (live.phase !== "parked") return
  live.unpark?.()
  if (live.park && live.park.signal === undefined) {
    publish(live, { _tag: "Woken", run: live.record.id, at: now(live), step: live.park.step })
  }
  drive(core, live)
}

const died = (defect: Defect): Result => ({ _tag: "Died", defect, undo: nothingUndone })

const encoded = <A>(codec: Codec<A>, value: A, outcome: (json: unknown) => Result): Effect.Effect<Result> => {
  const refused = (error: CodecError) => Effect.succeed(died(describe(error)))
  return Effect.matchEffect(codec.toJson(value), {
    onFailure: refused,
    onSuccess: (json) => {
      const text = stringify(json)
      return isText(text)
        ? Effect.succeed(outcome(json))
        : Effect.matchEffect(text, { onFailure: refused, onSuccess: () => Effect.never })
    }
  })
}

const outcomeFrom = ({ handler }: Live, exit: Exit.Exit<unknown, unknown>): Effect.Effect<Result> => {
  if (Exit.isSuccess(exit)) return encoded(handler.success, exit.value, (value) => ({ _tag: "Succeeded", value }))
  const failure = Cause.failureOption(exit.cause)
  if (Option.isSome(failure)) {
    return encoded(handler.error, failure.value, (error) => ({ _tag: "Failed", error, undo: nothingUndone }))
  }
  const thrown = Cause.dieOption(exit.cause)
  if (Option.isSome(thrown)) return Effect.succeed(died(describe(thrown.value)))
  return Effect.succeed(died({ name: "Interrupted", message: "the flow interrupted itself" }))
}

const save = <A>(live: Live, effect: Effect.Effect<A, Journal.JournalError>): Effect.Effect<A> =>
  isFenced(live) ? Effect.interrupt : Effect.catchAll(effect, (error) => journalFailed(live, error))

const missing: Defect = { name: "UndoMissing", message: "the flow no longer comes to this step" }

/** Undoes in reverse order of the journal what has not been undone, then ends the run. */
const undo = (core: Core, live: Live, outcome: Result): Effect.Effect<void> =>
  Effect.withFiberRuntime((fiber) => {
    live.phase = "undoing"
    live.frozen = false
    live.pending = outcome
    live.undoing = fiber
    const lost = Array.from(live.owed)
    const due = undosOf(live)
    if (due.length === 0 && lost.length === 0) return report(core, live, outcome)
    const all = Effect.zipRight(
      Effect.forEach(lost, (step) => undone(live, step, now(live), missing), { discard: true }),
      Effect.forEach(due, (one) => undoOne(live, one), { discard: true })
    )
    return Effect.zipRight(
      markUndoing(live, outcome),
      Effect.zipRight(
        all,
        Effect.suspend(() => report(core, live, outcome))
      )
    )
  })

const undosOf = (live: Live) =>
  Array.from(live.slots.values())
    .flatMap(({ name, pass, undo, undone }) => (undo && pass === live.pass && !undone ? [{ step: name, ...undo }] : []))
    .sort((a, b) => b.seq - a.seq)

const markUndoing = (live: Live, outcome: Result): Effect.Effect<void> =>
  Effect.suspend(() => {
    if (live.record.state === "undoing") return Effect.void
    const change = { state: "undoing", outcome: JSON.stringify(outcome) } as const
    live.record = { ...live.record, ...change }
    return save(live, live.journal.update(live.record.id, change))
  })

const undoOne = (live: Live, { effect, step }: Undo & { readonly step: string }): Effect.Effect<void> =>
  Effect.suspend(() => {
    const at = now(live)
    publish(live, { _tag: "UndoStarted", run: live.record.id, at, step })
    const here = { step: slotOf(live, step), branch: null, watched: true }
    return Effect.flatMap(Effect.exit(Effect.locally(effect(), place, here)), (exit) => {
      if (live.phase === "detached") return Effect.interrupt
      return undone(live, step, at, Exit.isSuccess(exit) ? undefined : describe(Cause.squash(exit.cause)))
    })
  })

const undone = (live: Live, step: string, startedAt: number, reason: Defect | undefined): Effect.Effect<void> => {
  const at = now(live)
  const run = live.record.id
  const entry = { run, kind: "undo", name: step, undo: false, startedAt, at } as const
  const event: Event = reason ? { _tag: "UndoFailed", run, at, step, reason } : { _tag: "Undone", run, at, step }
  const value = reason ? JSON.stringify(reason) : null
  return append(live, { ...entry, exit: reason ? "failure" : "success", value }, (stored) => {
    learn(live, stored)
    publish(live, event)
    return Effect.void
  })
}

const reportOf = (live: Live): UndoReport => {
  const entries = Array.from(live.slots.values())
    .flatMap(({ undone }) => (undone ? [undone] : []))
    .sort((a, b) => a.seq - b.seq)
  return {
    undone: entries.filter((entry) => entry.exit === "success").map((entry) => entry.name),
    notUndone: entries
      .filter((entry) => entry.exit !== "success")
      .map((entry) => ({ step: entry.name, reason: JSON.parse(entry.value ?? "null") ?? missing }))
  }
}

const report = (core: Core, live: Live, outcome: Result): Effect.Effect<void> =>
  end(core, live, outcome._tag === "Succeeded" ? outcome : { ...outcome, undo: reportOf(live) })

const states = { Succeeded: "succeeded", Failed: "failed", Died: "failed", Cancelled: "cancelled" } as const

/** @internal The last event of a run. */
export const lastEvent = (run: string, at: number, outcome: Result): Event => {
  switch (outcome._tag) {
    case "Succeeded":
      return { _tag: "RunSucceeded", run, at }
    case "Cancelled":
      return { _tag: "RunCancelled", run, at, undo: outcome.undo }
    case "Failed":
      return { _tag: "RunFailed", run, at, undo: outcome.undo, defect: null }
    case "Died":
      return { _tag: "RunFailed", run, at, undo: outcome.undo, defect: outcome.defect }
  }
}

/** @internal Writes the outcome, tells who waits for it, and lets the next run in line begin. */
export const end = (core: Core, live: Live, outcome: Result): Effect.Effect<void> =>
  Effect.suspend(() => {
    live.phase = "ending"
    const { id } = live.record
    const endedAt = now(live)
    const state = states[outcome._tag]
    const text = JSON.stringify(outcome)
    return Effect.flatMap(save(live, live.journal.finish(id, { state, endedAt, outcome: text })), (next) => {
      live.record = { ...live.record, state, endedAt, outcome: text }
      live.phase = "ended"
      live.undoing = undefined
      if (core.lives.get(id) === live) core.lives.delete(id)
      publish(live, lastEvent(id, endedAt, outcome))
      Deferred.unsafeDone(live.done, Effect.succeed(outcome))
      if (Option.isSome(next)) promote(core, next.value)
      return core.ended
    })
  })

const begin = (live: Live, record: Journal.RunRecord, core: Core): void => {
  live.record = record
  publish(live, { _tag: "RunStarted", run: record.id, at: record.startedAt ?? now(live) })
  drive(core, live)
}

const promote = (core: Core, record: Journal.RunRecord): void => {
  if (core.closed) return
  const live = core.lives.get(record.id)
  if (live?.phase === "queued") begin(live, record, core)
  if (!live) spawn(core, Effect.ignore(attach(core, record, false)))
}

const resume = (live: Live): void => {
  const at = now(live)
  live.resumedAt = at
  publish(live, { _tag: "Resumed", run: live.record.id, at })
}

/** @internal Begins or resumes work on a run, unless somebody already works on it. */
export const adopt = (
  core: Core,
  record: Journal.RunRecord,
  handler: Handler,
  entries: ReadonlyArray<Journal.Entry>,
  resumed: boolean
): Effect.Effect<void> =>
  Effect.suspend(() => {
    const known = core.lives.get(record.id)
    if (core.closed) return Effect.void
    if (known && known.phase !== "detached") {
      return Effect.sync(() => known.phase === "queued" && record.state === "running" && begin(known, record, core))
    }
    const live = liveOf(core, record, handler, entries)
    core.lives.set(record.id, live)
    if (record.state === "queued") return Effect.void
    return Effect.match(outcomeOf(record), {
      onFailure: (problem) => detach(live, problem),
      onSuccess: (pending) => {
        live.pending = Option.getOrUndefined(pending)
        if (resumed) resume(live)
        drive(core, live)
      }
    })
  })

/** @internal Takes up a run the journal holds, if its flow is known here. */
export const attach = (
  core: Core,
  record: Journal.RunRecord,
  resumed: boolean
): Effect.Effect<void, Journal.JournalError> =>
  Effect.suspend(() => {
    const handler = handlerOf(core, record)
    if (!handler) return Effect.void
    return Effect.flatMap(core.journal.entries(record.id), (entries) => adopt(core, record, handler, entries, resumed))
  })

/** @internal Cancels a run this engine works on. */
export const cancelLive = (core: Core, live: Live): Effect.Effect<CancelAnswer, Journal.JournalError> =>
  Effect.suspend((): Effect.Effect<CancelAnswer, Journal.JournalError> => {
    const { id } = live.record
    const before = live.phase
    if (before === "cancelling") return Effect.succeed("AlreadyCancelling")
    if (before === "undoing") return Effect.succeed("AlreadyUndoing")
    if (before === "ending" || before === "ended") return Effect.succeed("AlreadyEnded")
    if (before === "queued") return Effect.as(end(core, live, cancelled), "Requested")
    const at = now(live)
    const mark = Deferred.unsafeMake<void>(FiberId.none)
    live.phase = "cancelling"
    live.cancelMark = mark
    live.unpark?.()
    const change = { state: "cancelling", cancelRequestedAt: at } as const
    return Effect.matchEffect(live.journal.update(id, change), {
      onFailure: (error) => {
        detach(live, journalProblem(id, error))
        Deferred.unsafeDone(mark, Effect.void)
        return Effect.fail(error)
      },
      onSuccess: () => {
        live.record = { ...live.record, ...change }
        publish(live, { _tag: "CancelRequested", run: id, at })
        Deferred.unsafeDone(mark, Effect.void)
        if (before === "parked") spawn(core, settle(core, live, Exit.void))
        else cut(live)
        return Effect.succeed("Requested")
      }
    })
  }).pipe(Effect.uninterruptible)

/** @internal */
export type CancelAnswer = "Requested" | "AlreadyCancelling" | "AlreadyUndoing" | "AlreadyEnded"
