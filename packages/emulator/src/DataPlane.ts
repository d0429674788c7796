/**
 * What nodes are made of.
 *
 * @since 0.1.0
 */
import * as Slots from "@memstore-flows/api/Slots"
import type { Applied } from "@memstore-flows/model/Apply"
import type { Disturbance, Write } from "@memstore-flows/model/Command"
import type { Refusal } from "@memstore-flows/model/Refusal"
import type { Settings } from "@memstore-flows/model/Settings"
import type { State } from "@memstore-flows/model/State"
import * as View from "@memstore-flows/model/View"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { asDeath } from "./internal/asDeath.js"
import type { NodeFault } from "./NodeFault.js"

/**
 * The cloud as a data plane sees it.
 *
 * - `state`: as it is now
 * - `report`: tells what happened: `AdvanceOperation`, `CompleteOperation`, `ReportMoved`, `SetEndpoint`, ...
 * - `reached`: tells that the work on a cluster comes to a step; done when the faults that waited for it have struck
 * - `strike`: lets the faults strike that wait for a time which has come. A plane that ends work by signal calls it often
 *
 * @since 0.1.0
 * @category models
 */
export interface Cloud {
  readonly state: Effect.Effect<State>
  readonly report: (disturbance: Disturbance) => Effect.Effect<Applied, Refusal>
  readonly reached: (clusterId: string, step: string) => Effect.Effect<void>
  readonly strike: Effect.Effect<void>
}

/**
 * A write that was accepted, with the state before and after it.
 *
 * - `password`: of the user of a new cluster, as it was sent; the state does not have it
 * - `sticks`: the operation it begins does not end until it is released
 *
 * @since 0.1.0
 * @category models
 */
export interface Begun {
  readonly command: Write
  readonly objectId: string
  readonly before: State
  readonly after: State
  readonly password: Redacted.Redacted<string> | undefined
  readonly sticks: boolean
}

/**
 * What a data plane tells about itself.
 *
 * - `engine`: the program that the nodes are, `null` when they are none; its version need not be the one a cluster was
 *   asked for, which the API shows
 * - `otherVersions`: clusters that were asked for in another version than the program's, with that version, by id
 * - `failures`: why clusters or backups failed, by id
 * - `authorities`: the file of the certificate that clients of a cluster with TLS trust, by cluster id
 *
 * @since 0.1.0
 * @category schemas
 */
export const PlaneReport = Schema.Struct({
  name: Schema.String,
  engine: Schema.NullOr(Schema.Struct({ name: Schema.String, version: Schema.String, path: Schema.String })),
  otherVersions: Schema.Record({ key: Schema.String, value: Schema.String }),
  failures: Schema.Record({ key: Schema.String, value: Schema.String }),
  authorities: Schema.Record({ key: Schema.String, value: Schema.String })
}).annotations({ identifier: "PlaneReport" })

/**
 * @since 0.1.0
 * @category models
 */
export type PlaneReport = typeof PlaneReport.Type

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
 * - `settings`: of the model, where the plane needs others than the emulator's
 * - `open`: called once, with the state as it was kept: what was under way goes on
 * - `prepare`: called before a write is tried
 * - `begun`: called after each accepted write and before its answer; long work belongs in a fiber of the plane's own scope
 * - `disturb`: what befalls the cloud without any call
 * - `loadKeys`: puts simple keys into a cluster; `census`: what each shard holds
 * - `reset`: called when all clusters are forgotten
 *
 * @since 0.1.0
 * @category models
 */
export interface DataPlane {
  readonly name: string
  readonly endsBy: "time" | "signal"
  readonly settings: Partial<Settings>
  readonly about: Effect.Effect<PlaneReport>
  readonly open: (cloud: Cloud) => Effect.Effect<void>
  readonly prepare: (cloud: Cloud, command: Write) => Effect.Effect<void>
  readonly begun: (cloud: Cloud, work: Begun) => Effect.Effect<void>
  readonly disturb: (cloud: Cloud, what: Disturbance | NodeFault) => Effect.Effect<void, Refusal>
  readonly loadKeys: (
    cloud: Cloud,
    keys: { readonly clusterId: string; readonly count: number; readonly bytesPerKey: number }
  ) => Effect.Effect<void, Refusal>
  readonly census: (cloud: Cloud, clusterId: string) => Effect.Effect<ReadonlyArray<ShardCensus>, Refusal>
  readonly reset: (cloud: Cloud) => Effect.Effect<void>
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
  settings: {},
  about: Effect.succeed({ name: "simulated", engine: null, otherVersions: {}, failures: {}, authorities: {} }),
  open: () => Effect.void,
  prepare: () => Effect.void,
  begun: () => Effect.void,
  disturb: (cloud, what) =>
    Effect.flatMap(cloud.state, (state) => {
      const disturbance = asDeath(state, what)
      return disturbance === undefined ? Effect.void : Effect.asVoid(cloud.report(disturbance))
    }),
  reset: () => Effect.void,
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
