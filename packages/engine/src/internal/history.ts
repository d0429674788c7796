import type { Event } from "../Event.js"
import type * as Journal from "../Journal.js"
import type { Outcome } from "../Outcome.js"
import { isCut } from "./cutting.js"
import { lastEvent } from "./ending.js"
import type { Live } from "./live.js"

const ofStep = (entry: Journal.Entry, prepared: boolean): ReadonlyArray<Event> => {
  const { name: step, run, at } = entry
  if (isCut(entry)) return [{ _tag: "StepCut", run, at, step }]
  const end: Event =
    entry.exit === "success"
      ? { _tag: "StepSucceeded", run, at, step }
      : { _tag: "StepFailed", run, at, step, defect: entry.exit === "defect" }
  return prepared ? [end] : [{ _tag: "StepStarted", run, at: entry.startedAt, step }, end]
}

const ofUndo = ({ at, exit, name: step, run, startedAt, value }: Journal.Entry): ReadonlyArray<Event> => [
  { _tag: "UndoStarted", run, at: startedAt, step },
  exit === "success"
    ? { _tag: "Undone", run, at, step }
    : { _tag: "UndoFailed", run, at, step, reason: JSON.parse(value ?? "null") }
]

const ofEntry = (entry: Journal.Entry, prepared: ReadonlySet<string>, now: number): ReadonlyArray<Event> => {
  const { at, exit, kind, name: step, run, startedAt, value } = entry
  const until = value === null ? null : Number(value)
  switch (kind) {
    case "intent":
      return [
        { _tag: "StepStarted", run, at: startedAt, step },
        { _tag: "StepPrepared", run, at, step }
      ]
    case "step":
      return ofStep(entry, prepared.has(step))
    case "undo":
      return ofUndo(entry)
    case "sleep": {
      const asleep: Event = { _tag: "Sleeping", run, at, step, until: until ?? at }
      return until !== null && until <= now ? [asleep, { _tag: "Woken", run, at: until, step }] : [asleep]
    }
    case "wait":
      return [{ _tag: "WaitingForSignal", run, at, step, until }]
    case "signal":
      return [{ _tag: exit === "success" ? "SignalReceived" : "SignalTimedOut", run, at, step }]
  }
}

const ofRun = (record: Journal.RunRecord): Event =>
  record.startedAt === null
    ? { _tag: "Queued", run: record.id, at: record.createdAt, resource: record.resource ?? "" }
    : { _tag: "RunStarted", run: record.id, at: record.startedAt }

const ofCancel = ({ cancelRequestedAt: at, id: run }: Journal.RunRecord): ReadonlyArray<Event> =>
  at === null ? [] : [{ _tag: "CancelRequested", run, at }]

const ofResume = (live: Live): ReadonlyArray<Event> =>
  live.resumedAt === undefined ? [] : [{ _tag: "Resumed", run: live.record.id, at: live.resumedAt }]

const underWay = (live: Live, known: ReadonlySet<string>): ReadonlyArray<Event> => {
  const run = live.record.id
  const steps = live.active.filter(({ name }) => !known.has(name))
  const begun = steps.map(({ name, startedAt }): Event => ({ _tag: "StepStarted", run, at: startedAt, step: name }))
  return live.progress && live.phase !== "ended" ? [...begun, live.progress] : begun
}

/** @internal What happened in a run so far, as its journal and the engine know it. */
export const historyOf = (
  record: Journal.RunRecord,
  entries: ReadonlyArray<Journal.Entry>,
  outcome: Outcome<unknown, unknown> | undefined,
  live: Live | undefined,
  now: number
): ReadonlyArray<Event> => {
  const prepared = new Set(entries.filter((entry) => entry.kind === "intent").map((entry) => entry.name))
  const told = (some: ReadonlyArray<Journal.Entry>) =>
    some.flatMap((entry) => ofEntry(entry, prepared, record.endedAt ?? now))
  const forward = entries.filter((entry) => entry.kind !== "undo")
  const undos = entries.filter((entry) => entry.kind === "undo")
  const all = [
    ofRun(record),
    ...told(forward),
    ...(live ? [...ofResume(live), ...underWay(live, prepared)] : []),
    ...ofCancel(record),
    ...told(undos)
  ]
  const ordered = all.sort((a, b) => a.at - b.at)
  return outcome && record.endedAt !== null ? [...ordered, lastEvent(record.id, record.endedAt, outcome)] : ordered
}

const keyOf = (event: Event) => `${event._tag}/${"step" in event ? event.step : ""}/${event.at}`

/** @internal Keeps the events of a tail that are not in the history before it. */
export const unseen = (history: ReadonlyArray<Event>): ((event: Event) => boolean) => {
  const same = new Set<Event>(history)
  const keys = new Set(history.filter((event) => event._tag !== "Progress").map(keyOf))
  return (event) => !same.has(event) && !keys.has(keyOf(event))
}

/** @internal */
export const isLast = (event: Event): boolean =>
  event._tag === "RunSucceeded" ||
  event._tag === "RunFailed" ||
  event._tag === "RunCancelled" ||
  event._tag === "Detached"
