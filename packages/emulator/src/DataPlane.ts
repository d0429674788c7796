/**
 * What nodes are made of.
 *
 * @since 0.1.0
 */
import * as Slots from "@memstore-flows/api/Slots"
import type { Applied } from "@memstore-flows/model/Apply"
import type { Disturbance, Write } from "@memstore-flows/model/Command"
import type { Refusal } from "@memstore-flows/model/Refusal"
import type { State } from "@memstore-flows/model/State"
import * as View from "@memstore-flows/model/View"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"

/**
 * The cloud as a data plane sees it.
 *
 * - `state`: as it is now
 * - `report`: tells what happened: `AdvanceOperation`, `CompleteOperation`, `ReportMoved`, `SetEndpoint`, ...
 *
 * @since 0.1.0
 * @category models
 */
export interface Cloud {
  readonly state: Effect.Effect<State>
  readonly report: (disturbance: Disturbance) => Effect.Effect<Applied, Refusal>
}

/**
 * A write that was accepted, with the state before and after it.
 *
 * @since 0.1.0
 * @category models
 */
export interface Begun {
  readonly command: Write
  readonly objectId: string
  readonly before: State
  readonly after: State
}

/**
 * What a shard holds. `usedMemory` in bytes.
 *
 * @since 0.1.0
 * @category models
 */
export interface ShardCensus {
  readonly shardId: string
  readonly slots: string
  readonly keys: number
  readonly usedMemory: number
}

/**
 * The nodes behind the cloud.
 *
 * - `endsBy`: `"time"`: the model's timings say when work ends; `"signal"`: only `Cloud.report` does
 * - `begun`: called after each accepted write and before its answer; long work belongs in a fiber of the plane's own scope
 * - `loadKeys`: puts simple keys into a cluster
 * - `census`: what each shard holds
 *
 * @since 0.1.0
 * @category models
 */
export interface DataPlane {
  readonly name: string
  readonly endsBy: "time" | "signal"
  readonly begun: (cloud: Cloud, work: Begun) => Effect.Effect<void>
  readonly loadKeys: (
    cloud: Cloud,
    keys: { readonly clusterId: string; readonly count: number; readonly bytesPerKey: number }
  ) => Effect.Effect<void, Refusal>
  readonly census: (cloud: Cloud, clusterId: string) => Effect.Effect<ReadonlyArray<ShardCensus>, Refusal>
}

/**
 * No processes: the model's timings and its count of keys.
 *
 * @since 0.1.0
 * @category planes
 */
export const simulated: DataPlane = {
  name: "simulated",
  endsBy: "time",
  begun: () => Effect.void,
  loadKeys: (cloud, { bytesPerKey, clusterId, count }) =>
    Effect.asVoid(cloud.report({ _tag: "LoadKeys", clusterId, keys: count, bytes: count * bytesPerKey })),
  census: (cloud, clusterId) =>
    Effect.gen(function* () {
      const state = yield* cloud.state
      const now = yield* Clock.currentTimeMillis
      yield* View.cluster(state, clusterId, now)
      return View.shardData(state, clusterId, now).map((shard) => ({ ...shard, slots: Slots.format(shard.slots) }))
    })
}
