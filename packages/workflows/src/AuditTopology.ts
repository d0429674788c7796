/**
 * The flow "what is wrong with my clusters, and how much room is left".
 *
 * @since 0.1.0
 */
import type { Cluster } from "@memstore-flows/api/Cluster"
import { NodeCount } from "@memstore-flows/api/ClusterSpec"
import { limits } from "@memstore-flows/api/Limits"
import { ListClusters } from "@memstore-flows/api/ListClusters"
import type { ListShards } from "@memstore-flows/api/ListShards"
import { ResourceId } from "@memstore-flows/api/ResourceId"
import type { Shard } from "@memstore-flows/api/Shard"
import * as Slots from "@memstore-flows/api/Slots"
import * as Flow from "@memstore-flows/engine/Flow"
import type * as Run from "@memstore-flows/engine/Run"
import * as Step from "@memstore-flows/engine/Step"
import * as Rules from "@memstore-flows/model/Rules"
import * as Topology from "@memstore-flows/model/Topology"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { CheckPolicy } from "./Checks.js"
import { Finding } from "./Finding.js"
import { CallError } from "./FlowError.js"
import * as Observe from "./Observe.js"

/**
 * - `clusterIds`: by default every cluster of the project
 * - `nodesPerShard`: how many nodes each shard shall have, 2-5; by default two
 *
 * @since 0.1.0
 * @category schemas
 */
export const Payload = Schema.Struct({
  clusterIds: Schema.optionalWith(Schema.Array(ResourceId), { exact: true }),
  nodesPerShard: Schema.optionalWith(NodeCount, { exact: true })
}).annotations({ identifier: "AuditTopologyPayload" })

/**
 * @since 0.1.0
 * @category models
 */
export type Payload = typeof Payload.Type

/**
 * - `clusters`: each with what was found, none when all is well
 * - `quota`: nodes used and left in the project, counted from the clusters looked at when all were; else `null`
 * - `room`: shards each cluster may still get
 *
 * @since 0.1.0
 * @category schemas
 */
export const Result = Schema.Struct({
  clusters: Schema.Array(
    Schema.Struct({
      clusterId: Schema.String,
      shards: Schema.Number,
      nodes: Schema.Number,
      room: Schema.Number,
      findings: Schema.Array(Finding)
    })
  ),
  quota: Schema.NullOr(Schema.Struct({ used: Schema.Number, left: Schema.Number }))
}).annotations({ identifier: "AuditTopologyResult" })

/**
 * @since 0.1.0
 * @category models
 */
export type Result = typeof Result.Type

/**
 * Every way this flow can fail.
 *
 * @since 0.1.0
 * @category errors
 */
export const AuditError = CallError

/**
 * @since 0.1.0
 * @category errors
 */
export type AuditError = typeof AuditError.Type

/**
 * What this flow calls, and nothing else.
 *
 * @since 0.1.0
 * @category models
 */
export type Requirements = ListClusters | ListShards

/**
 * The contract. It only reads, and locks nothing.
 *
 * @since 0.1.0
 * @category contracts
 */
export const flow = Flow.make({
  name: "AuditTopology",
  version: 1,
  payload: Payload,
  success: Result,
  error: AuditError
})

const ofShard = (shard: Shard, wanted: number): ReadonlyArray<Finding> => {
  const [only, ...others] = new Set(shard.nodes.map(({ subnet }) => subnet.id))
  return [
    ...(shard.nodes.length < wanted
      ? [{ _tag: "NotEnoughReplicas" as const, shardId: shard.id, nodes: shard.nodes.length, wanted }]
      : []),
    ...(only !== undefined && others.length === 0
      ? [{ _tag: "NotSpread" as const, path: `shard ${shard.id}`, subnetId: only }]
      : [])
  ]
}

/**
 * What is wrong with one cluster: states, uncovered or uneven slots, missing replicas, shards in one subnet. Pure.
 *
 * `unevenness`: as in `Invariant.Limits`.
 *
 * @since 0.1.0
 * @category destructors
 */
export const audit = (
  clusterId: string,
  shards: ReadonlyArray<Shard>,
  options: { readonly nodesPerShard: number; readonly unevenness: number }
): ReadonlyArray<Finding> => {
  const topology = Topology.make(shards)
  const { missing, overlapping, unreadable } = Topology.coverage(topology)
  const covered = missing.length === 0 && overlapping.length === 0 && unreadable.length === 0
  const { max, min } = Topology.extent(topology)
  const tolerance = Math.max(1, Math.ceil((Slots.slotCount / Math.max(1, shards.length)) * options.unevenness))
  return [
    ...Rules.settled(clusterId, shards),
    ...(covered
      ? []
      : [
          {
            _tag: "SlotsUncovered" as const,
            clusterId,
            missing: Slots.format(missing),
            overlapping: Slots.format(overlapping)
          }
        ]),
    ...(shards.length > 1 && max - min > tolerance
      ? [{ _tag: "SlotsUneven" as const, clusterId, min, max, tolerance }]
      : []),
    ...shards.flatMap((shard) => ofShard(shard, options.nodesPerShard))
  ]
}

const look = (clusterId: string, nodesPerShard: number) =>
  Effect.gen(function* () {
    const { unevenness } = yield* CheckPolicy
    const topology = yield* Observe.topology(clusterId)
    const { shards } = topology
    return {
      clusterId,
      shards: shards.length,
      nodes: Topology.nodeCount(topology),
      room: Math.max(0, limits.shards.max - shards.length),
      findings: audit(clusterId, shards, { nodesPerShard, unevenness })
    }
  })

const all = Effect.flatMap(ListClusters, (list) =>
  Effect.map(list({}), ({ clusters }) => clusters.map(({ id }: Cluster) => id))
)

/**
 * The flow as a plain Effect, to be built into others: reads every cluster, and lists what is wrong with each.
 *
 * @since 0.1.0
 * @category constructors
 */
export const body = ({
  clusterIds,
  nodesPerShard = 2
}: Payload): Effect.Effect<Result, AuditError, Requirements | Run.Run> =>
  Step.make("audit", {
    success: Result,
    error: AuditError,
    run: Effect.gen(function* () {
      const ids = clusterIds ?? (yield* all)
      const clusters = yield* Effect.forEach(ids, (id) => look(id, nodesPerShard), { concurrency: 4 })
      const used = clusters.reduce((sum, { nodes }) => sum + nodes, 0)
      const quota = clusterIds === undefined ? { used, left: Math.max(0, limits.nodesPerProject - used) } : null
      return { clusters, quota }
    })
  })

/**
 * Makes the flow known to the engine.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = flow.toLayer(body)
