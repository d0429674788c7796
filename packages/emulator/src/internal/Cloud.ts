import type { Applied } from "@memstore-flows/model/Apply"
import type { Command, Write } from "@memstore-flows/model/Command"
import type { Refusal } from "@memstore-flows/model/Refusal"
import type { State } from "@memstore-flows/model/State"
import * as Chunk from "effect/Chunk"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import type * as Redacted from "effect/Redacted"
import * as Ref from "effect/Ref"
import type { DataPlane, Cloud as PlaneCloud } from "../DataPlane.js"
import type { Disturbance } from "../Disturbance.js"
import * as FaultPlan from "../FaultPlan.js"
import type { Fault, OperationName } from "../Faults.js"
import type { Storage } from "../Storage.js"
import { target } from "./target.js"
import * as World from "./world.js"

/** What an emulator is made with. */
export interface CloudOptions {
  readonly initial: State
  readonly plane: DataPlane
  readonly seed: number
  readonly faults: ReadonlyArray<Fault>
  readonly storage: Storage | undefined
}

const blank = (state: State, seed: number): World.World => ({
  state,
  plan: FaultPlan.make(seed),
  tokens: new Map(),
  writes: {},
  journal: Chunk.empty(),
  sequence: 0
})

const armings = (kind: Write["_tag"], struck: ReadonlyArray<FaultPlan.Struck>): ReadonlyArray<World.Arming> =>
  kind === "CreateBackup"
    ? []
    : struck.flatMap(({ action }): ReadonlyArray<World.Arming> => {
        if (action._tag === "Stick") return [{ kind, outcome: "Sticks" }]
        return action._tag === "Fail" ? [{ kind, outcome: "Fails" }] : []
      })

/** The state of the cloud as a function of time: it moves when it is looked at, and never by itself. */
export const make = (options: CloudOptions) =>
  Effect.gen(function* () {
    const { plane, storage } = options
    const saved = storage === undefined ? Option.none() : yield* storage.load
    const fresh = blank(options.initial, options.seed)
    const started = Option.match(saved, {
      onNone: () => fresh,
      onSome: ({ state, writes }) => ({ ...fresh, state: { ...state, settings: options.initial.settings }, writes })
    })
    const clock = yield* Effect.clock
    const start = yield* Clock.currentTimeMillis
    const plan = options.faults.reduce((each, fault) => FaultPlan.add(each, fault, start)[0], started.plan)
    const world = yield* Ref.make<World.World>({ ...started, plan })
    const saving = yield* Effect.makeSemaphore(1)
    let last: World.World["state"] | undefined

    const transact = <A>(f: (world: World.World, now: number) => readonly [A, World.World]) =>
      Effect.flatMap(Clock.currentTimeMillis, (now) => Ref.modify(world, (each) => f(World.advance(each, now), now)))

    const save =
      storage === undefined
        ? Effect.void
        : Effect.gen(function* () {
            const { state, writes } = yield* Ref.get(world)
            if (state === last) return
            yield* storage.save({ version: 1, state, writes })
            last = state
          }).pipe(saving.withPermits(1), Effect.uninterruptible)

    const attempt = (
      what: Command,
      arming: ReadonlyArray<World.Arming>,
      counted: OperationName | undefined
    ): Effect.Effect<{ readonly applied: Applied; readonly before: State }, Refusal> =>
      transact<Either.Either<{ readonly applied: Applied; readonly before: State }, Refusal>>((now, at) =>
        Either.match(World.command(now, what, at, arming), {
          onLeft: (refusal) => [Either.left(refusal), now],
          onRight: ([applied, next]) => [
            Either.right({ applied, before: now.state }),
            counted === undefined ? next : World.count(next, counted)
          ]
        })
      ).pipe(Effect.flatten)

    const report = (what: Command) =>
      Effect.map(Effect.zipLeft(attempt(what, [], undefined), save), ({ applied }) => applied)
    const state = transact((now) => [now.state, now])
    const disturb = (disturbance: Disturbance, clusterId?: string) =>
      Effect.gen(function* () {
        const command = yield* target(yield* state, disturbance, clusterId)
        yield* plane.disturb(cloud, command)
      })
    const reached = (clusterId: string, step: string) =>
      Effect.gen(function* () {
        const struck = yield* transact((each, now) => {
          const operation = each.state.clusters.find(({ id }) => id === clusterId)?.operation?.kind
          if (operation === undefined) return [[], each]
          const [plan, disturbances] = FaultPlan.reach(each.plan, { operation, step }, now)
          return [disturbances, plan === each.plan ? each : { ...each, plan }]
        })
        for (const disturbance of struck) yield* Effect.ignore(disturb(disturbance, clusterId))
      })
    const nextDue = transact((each, now): readonly [FaultPlan.Due | undefined, World.World] => {
      const due = FaultPlan.due(each.plan, now)
      return due === undefined ? [undefined, each] : [due[1], { ...each, plan: due[0] }]
    })
    const strike = Effect.gen(function* () {
      for (let due = yield* nextDue; due !== undefined; due = yield* nextDue) {
        yield* Effect.ignore(disturb(due.disturbance))
      }
    })
    // A data plane lives in real time, the cloud in that of the one who made it.
    const cloud: PlaneCloud = {
      state: Effect.withClock(state, clock),
      report: (what) => Effect.withClock(report(what), clock),
      reached: (clusterId, step) => Effect.withClock(reached(clusterId, step), clock),
      strike: Effect.withClock(strike, clock)
    }
    yield* plane.open(cloud)

    return {
      plane,
      transact,
      state,
      report,
      /** Carries a write of the API out. */
      write: (
        command: Write,
        operation: OperationName,
        struck: ReadonlyArray<FaultPlan.Struck>,
        password?: Redacted.Redacted<string>
      ) =>
        Effect.gen(function* () {
          yield* plane.prepare(cloud, command)
          const { applied, before } = yield* attempt(command, armings(command._tag, struck), operation)
          const { objectId, state: after } = applied
          const sticks = struck.some(({ action }) => action._tag === "Stick")
          // Before the state is kept: a cluster that was kept is one whose data plane knows of it.
          yield* plane.begun(cloud, { command, objectId, before, after, password, sticks })
          yield* save
          return applied
        }).pipe(Effect.uninterruptible),
      disturb,
      loadKeys: (keys: { readonly clusterId: string; readonly count: number; readonly bytesPerKey: number }) =>
        Effect.zipRight(plane.loadKeys(cloud, keys), plane.census(cloud, keys.clusterId)),
      census: (clusterId: string) => plane.census(cloud, clusterId),
      /** Back to the start; tokens stay good, so that clients need not notice. */
      reset: transact((now) => [
        undefined,
        { ...blank(options.initial, options.seed), tokens: now.tokens, sequence: now.sequence }
      ]).pipe(Effect.zipRight(plane.reset(cloud)), Effect.zipRight(save))
    } as const
  })

/** The cloud that one emulator's routes work on. */
export class Cloud extends Context.Tag("@memstore-flows/emulator/internal/Cloud")<
  Cloud,
  Effect.Effect.Success<ReturnType<typeof make>>
>() {}
