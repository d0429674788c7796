/**
 * A local MemStore cloud.
 *
 * @since 0.1.0
 */
import type * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import type * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as Latencies from "@memstore-flows/model/Latencies"
import type { Refusal } from "@memstore-flows/model/Refusal"
import * as State from "@memstore-flows/model/State"
import * as Chunk from "effect/Chunk"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as DataPlane from "./DataPlane.js"
import type { Disturbance } from "./Disturbance.js"
import type { ConnectionBroken } from "./EmulatorError.js"
import type { Armed, Fault } from "./Faults.js"
import * as Application from "./internal/application.js"
import * as Cloud from "./internal/Cloud.js"
import * as Control from "./internal/controlHandlers.js"
import * as Front from "./internal/front.js"
import type { JournalEntry } from "./JournalEntry.js"
import type { Storage } from "./Storage.js"

/**
 * The one access key the emulator accepts: by `id`, or by `name` together with `userId`.
 *
 * @since 0.1.0
 * @category models
 */
export interface Credential {
  readonly id: string
  readonly name: string
  readonly userId: string
  readonly secret: Redacted.Redacted<string>
}

/**
 * The access key of an emulator that is not told another: `emulator` for all four parts.
 *
 * @since 0.1.0
 * @category constants
 */
export const defaultCredential: Credential = {
  id: "emulator",
  name: "emulator",
  userId: "emulator",
  secret: Redacted.make("emulator")
}

/**
 * How an emulator is made; all of it has a default.
 *
 * - `latencies`: a preset's name or your own, default `"fast"`
 * - `model`: seed, versions, flavors, known subnets, settings
 * - `credential`: what differs from `defaultCredential`
 * - `tokenLifetime`: default 12 hours
 * - `faults`: in waiting from the start; `seed`: for faults with a probability, default 1
 * - `plane`: what nodes are made of, default `DataPlane.simulated`
 * - `storage`: where the state is kept, default nowhere
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  readonly latencies?: keyof typeof Latencies.presets | Latencies.Latencies
  readonly model?: State.Options
  readonly credential?: Partial<Credential>
  readonly tokenLifetime?: Duration.DurationInput
  readonly faults?: ReadonlyArray<Fault>
  readonly seed?: number
  readonly plane?: DataPlane.DataPlane
  readonly storage?: Storage
}

/**
 * Control of the faults in waiting.
 *
 * - `add`: answers the fault with its id; `remove`: answers whether there was one
 * - `replace`: all of them; `seed`: default 1
 *
 * @since 0.1.0
 * @category models
 */
export interface FaultControl {
  readonly add: (fault: Fault) => Effect.Effect<Armed>
  readonly remove: (id: string) => Effect.Effect<boolean>
  readonly replace: (faults: ReadonlyArray<Fault>, seed?: number) => Effect.Effect<ReadonlyArray<Armed>>
  readonly clear: Effect.Effect<void>
  readonly list: Effect.Effect<ReadonlyArray<Armed>>
}

/**
 * - `handle`: answers a request; fails when a fault breaks its connection
 * - `state`: the model as it is now
 * - `writes`: how many writes were applied, by operation (`CreateCluster`, `RestoreCluster`, `AddShard`, ...)
 * - `journal`: the last 1,000 requests, oldest first
 * - `disturb`: fails with a text when there is no such cluster, shard or node, or with the model's refusal
 * - `loadKeys`: simple keys, `bytesPerKey` default 100; `census`: what each shard holds
 * - `reset`: no clusters, faults, counts and journal; tokens stay good
 *
 * @since 0.1.0
 * @category services
 */
export interface Service {
  readonly credential: Credential
  readonly handle: (
    request: HttpServerRequest.HttpServerRequest
  ) => Effect.Effect<HttpServerResponse.HttpServerResponse, ConnectionBroken>
  readonly state: Effect.Effect<State.State>
  readonly writes: Effect.Effect<Readonly<Record<string, number>>>
  readonly journal: Effect.Effect<ReadonlyArray<JournalEntry>>
  readonly faults: FaultControl
  readonly disturb: (disturbance: Disturbance) => Effect.Effect<void, string | Refusal>
  readonly loadKeys: (keys: {
    readonly clusterId: string
    readonly count: number
    readonly bytesPerKey?: number
  }) => Effect.Effect<ReadonlyArray<DataPlane.ShardCensus>, Refusal>
  readonly census: (clusterId: string) => Effect.Effect<ReadonlyArray<DataPlane.ShardCensus>, Refusal>
  readonly reset: Effect.Effect<void>
}

const settle = (options: Options) => {
  const { credential = {}, latencies = "fast", model = {}, plane = DataPlane.simulated } = options
  const chosen = typeof latencies === "string" ? Latencies.presets[latencies] : latencies
  return {
    key: { ...defaultCredential, ...credential },
    lifetime: Duration.decode(options.tokenLifetime ?? "12 hours"),
    cloud: {
      initial: State.make({
        ...model,
        settings: { latencies: chosen, ...model.settings, ...plane.settings, endsBy: plane.endsBy }
      }),
      plane,
      seed: options.seed ?? 1,
      faults: options.faults ?? [],
      storage: options.storage
    }
  }
}

const faultControl = (cloud: typeof Cloud.Cloud.Service): FaultControl => ({
  add: (fault) => Effect.flatMap(cloud.transact(Control.addFault(fault)), Effect.fromNullable).pipe(Effect.orDie),
  remove: (id) => Effect.map(cloud.transact(Control.removeFault(id)), (left) => left !== undefined),
  replace: (faults, seed) => Effect.map(cloud.transact(Control.replaceFaults(faults, seed)), (each) => each.faults),
  clear: Effect.asVoid(cloud.transact(Control.clearFaults)),
  list: cloud.transact((world) => [world.plan.faults, world])
})

/**
 * A cloud of one project. It needs no fiber of its own: its state is a function of the caller's `Clock`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (options: Options = {}): Effect.Effect<Service> =>
  Effect.gen(function* () {
    const settled = settle(options)
    const cloud = yield* Cloud.make(settled.cloud)
    const routed = yield* Application.make(settled.key, settled.lifetime).pipe(
      Effect.provideService(Cloud.Cloud, cloud),
      Effect.scoped
    )
    return {
      credential: settled.key,
      handle: Front.make(cloud, routed),
      state: cloud.state,
      writes: cloud.transact((world) => [world.writes, world]),
      journal: cloud.transact((world) => [Chunk.toReadonlyArray(world.journal), world]),
      faults: faultControl(cloud),
      disturb: (disturbance) => cloud.disturb(disturbance),
      loadKeys: ({ bytesPerKey = 100, ...keys }) => cloud.loadKeys({ ...keys, bytesPerKey }),
      census: cloud.census,
      reset: cloud.reset
    }
  })

/**
 * A local MemStore cloud, with control over what befalls it.
 *
 * @since 0.1.0
 * @category services
 */
export class Emulator extends Context.Tag("@memstore-flows/emulator/Emulator")<Emulator, Service>() {
  /** A cloud in memory. `EmulatorClient.layer` calls it without sockets, `EmulatorServer.layer` serves it. */
  static readonly layer = (options: Options = {}): Layer.Layer<Emulator> => Layer.effect(Emulator, make(options))
}
