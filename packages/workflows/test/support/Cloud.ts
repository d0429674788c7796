import type * as HttpClient from "@effect/platform/HttpClient"
import * as ListShards from "@memstore-flows/api/ListShards"
import * as MemStore from "@memstore-flows/api/MemStore"
import * as Emulator from "@memstore-flows/emulator/Emulator"
import * as EmulatorClient from "@memstore-flows/emulator/EmulatorClient"
import * as Engine from "@memstore-flows/engine/Engine"
import * as Journal from "@memstore-flows/engine/Journal"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Random from "effect/Random"
import * as Redacted from "effect/Redacted"
import * as Scope from "effect/Scope"
import * as TestClock from "effect/TestClock"
import * as ReplaceReplica from "../../src/ReplaceReplica.js"
import * as RestoreThenScale from "../../src/RestoreThenScale.js"
import { virtually } from "./VirtualClock.js"

/** The secret of the emulated cloud's only access key: nothing a run leaves behind may contain it. */
export const secret = "emulator-secret-4711"

export interface CloudOptions extends Emulator.Options {
  /** Stands between the client and the cloud. */
  readonly transformClient?: (client: HttpClient.HttpClient) => HttpClient.HttpClient
}

/** The emulated cloud and the services that call it, in memory, on the test's clock. */
export const cloud = ({ transformClient, ...options }: CloudOptions = {}) =>
  MemStore.layer({
    credential: { id: "emulator", secret: Redacted.make(secret) },
    ...(transformClient ? { transformClient } : {})
  }).pipe(
    Layer.provide(EmulatorClient.layer()),
    Layer.provideMerge(
      Emulator.Emulator.layer({ latencies: "fast", credential: { secret: Redacted.make(secret) }, ...options })
    )
  )

export type CloudServices = Layer.Layer.Success<ReturnType<typeof cloud>>

/** Runs a trial in a cloud of its own, on a virtual clock of its own, with the same random numbers every time. */
export const inCloud = <A, E>(
  trial: Effect.Effect<A, E, CloudServices | Scope.Scope>,
  options?: CloudOptions
): Effect.Effect<A, E> =>
  trial.pipe(Effect.scoped, Effect.provide(cloud(options)), virtually, Effect.withRandom(Random.make("workflows")))

/** The flows on an engine; `journal` outlives the engine when a test hands the same one in twice. */
export const flows = (journal: Layer.Layer<Journal.Journal> = Journal.layerMemory) =>
  Layer.mergeAll(RestoreThenScale.layer, ReplaceReplica.layer).pipe(
    Layer.provideMerge(Engine.layer()),
    Layer.provide(journal)
  )

export type FlowServices = Layer.Layer.Success<ReturnType<typeof flows>>

/** A journal that outlives the engines opened on it. */
export const sharedJournal = Effect.map(Layer.build(Journal.layerMemory), (built) => Layer.succeedContext(built))

/** An engine that is open until `close`, which detaches its runs as the end of a process would. */
export const openEngine = (journal: Layer.Layer<Journal.Journal>) =>
  Effect.gen(function* () {
    const scope = yield* Scope.fork(yield* Effect.scope, { _tag: "Sequential" })
    const context = yield* Layer.buildWithScope(flows(journal), scope)
    return {
      use: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.provide(effect, context),
      close: Scope.close(scope, Exit.void)
    }
  })

/** Runs an effect to its end, moving the test's clock to each wake-up in turn. */
export const drive = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.gen(function* () {
    const fiber = yield* Effect.fork(effect)
    while (Option.isNone(yield* Fiber.poll(fiber))) yield* nextWake
    return yield* Fiber.join(fiber)
  })

/** Moves the test's clock to the next wake-up. */
export const nextWake: Effect.Effect<void> = Effect.gen(function* () {
  yield* TestClock.adjust(0)
  const [next] = [...(yield* TestClock.sleeps())].sort((a, b) => a - b)
  if (next !== undefined) yield* TestClock.setTime(next)
})

/** The shards of a cluster as the API shows them now. */
export const shardsOf = (clusterId: string) =>
  Effect.flatMap(ListShards.ListShards, (list) => Effect.map(list({ clusterId }), ({ shards }) => shards))
