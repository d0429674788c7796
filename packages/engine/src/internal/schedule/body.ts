import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type { Flow, Implemented } from "../../Flow.js"
import type { JournalError } from "../../Journal.js"
import { unfinished } from "../../JournalRecord.js"
import * as Runs from "../../Runs.js"
import * as Step from "../../Step.js"
import { type CodecError, codecOf, type PureSchema } from "../codec.js"
import type { Engine } from "../registry.js"
import { persist } from "../waiting.js"
import { decide } from "./decide.js"
import {
  type Definition,
  lineOf,
  type Place,
  Plan,
  placeFlow,
  Shot,
  type Tick,
  type Turn,
  tickFlow,
  tickId
} from "./records.js"
import * as Times from "./times.js"
import { cancelled, ended, isUnfinished, orderOf } from "./waiting.js"

/** What is kept was checked when the schedule was made. */
const timesOf = ({ cron, timeZone }: Definition) => Either.getOrThrow(Times.parse(cron, timeZone))

const planOf = (tick: Tick, order: Parameters<typeof decide>[1]) => {
  const { definition } = order?._tag === "Define" ? order : tick
  return Step.make("plan", {
    success: Plan,
    run: Effect.map(Clock.currentTimeMillis, (now) => decide(tick, order, timesOf(definition), now))
  })
}

const told = { Pause: "Paused", Resume: "Resumed", Define: "Changed", Remove: "Removed" } as const

const turnOf = (tag: keyof typeof told | undefined, { fire, missed, now }: Plan, shot: Shot | undefined): Turn => {
  if (fire === null || shot === undefined) {
    if (tag !== undefined) return { _tag: told[tag], at: now }
    return { _tag: "Missed", from: missed?.from ?? now, until: missed?.until ?? now }
  }
  const base = { ...fire, missed }
  switch (shot._tag) {
    case "Fired":
      return { _tag: "Fired", ...base }
    case "Skipped":
      return { _tag: "Skipped", ...base, by: shot.by }
    case "Refused":
      return { _tag: "Refused", ...base, reason: shot.reason }
  }
}

const fired = (holds: string): Shot => ({ _tag: "Fired", holds })
const skipped = (by: string): Shot => ({ _tag: "Skipped", by })
const refused = ({ message }: Error): Effect.Effect<Shot> => Effect.succeed({ _tag: "Refused", reason: message })

/**
 * @internal The ticks of the schedules of a flow, one run each: a tick waits for its time or an order, starts what is
 * due, and starts the next tick, which gets the lock of the schedule when this one ends.
 */
export const layerOf = <Name extends string, P extends PureSchema, S extends PureSchema, E extends PureSchema>(
  flow: Flow<Name, P, S, E>
): Layer.Layer<Implemented<`schedule/${Name}`>, JournalError, Engine | Runs.Runs | Implemented<Name>> => {
  const ticks = tickFlow(flow.name)
  const places = placeFlow(flow.name)
  const payloads = codecOf(flow.payload)

  const start = (id: string, json: string | null, waitForLock: boolean) =>
    Effect.flatMap(payloads.fromText(json), (payload) => Runs.start(flow, { id, payload, waitForLock }))

  const place = ({ payload, run }: Place) =>
    Effect.gen(function* () {
      const problem = yield* Step.withIntent("start", {
        intent: Schema.Void,
        success: Schema.NullOr(Schema.String),
        prepare: Effect.void,
        run: () =>
          Effect.catchAll(Effect.as(persist(start(run, payload, true)), null), ({ message }) =>
            Effect.succeed(message)
          ),
        undo: () => Effect.zipRight(persist(cancelled(run)), ended(flow, run))
      })
      if (problem === null) yield* Step.make("wait", { run: ended(flow, run) })
      return problem
    })

  const inLine = ({ name, overlap, payload }: Definition, run: string, previous: string | null) =>
    Effect.gen(function* () {
      yield* payloads.fromText(payload)
      if (overlap === "cancelPrevious") {
        const line = yield* Runs.list({ resource: lineOf(name), state: unfinished, limit: 1_000 })
        const before = line.map(({ id }) => id).filter((id) => id !== `${lineOf(name)}/${run}`)
        yield* Effect.forEach(previous === null ? before : [...before, previous], cancelled)
      }
      const id = `${lineOf(name)}/${run}`
      yield* Runs.start(places, { id, payload: { schedule: name, run, payload }, waitForLock: true })
      return fired(id)
    })

  const alone = ({ payload }: Definition, run: string, previous: string | null) =>
    Effect.gen(function* () {
      if (previous !== null && (yield* isUnfinished(previous))) return skipped(previous)
      yield* start(run, payload, false)
      return fired(run)
    })

  type Needed = Runs.Runs | Implemented<Name> | Implemented<`schedule/${Name}/line`>
  type Refusal = Runs.StartError | CodecError

  const shoot = (
    definition: Definition,
    run: string,
    previous: string | null
  ): Effect.Effect<Shot, Refusal, Needed> => {
    switch (definition.overlap) {
      case "skip":
        return alone(definition, run, previous)
      case "allow":
        return Effect.as(start(run, definition.payload, true), fired(run))
      default:
        return inLine(definition, run, previous)
    }
  }

  const fire = ({ definition, previous }: Tick, { run }: NonNullable<Plan["fire"]>) =>
    Step.make("fire", {
      success: Shot,
      run: persist(shoot(definition, run, previous)).pipe(
        Effect.catchTags({
          Busy: ({ holder }) => Effect.succeed(skipped(holder.run)),
          RunIdTaken: refused,
          PayloadInvalid: refused,
          CodecError: refused
        })
      )
    })

  const goOn = (next: Tick) =>
    Step.make("next", {
      run: persist(Runs.start(ticks, { id: tickId(next), payload: next, waitForLock: true })).pipe(
        Effect.orDie,
        Effect.asVoid
      )
    })

  const body = (tick: Tick) =>
    Effect.gen(function* () {
      const order = Option.getOrUndefined(yield* orderOf(tick))
      const plan = yield* planOf(tick, order)
      const shot = plan.fire === null ? undefined : yield* fire(tick, plan.fire)
      const previous = shot?._tag === "Fired" ? shot.holds : tick.previous
      if (plan.next !== null) yield* goOn({ number: tick.number + 1, previous, ...plan.next })
      return turnOf(order?._tag === "Trigger" ? undefined : order?._tag, plan, shot)
    })

  const layer = Layer.provideMerge(ticks.toLayer(body), places.toLayer(place))
  // A tick starts the next one of its own flow: what that requires is what this layer provides.
  return layer as unknown as Layer.Layer<
    Implemented<`schedule/${Name}`>,
    JournalError,
    Engine | Runs.Runs | Implemented<Name>
  >
}
