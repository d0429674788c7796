import * as Cause from "effect/Cause"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Exit from "effect/Exit"
import * as FiberId from "effect/FiberId"
import * as Option from "effect/Option"
import * as Runtime from "effect/Runtime"
import type * as Journal from "../Journal.js"
import type { Outcome } from "../Outcome.js"
import { andThen } from "./atOnce.js"
import { type Core, cancelled, handlerOf, liveOf, outcomeOf, owedBy, spawn } from "./core.js"
import { end, outcomeFrom } from "./ending.js"
import { cut, detach, type Handler, type Live, now, type Park, publish } from "./live.js"
import { stand } from "./meters.js"
import { journalProblem, lost } from "./record.js"
import { pastOf, unmet } from "./replay.js"
import { close, open } from "./tracing.js"
import { markUndoing, undo } from "./undo.js"

/** @internal Runs the body of a run from the top; `frozen` if it is only to be undone. */
export const drive = (core: Core, live: Live): void => {
  live.pass++
  live.active.length = 0
  live.owed.clear()
  live.park = undefined
  live.unpark = undefined
  live.past = live.slots.size > 0 ? pastOf(live.slots.values()) : undefined
  const { state } = live.record
  live.frozen = state === "cancelling" || state === "undoing"
  live.phase = state === "cancelling" || state === "undoing" ? state : "running"
  stand(live, live.phase)
  open(live)
  if (live.frozen) for (const { name } of owedBy(live)) live.owed.add(name)
  if (live.frozen && live.owed.size === 0) {
    spawn(core, settle(core, live, Exit.void))
    return
  }
  const body = live.handler.fork(live, (value) => succeeded(core, live, value))
  live.root = body
  body.addObserver((exit) => {
    if (live.root !== body) return
    live.root = undefined
    if (live.phase !== "ending" && live.phase !== "ended") spawn(core, settle(core, live, exit))
  })
}

/** Ends a run that succeeds in the fiber of its body, unless something else of it is under way. */
const succeeded = (core: Core, live: Live, value: unknown): Effect.Effect<void> | undefined => {
  if (live.phase !== "running" || live.frozen || live.park || live.active.length > 0) return undefined
  if (unmet(live)) return undefined
  live.phase = "ending"
  const ended = andThen(outcomeFrom(live, Exit.succeed(value)), (outcome) => {
    if (outcome._tag === "Succeeded") return end(core, live, outcome)
    spawn(core, unwind(core, live, outcome))
    return Effect.void
  })
  return Effect.uninterruptible(ended)
}

const undoAndEnd = (core: Core, live: Live, outcome: Outcome<unknown, unknown>): Effect.Effect<void> =>
  Effect.flatMap(undo(live, outcome), (reported) => end(core, live, reported))

/** Undoes what was done. If the body has not come to all of it, it is first replayed only to find it. */
const unwind = (core: Core, live: Live, outcome: Outcome<unknown, unknown>): Effect.Effect<void> => {
  const problem = live.frozen && live.owed.size > 0 ? unmet(live) : undefined
  if (problem) return lost(live, problem)
  if (live.frozen || owedBy(live).every(({ pass }) => pass === live.pass)) return undoAndEnd(core, live, outcome)
  live.pending = outcome
  return Effect.zipRight(
    markUndoing(live, outcome),
    Effect.sync(() => drive(core, live))
  )
}

const settle = (core: Core, live: Live, exit: Exit.Exit<unknown, unknown>): Effect.Effect<void> =>
  Effect.suspend(() => {
    live.active.length = 0
    if (live.phase === "cancelling") {
      const marked = live.cancelMark ? Deferred.await(live.cancelMark) : Effect.void
      const stillHere = Effect.suspend(() =>
        live.phase === "cancelling" ? unwind(core, live, live.pending ?? cancelled) : Effect.void
      )
      return Effect.zipRight(marked, stillHere)
    }
    if (live.phase === "undoing") return unwind(core, live, live.pending ?? cancelled)
    if (live.phase !== "running") return Effect.void
    if (live.park && Exit.isFailure(exit) && Cause.isInterruptedOnly(exit.cause)) {
      return Effect.sync(() => park(core, live, live.park))
    }
    const problem = unmet(live)
    if (problem) return lost(live, problem)
    live.phase = "ending"
    return Effect.flatMap(outcomeFrom(live, exit), (outcome) =>
      outcome._tag === "Succeeded" ? end(core, live, outcome) : unwind(core, live, outcome)
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
  live.past = undefined
  stand(live, "waiting")
  close(live, "waiting")
  if (place.until !== undefined) live.unpark = core.timers.add(place.until, () => wake(core, live))
  if (place.came) live.unpark = watch(core, live, place.came)
}

const watch = (core: Core, live: Live, came: Effect.Effect<unknown>): (() => void) => {
  const { park } = live
  const fiber = Runtime.runFork(core.runtime)(Effect.interruptible(came))
  fiber.addObserver(() => live.park === park && wake(core, live))
  return () => fiber.unsafeInterruptAsFork(FiberId.none)
}

/** @internal Replays a parked run, which then goes on behind what it waited for. */
export const wake = (core: Core, live: Live): void => {
  if (live.phase !== "parked") return
  live.unpark?.()
  if (live.park?.until !== undefined && live.park.signal === undefined) {
    publish(live, { _tag: "Woken", run: live.record.id, at: now(live), step: live.park.step })
  }
  drive(core, live)
}

const begin = (live: Live, record: Journal.RunRecord, core: Core): void => {
  live.record = record
  live.handler.meters.waited(Math.max(0, (record.startedAt ?? now(live)) - record.createdAt) / 1_000)
  publish(live, { _tag: "RunStarted", run: record.id, at: record.startedAt ?? now(live) })
  drive(core, live)
}

/** @internal Begins a run whose turn has come. */
export const promote = (core: Core, record: Journal.RunRecord): void => {
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
): void => {
  const known = core.lives.get(record.id)
  if (core.closed) return
  if (known && known.phase !== "detached") {
    if (known.phase === "queued" && record.state === "running") begin(known, record, core)
    return
  }
  const live = liveOf(core, record, handler, entries)
  core.lives.set(record.id, live)
  if (record.state === "queued") {
    stand(live, "queued")
    return
  }
  const pending = outcomeOf(record)
  if (Either.isLeft(pending)) {
    detach(live, pending.left)
    return
  }
  live.pending = Option.getOrUndefined(pending.right)
  if (resumed) resume(live)
  drive(core, live)
}

/** @internal Takes up a run the journal holds, if its flow is known here. */
export const attach = (
  core: Core,
  record: Journal.RunRecord,
  resumed: boolean
): Effect.Effect<void, Journal.JournalError> =>
  Effect.suspend(() => {
    const handler = handlerOf(core, record)
    if (!handler) return Effect.void
    return Effect.flatMap(core.journal.entries(record.id), (entries) =>
      Effect.sync(() => adopt(core, record, handler, entries, resumed))
    )
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
    stand(live, "cancelling")
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
