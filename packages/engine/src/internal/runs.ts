import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Queue from "effect/Queue"
import * as Stream from "effect/Stream"
import type { Event } from "../Event.js"
import type * as Journal from "../Journal.js"
import { RecordUnreadable, RunNotFound, SignalRefused } from "../RunError.js"
import type { CancelAnswer, ListOptions, Service } from "../Runs.js"
import type { Signal } from "../Signal.js"
import { codecOf, type PureSchema } from "./codec.js"
import { type Core, cancelled, outcomeOf } from "./core.js"
import { attach, cancelLive, wake } from "./driver.js"
import { historyOf, isLast, unseen } from "./history.js"
import { find, infoOf, workedOn } from "./info.js"
import { detach, type Live, learn, publish } from "./live.js"
import { journalProblem } from "./record.js"
import { leave } from "./registry.js"
import { outcome, resultOf } from "./results.js"
import { encode, sameJson, start } from "./starting.js"

const now = (core: Core) => core.clock.unsafeCurrentTimeMillis()

const history = Effect.fnUntraced(function* (core: Core, id: string, live: Live | undefined) {
  const entries = yield* core.journal.entries(id)
  const record = yield* find(core, id)
  const known = record.endedAt === null ? Option.none() : yield* Effect.option(outcomeOf(record))
  return historyOf(record, entries, Option.getOrUndefined(Option.flatten(known)), live, now(core))
})

const tailOf = Effect.fnUntraced(function* (core: Core, id: string) {
  const live = workedOn(core, id)
  if (!live) return Stream.fromIterable(yield* history(core, id, undefined))
  const tail = yield* Queue.unbounded<Event>()
  const listener = (event: Event) => void tail.unsafeOffer(event)
  yield* Effect.acquireRelease(
    Effect.sync(() => live.listeners.add(listener)),
    () => Effect.sync(() => live.listeners.delete(listener))
  )
  const past = yield* history(core, id, live)
  const last = past[past.length - 1]
  const before = Stream.fromIterable(past)
  if (last && isLast(last)) return before
  const after = Stream.takeUntil(Stream.fromQueue(tail), isLast)
  return Stream.concat(before, Stream.filter(after, unseen(past)))
})

const events = (core: Core, id: string) => Stream.unwrapScoped(tailOf(core, id))

const cancelText = JSON.stringify(cancelled)

const cancel: (core: Core, id: string) => Effect.Effect<CancelAnswer, RunNotFound | Journal.JournalError> =
  Effect.fnUntraced(function* (core: Core, id: string) {
    const live = workedOn(core, id)
    if (live) return yield* cancelLive(core, live)
    const record = yield* find(core, id)
    const cancelRequestedAt = now(core)
    switch (record.state) {
      case "queued": {
        yield* core.journal.finish(id, { state: "cancelled", endedAt: cancelRequestedAt, outcome: cancelText })
        return "Requested"
      }
      case "running":
        yield* core.journal.update(id, { state: "cancelling", cancelRequestedAt })
        return "Requested"
      case "cancelling":
        return "AlreadyCancelling"
      case "undoing":
        return "AlreadyUndoing"
      default:
        return "AlreadyEnded"
    }
  })

const deliver = (core: Core, entry: Journal.Entry): Effect.Effect<void> =>
  Effect.suspend(() => {
    const live = workedOn(core, entry.run)
    if (!live) return Effect.void
    learn(live, entry)
    publish(live, { _tag: "SignalReceived", run: entry.run, at: entry.at, step: entry.name })
    if (live.phase === "parked" && live.park?.signal === entry.name) wake(core, live)
    const waiting = live.waiting.get(entry.name)
    return waiting ? Effect.asVoid(Deferred.succeed(waiting, undefined)) : Effect.void
  })

const signal = Effect.fnUntraced(function* <P extends PureSchema>(
  core: Core,
  id: string,
  to: Signal<P>,
  payload: P["Type"],
  scope?: string
) {
  const name = scope ? `${scope}/${to.name}` : to.name
  const value = yield* encode(`signal ${name}`, to.payload, payload)
  const record = yield* find(core, id)
  if (record.endedAt !== null) return yield* new SignalRefused({ run: id, signal: name, reason: "run-ended" })
  const at = now(core)
  const entry = { run: id, kind: "signal", name, exit: "success", value, undo: false, startedAt: at, at } as const
  const stored = yield* Effect.tapError(core.journal.append(entry), (error) => giveUp(core, id, error))
  if (Option.isSome(stored)) return yield* deliver(core, stored.value)
  const entries = yield* core.journal.entries(id)
  const first = entries.find((other) => other.kind === "signal" && other.name === name)
  if (first?.exit === "success" && sameJson(first.value, value)) return
  const reason = first?.exit === "failure" ? "timed-out" : "already-received"
  return yield* new SignalRefused({ run: id, signal: name, reason })
}, Effect.uninterruptible)

const giveUp = (core: Core, id: string, error: Journal.JournalError) =>
  Effect.sync(() => {
    const live = workedOn(core, id)
    if (live && error.fenced) detach(live, journalProblem(id, error))
  })

const payloadOf = <P extends PureSchema>(
  core: Core,
  flow: { readonly name: string; readonly payload: P },
  id: string
) =>
  Effect.flatMap(find(core, id), (record): Effect.Effect<P["Type"], RunNotFound | RecordUnreadable> => {
    if (record.flow !== flow.name) return Effect.fail(new RunNotFound({ run: id }))
    return Effect.mapError(
      codecOf(flow.payload).fromText(record.payload),
      ({ reason }) => new RecordUnreadable({ run: id, record: "payload", reason })
    )
  })

const detachOne = (core: Core, id: string): Effect.Effect<void> =>
  Effect.suspend(() => {
    const live = core.lives.get(id)
    if (!live) return Effect.void
    const forget = Effect.sync(() => core.lives.get(id) === live && core.lives.delete(id))
    return Effect.zipRight(leave([live], "detached", "Runs.detach was called"), forget)
  })

const list = (core: Core, options: ListOptions = {}) => {
  const { after, flow, from, limit = 100, resource, state, until } = options
  const states = typeof state === "string" ? [state] : state
  return Effect.map(core.journal.list({ flow, resource, states, from, until, after, limit }), (records) =>
    records.map((record) => infoOf(core, record))
  )
}

/** @internal */
export const make = (core: Core): Service => {
  const begin: Service["start"] = (flow, options) =>
    Effect.map(start(core, flow, options), (record) => infoOf(core, record))
  const get = (id: string) => Effect.map(find(core, id), (record) => infoOf(core, record))
  const result: Service["result"] = (flow, id) =>
    Effect.flatMap(outcome(core, flow, id), (known) => resultOf(id, known))
  const execute: Service["execute"] = (flow, options) =>
    Effect.uninterruptibleMask((restore) =>
      Effect.flatMap(restore(start(core, flow, options)), ({ id }) => {
        const waited = restore(result(flow, id))
        return options.cancelOnInterrupt ? Effect.onInterrupt(waited, () => Effect.ignore(cancel(core, id))) : waited
      })
    )
  return {
    start: begin,
    get,
    list: (options) => list(core, options),
    events: (id) => events(core, id),
    outcome: (flow, id) => outcome(core, flow, id),
    result,
    execute,
    cancel: (id) => cancel(core, id),
    signal: (id, to, payload, options) => signal(core, id, to, payload, options?.scope),
    payload: (flow, id) => payloadOf(core, flow, id),
    detach: (id) => detachOne(core, id),
    resume: (id) =>
      Effect.flatMap(find(core, id), (record) =>
        record.endedAt === null ? Effect.zipRight(attach(core, record, true), get(id)) : get(id)
      )
  }
}
