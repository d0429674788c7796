import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Queue from "effect/Queue"
import * as Random from "effect/Random"
import * as Stream from "effect/Stream"
import type { Event } from "../Event.js"
import type { Flow } from "../Flow.js"
import type * as Journal from "../Journal.js"
import type { Outcome } from "../Outcome.js"
import { Info } from "../Run.js"
import {
  Busy,
  PayloadInvalid,
  RecordUnreadable,
  RunCancelled,
  RunDetached,
  RunDied,
  RunIdTaken,
  RunNotFound,
  SignalRefused
} from "../RunError.js"
import type { CancelAnswer, ListOptions, Service, StartOptions } from "../Runs.js"
import type { Signal } from "../Signal.js"
import { codecOf, type PureSchema } from "./codec.js"
import { type Core, cancelled, handlerOf, outcomeCodec, outcomeOf } from "./core.js"
import { adopt, attach, cancelLive, wake } from "./driver.js"
import { historyOf, isLast, unseen } from "./history.js"
import type { Live } from "./live.js"
import { detach, learn, publish } from "./live.js"
import { journalProblem } from "./record.js"
import { leave } from "./registry.js"

const now = (core: Core) => core.clock.unsafeCurrentTimeMillis()

const infoOf = (core: Core, record: Journal.RunRecord): Info => {
  const live = core.lives.get(record.id)
  return new Info({
    id: record.id,
    seq: record.seq,
    flow: record.flow,
    version: record.version,
    resource: record.resource,
    state: record.state,
    createdAt: record.createdAt,
    startedAt: record.startedAt,
    cancelRequestedAt: record.cancelRequestedAt,
    endedAt: record.endedAt,
    known: handlerOf(core, record) !== undefined,
    wakeAt: live?.park?.until ?? null,
    steps: live ? live.active.map(({ name }) => name) : [],
    progress: live?.progress ?? null,
    problem: live?.problem?.message ?? null
  })
}

const newId = (core: Core): Effect.Effect<string> =>
  Effect.map(Effect.all([part, part, part, part]), (parts) => `${now(core).toString(36)}-${parts.join("")}`)

const part = Effect.map(Random.nextIntBetween(0, 36 ** 4), (n) => n.toString(36).padStart(4, "0"))

const sorted = (_key: string, value: unknown): unknown =>
  typeof value === "object" && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
    : value

const sameJson = (a: string | null, b: string | null): boolean => {
  if (a === b || a === null || b === null) return a === b
  return JSON.stringify(JSON.parse(a), sorted) === JSON.stringify(JSON.parse(b), sorted)
}

const find = (core: Core, id: string): Effect.Effect<Journal.RunRecord, RunNotFound | Journal.JournalError> =>
  Effect.flatMap(
    core.journal.get(id),
    Effect.mapError(() => new RunNotFound({ run: id }))
  )

const encode = <P extends PureSchema>(of: string, schema: P, value: P["Type"]) =>
  Effect.mapError(codecOf(schema).toText(value), ({ reason }) => new PayloadInvalid({ of, reason }))

type AnyFlow = Omit<Flow<string, PureSchema, PureSchema, PureSchema>, "toLayer">

const start = <P extends PureSchema>(
  core: Core,
  flow: Omit<AnyFlow, "payload" | "resource"> & Pick<Flow<string, P, PureSchema, PureSchema>, "payload" | "resource">,
  options: StartOptions<P>
) =>
  Effect.gen(function* () {
    const { name, version } = flow
    const handler = handlerOf(core, { flow: name, version })
    if (!handler || core.closed) return yield* Effect.dieMessage(`flow ${name}@${version} is not implemented here`)
    const payload = yield* encode(`flow ${name}`, flow.payload, options.payload)
    const id = options.id ?? (yield* newId(core))
    const resource = flow.resource(options.payload) ?? null
    const run = { id, flow: name, version, resource, payload, createdAt: now(core) }
    const inserted = yield* core.journal.insert(run, { wait: options.waitForLock ?? false })
    if (inserted._tag === "Busy") {
      const { createdAt, flow: of, id: holder, startedAt } = inserted.holder
      const since = startedAt ?? createdAt
      return yield* new Busy({ resource: resource ?? "", holder: { run: holder, flow: of, since } })
    }
    const { run: record } = inserted
    if (inserted._tag === "Exists") {
      const same = record.flow === name && record.version === version && sameJson(record.payload, payload)
      if (same) return infoOf(core, record)
      return yield* new RunIdTaken({ run: id, flow: record.flow, version: record.version })
    }
    yield* adopt(core, record, handler, [], false)
    if (record.state === "queued") yield* recheck(core, id)
    return infoOf(core, record)
  }).pipe(Effect.uninterruptible)

/** The run may have come to its turn between being inserted and being known here. */
const recheck = (core: Core, id: string) =>
  Effect.flatMap(core.journal.get(id), (record) =>
    Option.isSome(record) && record.value.state === "running" ? attach(core, record.value, false) : Effect.void
  )

const workedOn = (core: Core, id: string): Live | undefined => {
  const live = core.lives.get(id)
  return live && live.phase !== "detached" ? live : undefined
}

const settled = (core: Core, flow: AnyFlow, id: string) =>
  Effect.gen(function* () {
    const live = core.lives.get(id)
    if (live && live.record.flow === flow.name) return yield* Deferred.await(live.done)
    const record = yield* find(core, id)
    if (record.flow !== flow.name) return yield* new RunNotFound({ run: id })
    const known = record.endedAt === null ? Option.none() : yield* outcomeOf(record)
    if (Option.isSome(known)) return known.value
    return yield* notHere(core, record)
  })

const notHere = (core: Core, { flow, id, version }: Journal.RunRecord): RunDetached =>
  handlerOf(core, { flow, version })
    ? new RunDetached({ run: id, reason: "detached", detail: "this engine does not work on it" })
    : new RunDetached({
        run: id,
        reason: "not-implemented",
        detail: `no implementation of ${flow}@${version} is registered here`
      })

const outcome = <S extends PureSchema, E extends PureSchema>(
  core: Core,
  flow: Omit<AnyFlow, "success" | "error"> & { readonly success: S; readonly error: E },
  id: string
) =>
  Effect.flatMap(settled(core, flow, id), (found) => {
    const unreadable = ({ reason }: { readonly reason: string }) =>
      new RecordUnreadable({ run: id, record: "outcome", reason })
    type Known = Outcome<S["Type"], E["Type"]>
    switch (found._tag) {
      case "Succeeded":
        return Effect.mapBoth(codecOf(flow.success).fromJson(found.value), {
          onFailure: unreadable,
          onSuccess: (value): Known => ({ _tag: "Succeeded", value })
        })
      case "Failed":
        return Effect.mapBoth(codecOf(flow.error).fromJson(found.error), {
          onFailure: unreadable,
          onSuccess: (error): Known => ({ _tag: "Failed", error, undo: found.undo })
        })
      default:
        return Effect.succeed<Known>(found)
    }
  })

const resultOf = <A, E>(id: string, known: Outcome<A, E>): Effect.Effect<A, E | RunCancelled | RunDied> => {
  switch (known._tag) {
    case "Succeeded":
      return Effect.succeed(known.value)
    case "Failed":
      return Effect.fail(known.error)
    case "Cancelled":
      return Effect.fail(new RunCancelled({ run: id, undo: known.undo }))
    case "Died":
      return Effect.fail(new RunDied({ run: id, defect: known.defect, undo: known.undo }))
  }
}

const history = (core: Core, id: string, live: Live | undefined) =>
  Effect.gen(function* () {
    const entries = yield* core.journal.entries(id)
    const record = yield* find(core, id)
    const known = record.endedAt === null ? Option.none() : yield* Effect.option(outcomeOf(record))
    return historyOf(record, entries, Option.getOrUndefined(Option.flatten(known)), live, now(core))
  })

const events = (core: Core, id: string) =>
  Stream.unwrapScoped(
    Effect.gen(function* () {
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
  )

const cancel = (core: Core, id: string): Effect.Effect<CancelAnswer, RunNotFound | Journal.JournalError> =>
  Effect.gen(function* () {
    const live = workedOn(core, id)
    if (live) return yield* cancelLive(core, live)
    const record = yield* find(core, id)
    const cancelRequestedAt = now(core)
    switch (record.state) {
      case "queued": {
        const text = (yield* Effect.orDie(outcomeCodec.toText(cancelled))) ?? "null"
        yield* core.journal.finish(id, { state: "cancelled", endedAt: cancelRequestedAt, outcome: text })
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

const signal = <P extends PureSchema>(core: Core, id: string, to: Signal<P>, payload: P["Type"], scope?: string) =>
  Effect.gen(function* () {
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
  }).pipe(Effect.uninterruptible)

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
    start: (flow, options) => start(core, flow, options),
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
