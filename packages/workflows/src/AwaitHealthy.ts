/**
 * The flow "wait until a cluster is healthy".
 *
 * @since 0.1.0
 */
import { NodeCount, ShardCount } from "@memstore-flows/api/ClusterSpec"
import type { ListShards } from "@memstore-flows/api/ListShards"
import { ResourceId } from "@memstore-flows/api/ResourceId"
import { Shard } from "@memstore-flows/api/Shard"
import * as Flow from "@memstore-flows/engine/Flow"
import * as Run from "@memstore-flows/engine/Run"
import * as Step from "@memstore-flows/engine/Step"
import * as Topology from "@memstore-flows/model/Topology"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { CallError, ClusterFailed, WaitTimedOut } from "./FlowError.js"
import { Shards } from "./internal/shards.js"
import * as Observe from "./Observe.js"
import * as Waiter from "./Waiter.js"

/**
 * - `within`: how long to wait, in milliseconds on the wire
 * - `shards`, `nodesPerShard`: how many there shall be, 1-12 and 2-5; by default any number, with a replica in each shard
 *
 * @since 0.1.0
 * @category schemas
 */
export const Payload = Schema.Struct({
  clusterId: ResourceId,
  within: Schema.DurationFromMillis,
  shards: Schema.optionalWith(ShardCount, { exact: true }),
  nodesPerShard: Schema.optionalWith(NodeCount, { exact: true })
}).annotations({ identifier: "AwaitHealthyPayload" })

/**
 * @since 0.1.0
 * @category models
 */
export type Payload = typeof Payload.Type

/**
 * The cluster, and what changed while it was waited for: roles (a failover), and nodes (auto-heal).
 *
 * @since 0.1.0
 * @category schemas
 */
export const Result = Schema.Struct({
  clusterId: Schema.String,
  shards: Schema.Array(Shard),
  rolesChanged: Schema.Array(
    Schema.Struct({
      shardId: Schema.String,
      nodeId: Schema.String,
      before: Schema.String,
      after: Schema.String
    })
  ),
  nodesAdded: Schema.Array(Schema.String),
  nodesRemoved: Schema.Array(Schema.String)
}).annotations({ identifier: "AwaitHealthyResult" })

/**
 * @since 0.1.0
 * @category models
 */
export type Result = typeof Result.Type

/**
 * Every way this flow can fail; `WaitTimedOut` carries what was seen instead.
 *
 * @since 0.1.0
 * @category errors
 */
export const HealthError = Schema.Union(...CallError.members, ClusterFailed, WaitTimedOut)

/**
 * @since 0.1.0
 * @category errors
 */
export type HealthError = typeof HealthError.Type

/**
 * What this flow calls, and nothing else.
 *
 * @since 0.1.0
 * @category models
 */
export type Requirements = ListShards

/**
 * The contract. It only reads, and locks nothing.
 *
 * @since 0.1.0
 * @category contracts
 */
export const flow = Flow.make({
  name: "AwaitHealthy",
  version: 1,
  payload: Payload,
  success: Result,
  error: HealthError
})

const ailing = (seen: Topology.Topology, { nodesPerShard = 2, shards }: Payload): string | undefined => {
  const state = Observe.unsettled(seen)
  if (state !== undefined) return state
  if (shards !== undefined && seen.shards.length !== shards) return `${seen.shards.length} of ${shards} shards`
  const short = seen.shards.find(({ nodes }) => nodes.length < nodesPerShard)
  if (short !== undefined) return `shard ${short.id} has ${short.nodes.length} of ${nodesPerShard} nodes`
  return undefined
}

const healthy = (payload: Payload) =>
  Step.make("healthy", {
    success: Shards,
    error: HealthError,
    run: Effect.gen(function* () {
      const run = yield* Run.Run
      const { clusterId } = payload
      const deadline = yield* Waiter.deadlineIn(payload.within)
      return yield* Waiter.until({
        what: `cluster ${clusterId} to be healthy`,
        read: Observe.topology(clusterId),
        deadline,
        onPending: (message) => Effect.provideService(Run.progress({ message, subject: clusterId }), Run.Run, run),
        judge: (seen): Waiter.Verdict<ReadonlyArray<Shard>, ClusterFailed> => {
          if (Observe.hasFailed(seen)) return Waiter.broken(new ClusterFailed({ clusterId, during: "waiting" }))
          const state = ailing(seen, payload)
          return state === undefined ? Waiter.done(seen.shards) : Waiter.pending(state)
        }
      })
    })
  })

/**
 * The flow as a plain Effect, to be built into others.
 *
 * It waits until every shard is in service, has one primary and the wanted nodes, and every slot is covered once.
 *
 * @since 0.1.0
 * @category constructors
 */
export const body = (payload: Payload): Effect.Effect<Result, HealthError, Requirements | Run.Run> =>
  Effect.gen(function* () {
    const { clusterId } = payload
    const before = yield* Step.make("before", {
      success: Shards,
      error: HealthError,
      run: Effect.map(Observe.topology(clusterId), ({ shards }) => shards)
    })
    const shards = yield* healthy(payload)
    const { nodesAdded, nodesRemoved, rolesChanged } = Topology.diff(Topology.make(before), Topology.make(shards))
    return {
      clusterId,
      shards,
      rolesChanged,
      nodesAdded: nodesAdded.map(({ node }) => node.id),
      nodesRemoved: nodesRemoved.map(({ node }) => node.id)
    }
  })

/**
 * Makes the flow known to the engine.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = flow.toLayer(body)
