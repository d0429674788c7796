import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { Event } from "../Event.js"
import type { Defect, Outcome, UndoReport } from "../Outcome.js"
import { describe } from "./codec.js"
import { owedBy } from "./core.js"
import { type Live, learn, now, place, publish, slotOf, type Undo } from "./live.js"
import { stand } from "./meters.js"
import { append, save } from "./record.js"

interface Due extends Undo {
  readonly step: string
}

const missing: Defect = { name: "UndoMissing", message: "the flow no longer comes to this step" }

const undosOf = (live: Live): ReadonlyArray<Due> =>
  Array.from(live.slots.values())
    .flatMap(({ name, pass, undo, undone }) => (undo && pass === live.pass && !undone ? [{ step: name, ...undo }] : []))
    .sort((a, b) => b.seq - a.seq)

const undoOne = (live: Live, { effect, step }: Due): Effect.Effect<void> =>
  Effect.suspend(() => {
    const at = now(live)
    publish(live, { _tag: "UndoStarted", run: live.record.id, at, step })
    const here = { step: slotOf(live, step), branch: null, watched: true, forked: false }
    return Effect.flatMap(Effect.exit(Effect.locally(effect(), place, here)), (exit) => {
      if (live.phase === "detached") return Effect.interrupt
      return undone(live, step, at, Exit.isSuccess(exit) ? undefined : describe(Cause.squash(exit.cause)))
    })
  })

const undone = (live: Live, step: string, startedAt: number, reason: Defect | undefined): Effect.Effect<void> => {
  const at = now(live)
  const run = live.record.id
  const value = reason ? JSON.stringify(reason) : null
  const exit = reason ? "failure" : "success"
  const entry = { run, kind: "undo", name: step, exit, value, undo: false, branch: null, startedAt, at } as const
  const event: Event = reason ? { _tag: "UndoFailed", run, at, step, reason } : { _tag: "Undone", run, at, step }
  return append(live, entry, (stored) => {
    learn(live, stored)
    live.handler.meters.undo[exit](1)
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

const reported = (live: Live, outcome: Outcome<unknown, unknown>): Outcome<unknown, unknown> =>
  outcome._tag === "Succeeded" ? outcome : { ...outcome, undo: reportOf(live) }

/** @internal Records how the run is to end once it is undone. */
export const markUndoing = (live: Live, outcome: Outcome<unknown, unknown>): Effect.Effect<void> =>
  Effect.suspend(() => {
    if (live.record.state === "undoing") return Effect.void
    const change = { state: "undoing", outcome: JSON.stringify(outcome) } as const
    live.record = { ...live.record, ...change }
    return save(live, live.journal.update(live.record.id, change), () => Effect.void)
  })

/** @internal Undoes in reverse order of the journal what has not been undone, and gives the outcome with its report. */
export const undo = (live: Live, outcome: Outcome<unknown, unknown>): Effect.Effect<Outcome<unknown, unknown>> =>
  Effect.withFiberRuntime((fiber) => {
    live.phase = "undoing"
    stand(live, "undoing")
    live.frozen = false
    live.pending = outcome
    live.undoing = fiber
    const due = undosOf(live)
    const found = new Set(due.map(({ step }) => step))
    const lost = owedBy(live).filter(({ name }) => !found.has(name))
    const report = Effect.sync(() => reported(live, outcome))
    if (due.length === 0 && lost.length === 0) return report
    const all = Effect.zipRight(
      Effect.forEach(lost, ({ name }) => undone(live, name, now(live), missing), { discard: true }),
      Effect.forEach(due, (one) => undoOne(live, one), { discard: true })
    )
    return Effect.zipRight(markUndoing(live, outcome), Effect.zipRight(all, report))
  })
