import { assert, describe, it } from "@effect/vitest"
import * as Slots from "@memstore-flows/api/Slots"
import { Emulator } from "@memstore-flows/emulator/Emulator"
import * as Faults from "@memstore-flows/emulator/Faults"
import * as Engine from "@memstore-flows/engine/Engine"
import type * as Event from "@memstore-flows/engine/Event"
import type * as Flow from "@memstore-flows/engine/Flow"
import type * as Journal from "@memstore-flows/engine/Journal"
import type * as Outcome from "@memstore-flows/engine/Outcome"
import * as Runs from "@memstore-flows/engine/Runs"
import * as View from "@memstore-flows/model/View"
import * as Chunk from "effect/Chunk"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import type * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as Approval from "../../src/Approval.js"
import { type CloudOptions, type CloudServices, inCloud, sharedJournal } from "../support/Cloud.js"
import { pageOf, untold } from "../support/Page.js"
import { watch } from "../support/Scenario.js"
import { reportOf } from "../support/Undone.js"

type Pure = Schema.Schema.AnyNoContext | typeof Schema.Never

/** The cloud as it is before a run: what the payload needs to name. */
export interface Ground {
  readonly clusterId: string
}

/**
 * A flow with a fixture. Every trial arranges the ground anew, in a cloud of its own.
 *
 * - `page`: in the docs, default that of the flow's name; `null` for a flow made for the test
 * - `writes`: what one run changes, counted by the cloud
 * - `layer`: the flow's own, with what it needs of the caller
 * - `keeping`: the payload that asks to keep what was done when the run is cancelled
 * - `meanwhile`: what a person does while it runs, such as answering a question
 * - `tells`: further claims about the result of an undisturbed run
 * - `refusals`: payloads or grounds that are refused before any write, with the tags of the findings or of the error
 */
export interface Contract<Name extends string, P extends Pure, S extends Pure, E extends Pure, R> {
  readonly title: string
  readonly page?: string | null
  readonly flow: Flow.Flow<Name, P, S, E>
  readonly layer: Layer.Layer<Flow.Implemented<Name> | R, unknown, CloudServices | Engine.Engine | Runs.Runs>
  readonly ground: Effect.Effect<Ground, unknown, CloudServices>
  readonly payload: (ground: Ground) => Effect.Effect<P["Type"], unknown, CloudServices>
  readonly writes: Readonly<Record<string, number>>
  readonly keeping?: (payload: P["Type"]) => P["Type"]
  readonly meanwhile?: Effect.Effect<unknown, unknown, Runs.Runs>
  readonly tells?: (result: S["Type"], ground: Ground) => void
  readonly refusals?: Readonly<Record<string, Refusal<P["Type"]>>>
  readonly cloud?: CloudOptions
}

export interface Refusal<P> {
  readonly found: ReadonlyArray<string>
  readonly ground?: Effect.Effect<Ground, unknown, CloudServices>
  readonly payload?: (payload: P, ground: Ground) => P
  readonly given?: (ground: Ground) => Effect.Effect<unknown, unknown, CloudServices>
}

/** Everything the project has, without ids, times and slots: equal before and after when nothing is left of a run. */
const world = Effect.gen(function* () {
  const emulator = yield* Emulator
  const state = yield* emulator.state
  const now = yield* Clock.currentTimeMillis
  const uncovered: Array<string> = []
  for (const { id, name } of state.clusters) {
    const shards = Either.getOrElse(View.listShards(state, id, now), () => [])
    const slots = shards.map((shard) => Either.getOrElse(Slots.parse(shard.slots), (): Slots.Slots => []))
    const { missing, overlapping } = Slots.coverage(slots)
    if (missing.length + overlapping.length > 0) uncovered.push(name)
  }
  return {
    clusters: state.clusters.map(({ backupSchedule, description, name, parameterGroupId, securityGroups, shards }) => ({
      name,
      description,
      backupSchedule,
      parameterGroupId,
      securityGroups,
      shards: shards.map(({ nodes }) => nodes.map(({ role, subnetId }) => `${role} in ${subnetId}`).sort()).sort()
    })),
    backups: state.backups.map(({ name, phase }) => `${name}: ${phase}`),
    uncovered,
    busy: state.clusters.flatMap(({ operation }) => (operation === null ? [] : [operation.kind]))
  }
})

type World = Effect.Effect.Success<typeof world>

interface Played {
  readonly outcome: Outcome.Outcome<unknown, unknown>
  readonly writes: Readonly<Record<string, number>>
  readonly before: World
  readonly after: World
  readonly ground: Ground
  readonly events: ReadonlyArray<Event.Event>
  readonly answer: Runs.CancelAnswer | undefined
}

/** A moment of a run, as an event and the how-manieth of its kind. */
interface Moment {
  readonly tag: Event.Event["_tag"]
  readonly step: string
}

const moments: ReadonlySet<string> = new Set(["StepPrepared", "StepSucceeded", "WaitingForSignal", "Sleeping"])

const momentsOf = (events: ReadonlyArray<Event.Event>): ReadonlyArray<Moment> =>
  events.flatMap((event) => (moments.has(event._tag) && "step" in event ? [{ tag: event._tag, step: event.step }] : []))

/** Waits until the run has come to a moment. */
export const reached = (moment: Moment) =>
  Runs.events("run").pipe(
    Stream.takeUntil((event) => event._tag === moment.tag && "step" in event && event.step === moment.step),
    Stream.runDrain
  )

/** Says yes as soon as the run asks. */
export const approve = Runs.events("run").pipe(
  Stream.takeUntil(({ _tag }) => _tag === "WaitingForSignal"),
  Stream.runDrain,
  Effect.zipRight(Runs.signal("run", Approval.signal, { approved: true, by: "ann" }, { scope: "approval" }))
)

/** What befalls a run. */
interface Trial {
  readonly faults?: ReadonlyArray<Faults.Fault>
  readonly crashAt?: Moment
  readonly cancelAt?: Moment
  readonly keeps?: boolean
}

/** An engine with flows, until it is closed as the end of a process would. */
export const open = <R, E>(
  layer: Layer.Layer<R, E, CloudServices | Engine.Engine | Runs.Runs>,
  journal: Layer.Layer<Journal.Journal>
) =>
  Effect.gen(function* () {
    const scope = yield* Scope.fork(yield* Effect.scope, { _tag: "Sequential" })
    const all = Layer.provideMerge(layer, Engine.layer()).pipe(Layer.provide(journal))
    const context = yield* Layer.buildWithScope(all, scope)
    return {
      use: <A, E2, R2>(effect: Effect.Effect<A, E2, R2>) => Effect.provide(effect, context),
      close: Scope.close(scope, Exit.void)
    }
  })

const play = <Name extends string, P extends Pure, S extends Pure, E extends Pure, R>(
  contract: Contract<Name, P, S, E, R>,
  { cancelAt, crashAt, faults = [], keeps = false }: Trial
) =>
  Effect.gen(function* () {
    const ground = yield* contract.ground
    const plain = yield* contract.payload(ground)
    const payload = keeps ? (contract.keeping?.(plain) ?? plain) : plain
    const emulator = yield* Emulator
    const before = yield* world
    const watched = yield* watch
    for (const fault of faults) yield* emulator.faults.add(fault)
    const journal = yield* sharedJournal
    const start = Runs.start(contract.flow, { payload, id: "run" })
    const meanwhile = Effect.forkScoped(Effect.ignore(contract.meanwhile ?? Effect.void))
    let engine = yield* open(contract.layer, journal)
    yield* engine.use(start)
    if (crashAt !== undefined) {
      const helper = yield* engine.use(meanwhile)
      yield* engine.use(reached(crashAt))
      yield* engine.close
      yield* helper.interruptAsFork(helper.id())
      engine = yield* open(contract.layer, journal)
      yield* engine.use(start)
    }
    yield* engine.use(meanwhile)
    let answer: Runs.CancelAnswer | undefined
    if (cancelAt !== undefined) {
      yield* engine.use(reached(cancelAt))
      answer = yield* engine.use(Runs.cancel("run"))
    }
    const outcome = yield* engine.use(Runs.outcome(contract.flow, "run"))
    const events = Chunk.toReadonlyArray(yield* engine.use(Stream.runCollect(Runs.events("run"))))
    yield* Effect.sleep("1 minute")
    return {
      outcome,
      writes: yield* watched.writes,
      before,
      after: yield* world,
      ground,
      events,
      answer
    } satisfies Played
  })

const succeeded = ({ outcome }: Played, where: string) => {
  assert.strictEqual(outcome._tag, "Succeeded", `${where}: ${JSON.stringify(outcome)}`)
}

const writesOf = (writes: Readonly<Record<string, number>>) =>
  Object.entries(writes).flatMap(([operation, count]) =>
    Array.from({ length: count }, (_, index) => ({ operation: operation as Faults.OperationName, nth: index + 1 }))
  )

/** Nothing is left of the run, or the outcome says what. */
const nothingUnreported = ({ after, before, outcome }: Played, where: string) => {
  const { notUndone } = reportOf(outcome)
  assert.deepStrictEqual(after.uncovered, [], where)
  assert.deepStrictEqual(after.busy, [], where)
  if (notUndone.length === 0) return assert.deepStrictEqual(after, before, `${where}: something is left unreported`)
  assert.notDeepEqual(after, before, `${where}: ${JSON.stringify(notUndone)}, and nothing is left`)
  for (const { reason, step } of notUndone) assert.strictEqual(reason.name, "LeftInPlace", `${where}, ${step}`)
}

/** The tags of the findings of a refusal, or of the error. */
export const tagsOf = (error: unknown): ReadonlyArray<string> => {
  if (typeof error !== "object" || error === null) return [String(error)]
  if ("findings" in error && Array.isArray(error.findings)) {
    return error.findings.map(({ _tag }: { readonly _tag: string }) => _tag).sort()
  }
  return ["_tag" in error ? String(error._tag) : "none"]
}

const refused = <Name extends string, P extends Pure, S extends Pure, E extends Pure, R>(
  contract: Contract<Name, P, S, E, R>,
  refusal: Refusal<P["Type"]>
) =>
  Effect.gen(function* () {
    const ground = yield* refusal.ground ?? contract.ground
    const payload = yield* contract.payload(ground)
    yield* refusal.given?.(ground) ?? Effect.void
    const watched = yield* watch
    const { use } = yield* open(contract.layer, yield* sharedJournal)
    const changed = refusal.payload?.(payload, ground) ?? payload
    const outcome = yield* use(
      Effect.zipRight(Runs.start(contract.flow, { payload: changed, id: "run" }), Runs.outcome(contract.flow, "run"))
    )
    assert.deepStrictEqual(yield* watched.writes, {})
    const sent = (yield* watched.journal).filter(
      ({ method, operation }) => method !== "GET" && operation !== "CreateToken"
    )
    assert.deepStrictEqual(sent, [])
    assert.strictEqual(outcome._tag, "Failed", JSON.stringify(outcome))
    if (outcome._tag === "Failed") assert.deepStrictEqual(tagsOf(outcome.error), [...refusal.found].sort())
  })

/** The trials every flow stands, derived from one undisturbed run. */
export const contract = <Name extends string, P extends Pure, S extends Pure, E extends Pure, R>(
  contract: Contract<Name, P, S, E, R>
): void => {
  const trial = (trial: Trial) => inCloud(play(contract, trial), contract.cloud)
  const calm = Effect.runSync(Effect.cached(trial({})))
  describe(contract.title, () => {
    it.effect("runs to its result, with these writes and no others", () =>
      Effect.gen(function* () {
        const played = yield* calm
        succeeded(played, "calm")
        assert.deepStrictEqual(played.writes, contract.writes)
        assert.deepStrictEqual(played.after.uncovered, [])
        if (played.outcome._tag === "Succeeded") contract.tells?.(played.outcome.value, played.ground)
      })
    )

    const { page = contract.flow.name } = contract
    if (page !== null) {
      it.effect("does no step that its page does not tell of", () =>
        Effect.map(calm, ({ events }) => {
          const steps = events.flatMap((event) => ("step" in event && event._tag !== "Progress" ? [event.step] : []))
          assert.deepStrictEqual(untold(pageOf(page), [...new Set(steps)]), [])
        })
      )
    }

    if (Object.keys(contract.writes).length > 0) {
      it.effect("makes each write once though its answer is lost", () =>
        Effect.gen(function* () {
          const { after } = yield* calm
          for (const match of writesOf(contract.writes)) {
            const where = `${match.operation} ${match.nth}`
            const played = yield* trial({ faults: [{ match, do: Faults.loseAnswer }] })
            succeeded(played, where)
            assert.deepStrictEqual(played.writes, contract.writes, where)
            assert.deepStrictEqual(played.after, after, where)
          }
        })
      )
    }

    it.effect("crashed after any step, ends as if it had not, with the same writes", () =>
      Effect.gen(function* () {
        const { after, events } = yield* calm
        for (const moment of momentsOf(events)) {
          const where = `${moment.tag} ${moment.step}`
          const played = yield* trial({ crashAt: moment })
          succeeded(played, where)
          assert.deepStrictEqual(played.writes, contract.writes, where)
          assert.deepStrictEqual(played.after, after, where)
        }
      })
    )

    it.effect("cancelled at any step, leaves nothing behind that it does not report", () =>
      Effect.gen(function* () {
        const { events } = yield* calm
        for (const moment of momentsOf(events)) {
          const where = `${moment.tag} ${moment.step}`
          const played = yield* trial({ cancelAt: moment })
          if (played.answer === "AlreadyEnded") continue
          assert.strictEqual(played.outcome._tag, "Cancelled", where)
          nothingUnreported(played, where)
        }
      })
    )

    if (contract.keeping !== undefined) {
      it.effect("cancelled at any step and asked to keep what was done, takes nothing back, and reports it", () =>
        Effect.gen(function* () {
          const { events } = yield* calm
          let kept = 0
          for (const moment of momentsOf(events)) {
            const where = `${moment.tag} ${moment.step}`
            const played = yield* trial({ cancelAt: moment, keeps: true })
            if (played.answer === "AlreadyEnded") continue
            assert.strictEqual(played.outcome._tag, "Cancelled", where)
            nothingUnreported(played, where)
            for (const [operation, count] of Object.entries(played.writes)) {
              assert.isAtMost(count, contract.writes[operation] ?? 0, `${where}: ${operation}`)
            }
            kept += reportOf(played.outcome).notUndone.length
          }
          assert.isAbove(kept, 0)
        })
      )
    }

    for (const [reason, refusal] of Object.entries(contract.refusals ?? {})) {
      it.effect(`before any write, is refused for ${reason}`, () => inCloud(refused(contract, refusal), contract.cloud))
    }
  })
}
