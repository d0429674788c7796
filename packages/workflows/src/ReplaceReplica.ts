/**
 * The flow "replace a replica in another subnet".
 *
 * @since 0.1.0
 */
import type { AddReplica } from "@memstore-flows/api/AddReplica"
import type { DeleteNode } from "@memstore-flows/api/DeleteNode"
import type { ListBackups } from "@memstore-flows/api/ListBackups"
import type { ListClusters } from "@memstore-flows/api/ListClusters"
import type { ListShards } from "@memstore-flows/api/ListShards"
import { ResourceId } from "@memstore-flows/api/ResourceId"
import { Shard } from "@memstore-flows/api/Shard"
import * as Flow from "@memstore-flows/engine/Flow"
import type * as Run from "@memstore-flows/engine/Run"
import * as Step from "@memstore-flows/engine/Step"
import * as Rules from "@memstore-flows/model/Rules"
import * as Topology from "@memstore-flows/model/Topology"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Checks from "./Checks.js"
import type { Finding } from "./Finding.js"
import { ReplicaChanged } from "./FlowError.js"
import type { Facts } from "./Invariant.js"
import { replicaTakes } from "./internal/expected.js"
import { guardDeletion } from "./internal/replicaGuards.js"
import { Shards } from "./internal/shards.js"
import { whole } from "./internal/whole.js"
import { inService } from "./Preflight.js"
import { addReplica, deleteReplica, proveSync, ReplicaError } from "./Replica.js"

/**
 * - `nodeId`: the replica to replace
 * - `subnetId`: where the new one is placed
 * - `onUndo`: whether the new replica is removed (default) or kept when the run fails or is cancelled
 *
 * @since 0.1.0
 * @category schemas
 */
export const Payload = Schema.Struct({
  clusterId: ResourceId,
  shardId: ResourceId,
  nodeId: ResourceId,
  subnetId: Schema.NonEmptyString,
  onUndo: Schema.optionalWith(Schema.Literal("remove", "keep"), { exact: true }),
  ...Checks.payloadFields
}).annotations({ identifier: "ReplaceReplicaPayload" })

/**
 * @since 0.1.0
 * @category models
 */
export type Payload = typeof Payload.Type

/**
 * - `added`, `removed`: node ids
 * - `sync`: whether the new replica was proven in sync before the old one was deleted
 * - `endpointsAdded`, `endpointsRemoved`: private IPs, for clients that hold a list
 *
 * @since 0.1.0
 * @category schemas
 */
export const Result = Schema.Struct({
  clusterId: Schema.String,
  shardId: Schema.String,
  added: Schema.String,
  removed: Schema.String,
  sync: Schema.Literal("proven", "unproven"),
  endpointsAdded: Schema.Array(Schema.String),
  endpointsRemoved: Schema.Array(Schema.String),
  shards: Schema.Array(Shard)
}).annotations({ identifier: "ReplaceReplicaResult" })

/**
 * @since 0.1.0
 * @category models
 */
export type Result = typeof Result.Type

/**
 * What this flow calls, and nothing else.
 *
 * @since 0.1.0
 * @category models
 */
export type Requirements = AddReplica | DeleteNode | ListBackups | ListClusters | ListShards

/**
 * The contract. It locks the cluster.
 *
 * @since 0.1.0
 * @category contracts
 */
export const flow = Flow.make({
  name: "ReplaceReplica",
  version: 1,
  payload: Payload,
  success: Result,
  error: ReplicaError,
  resource: ({ clusterId }) => `cluster/${clusterId}`
})

const findings = (
  { clusterId, nodeId, shardId, subnetId }: Payload,
  { clusters, shards }: Facts
): ReadonlyArray<Finding> => {
  const subnets = Option.getOrUndefined(clusters)?.find(({ id }) => id === clusterId)?.subnets
  const node = shards.find(({ id }) => id === shardId)?.nodes.find(({ id }) => id === nodeId)
  return [
    ...Rules.addReplica({ clusterId, shards, shardId, subnetId, subnets }),
    ...(node?.subnet.id === subnetId ? [{ _tag: "AlreadyThere" as const, nodeId, subnetId }] : [])
  ]
}

const preflight = ({ clusterId }: Payload) =>
  Step.make("preflight", { success: Shards, error: ReplicaError, run: inService(clusterId, "preflight") })

const countIn = (shards: ReadonlyArray<Shard>, shardId: string): number =>
  shards.find(({ id }) => id === shardId)?.nodes.length ?? 0

/** More nodes than before mean that auto-heal put another in the place of the one to be deleted. */
const reached = ({ clusterId, nodeId, shardId }: Payload, before: ReadonlyArray<Shard>) =>
  Step.make("topology", {
    success: Shards,
    error: ReplicaError,
    run: Effect.filterOrFail(
      whole(clusterId, "topology", new Map([[shardId, countIn(before, shardId)]])),
      (shards) => countIn(shards, shardId) <= countIn(before, shardId),
      () => new ReplicaChanged({ clusterId, shardId, nodeId, became: "gone" })
    )
  })

/** The checks before anything is added, on all that is to come. */
const guardAll = (payload: Payload) => {
  const { clusterId, nodeId, shardId, subnetId } = payload
  const change = {
    what: `replace node ${nodeId} of shard ${shardId}`,
    clusterId,
    destructive: true,
    irreversible: ["delete"],
    addsNodes: 1,
    addsReplicas: [{ shardId, subnetId }],
    removesNodes: [{ shardId, nodeId }],
    takes: replicaTakes,
    tellsEndpoints: true
  }
  return Checks.guard("checks", change, (facts) => findings(payload, facts))
}

/**
 * The flow as a plain Effect, to be built into others.
 *
 * The checks are made before anything is sent, and again before the deletion. A replica is added in the wanted subnet,
 * identified, proven in sync by `ReplicaSync`; then, its role re-read, the old one is deleted, and the shard has as many nodes as before. If the old node became primary or is gone meanwhile, the
 * flow fails with `ReplicaChanged`: another replica is never taken silently. Undone, the new replica is removed, or kept
 * if `onUndo` says so; once the old one is deleted the new one stays, for the shard needs it.
 *
 * @since 0.1.0
 * @category constructors
 */
export const body = (payload: Payload): Effect.Effect<Result, ReplicaError, Requirements | Run.Run> =>
  Effect.gen(function* () {
    const { clusterId, nodeId, shardId, subnetId } = payload
    const before = yield* preflight(payload)
    yield* guardAll(payload)
    const size = countIn(before, shardId)
    const added = yield* addReplica("add", { clusterId, shardId, subnetId, size, undo: payload.onUndo })
    const sync = yield* proveSync("in sync", { clusterId, shardId, nodeId: added })
    yield* guardDeletion("checks before delete", { clusterId, shardId, nodeId, reliesOn: [added] })
    yield* deleteReplica("delete", { clusterId, shardId, nodeId })
    const after = yield* reached(payload, before)
    const { endpointsAdded, endpointsRemoved } = Topology.diff(Topology.make(before), Topology.make(after))
    return { clusterId, shardId, added, removed: nodeId, sync, endpointsAdded, endpointsRemoved, shards: after }
  }).pipe(Checks.without(payload.checksOff))

/**
 * Makes the flow known to the engine.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = flow.toLayer(body)
