/**
 * The flow "give every shard so many nodes".
 *
 * @since 0.1.0
 */
import type { AddReplica } from "@memstore-flows/api/AddReplica"
import { NodeCount } from "@memstore-flows/api/ClusterSpec"
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
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Checks from "./Checks.js"
import type { Finding } from "./Finding.js"
import type { ReplicaChanged } from "./FlowError.js"
import type { Facts } from "./Invariant.js"
import { counted, type Missing, unseen, unseenOrUneven } from "./internal/counted.js"
import { replicaTakes } from "./internal/expected.js"
import { guardDeletion } from "./internal/replicaGuards.js"
import { Shards } from "./internal/shards.js"
import { lacking, whole } from "./internal/whole.js"
import * as Placement from "./Placement.js"
import { addReplica, deleteReplica, proveSync, ReplicaError } from "./Replica.js"

/**
 * - `nodesPerShard`: the primary included, 2-5
 * - `subnets`: where new replicas may stand; by default where the shard's nodes stand already
 * - `onUndo`: whether added replicas are removed (default) or kept when the run fails or is cancelled
 *
 * @since 0.1.0
 * @category schemas
 */
export const Payload = Schema.Struct({
  clusterId: ResourceId,
  nodesPerShard: NodeCount,
  subnets: Schema.optionalWith(Schema.NonEmptyArray(Schema.NonEmptyString), { exact: true }),
  onUndo: Schema.optionalWith(Schema.Literal("remove", "keep"), { exact: true }),
  ...Checks.payloadFields
}).annotations({ identifier: "SetReplicaCountPayload" })

/**
 * @since 0.1.0
 * @category models
 */
export type Payload = typeof Payload.Type

/**
 * - `added`, `removed`: node ids
 * - `unproven`: added replicas whose sync could not be proven
 * - `endpointsAdded`, `endpointsRemoved`: private IPs, for clients that hold a list
 *
 * @since 0.1.0
 * @category schemas
 */
export const Result = Schema.Struct({
  clusterId: Schema.String,
  added: Schema.Array(Schema.String),
  removed: Schema.Array(Schema.String),
  unproven: Schema.Array(Schema.String),
  endpointsAdded: Schema.Array(Schema.String),
  endpointsRemoved: Schema.Array(Schema.String),
  shards: Schema.Array(Shard)
}).annotations({ identifier: "SetReplicaCountResult" })

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
  name: "SetReplicaCount",
  version: 1,
  payload: Payload,
  success: Result,
  error: ReplicaError,
  resource: ({ clusterId }) => `cluster/${clusterId}`
})

const poolOf = (shard: Shard, { subnets }: Payload): ReadonlyArray<string> =>
  subnets ?? [...new Set(shard.nodes.map(({ subnet }) => subnet.id))]

const findings = ({ clusterId, subnets }: Payload, { clusters }: Facts): ReadonlyArray<Finding> => {
  const pool = Option.getOrUndefined(clusters)?.find(({ id }) => id === clusterId)?.subnets
  return subnets?.flatMap((subnetId) => Rules.outside(pool, subnetId, "subnets")) ?? []
}

const shardsNow = (name: string, { clusterId }: Payload) =>
  Step.make(name, { success: Shards, error: ReplicaError, run: counted(clusterId, name, unseenOrUneven) })

interface Choice {
  readonly clusterId: string
  readonly shardId: string
  readonly size: number
}

/** The step that chooses, from the shards as they are now and auto-heal has left them, which node comes or goes next. */
const choose = (name: string, { clusterId, shardId, size }: Choice, pick: (shard: Shard) => string | undefined) =>
  Step.make(name, {
    success: Schema.String,
    error: ReplicaError,
    run: Effect.map(whole(clusterId, name, new Map([[shardId, size]])), (shards) => {
      const shard = shards.find(({ id }) => id === shardId)
      return (shard && pick(shard)) ?? ""
    })
  })

const grow = (payload: Payload, shardId: string, missing: number) =>
  Effect.forEach(
    Array.from({ length: missing }, (_, index) => index + 1),
    (n) =>
      Effect.gen(function* () {
        const { clusterId, nodesPerShard, onUndo: undo } = payload
        const size = nodesPerShard - missing + n - 1
        const subnetId = yield* choose(`subnet +${n}`, { clusterId, shardId, size }, (shard) =>
          Placement.forReplica(shard, poolOf(shard, payload))
        )
        const nodeId = yield* addReplica(`add +${n}`, { clusterId, shardId, subnetId, size, undo })
        const sync = yield* proveSync(`in sync +${n}`, { clusterId, shardId, nodeId })
        return { nodeId, sync }
      })
  )

/** What becomes of a change of the replica that was to leave. */
type Crossed = (changed: ReplicaChanged) => Effect.Effect<void, ReplicaChanged>

/**
 * Which replica leaves is chosen just before, by the roles there are then; a primary never does. It ends where one changed
 * just then. `size`: how many nodes the shard is left with, one that auto-heal has yet to bring included.
 */
const shrink = ({ clusterId, nodesPerShard }: Payload, shardId: string, surplus: number, crossed: Crossed) =>
  Effect.gen(function* () {
    const removed: Array<string> = []
    let size = nodesPerShard + surplus
    for (let n = 1; n <= surplus; n++) {
      const nodeId = yield* choose(`choose -${n}`, { clusterId, shardId, size }, Placement.leastNeeded)
      const isGone = yield* guardDeletion(`checks before delete -${n}`, {
        clusterId,
        shardId,
        nodeId,
        reliesOn: []
      }).pipe(
        Effect.zipRight(deleteReplica(`delete -${n}`, { clusterId, shardId, nodeId })),
        Effect.as(true),
        Effect.catchTag("ReplicaChanged", (changed) => Effect.as(crossed(changed), false))
      )
      if (!isGone) break
      removed.push(nodeId)
      size--
    }
    return { shardId, removed, size }
  })

type Shrunk = ReadonlyArray<Effect.Effect.Success<ReturnType<typeof shrink>>>

const removedIn = (shrunk: Shrunk): ReadonlyArray<string> => shrunk.flatMap(({ removed }) => removed)

/** The step that waits until each shard has its nodes, and those that are not shown yet where something tells of them. */
const reached = (name: string, { clusterId, nodesPerShard }: Payload, shrunk: Shrunk) => {
  const left = new Map(shrunk.map(({ shardId, size }) => [shardId, size]))
  const sizes = new Map(shrunk.map(({ shardId }) => [shardId, nodesPerShard]))
  const missing: Missing = (shards, said) => lacking(shards, left) ?? unseen(shards, said)
  return Step.make(name, {
    success: Shards,
    error: ReplicaError,
    run: Effect.flatMap(counted(clusterId, name, missing), (shards) =>
      lacking(shards, sizes) === undefined ? Effect.succeed(shards) : whole(clusterId, name, sizes)
    )
  })
}

/**
 * The flow as a plain Effect, to be built into others.
 *
 * All shards grow before any shrinks. A new replica goes to the subnet with the fewest nodes of its shard, and is proven
 * in sync by `ReplicaSync`. A replica leaves from the subnet with the most, chosen by the roles just before; never a
 * primary, never the last. Where it became primary or died just then, another is chosen. What auto-heal brings on top,
 * for a node that was dead when the shards were counted, leaves in the end, until the count holds. Undone, added replicas
 * are removed; deleted ones cannot be brought back, which the outcome says.
 *
 * @since 0.1.0
 * @category constructors
 */
export const body = (payload: Payload): Effect.Effect<Result, ReplicaError, Requirements | Run.Run> =>
  Effect.gen(function* () {
    const { clusterId, nodesPerShard } = payload
    const before = yield* shardsNow("shards", payload)
    const missing = (shard: Shard): number => Math.max(0, nodesPerShard - shard.nodes.length)
    const surplus = (shard: Shard): number => Math.max(0, shard.nodes.length - nodesPerShard)
    let lives = before.reduce((sum, { nodes }) => sum + nodes.length, 0)
    const crossed: Crossed = (changed) => (lives-- > 0 ? Effect.void : Effect.fail(changed))
    const adds = before.reduce((sum, shard) => sum + missing(shard), 0)
    const change = {
      what: `give each shard ${nodesPerShard} nodes`,
      clusterId,
      destructive: false,
      addsNodes: adds,
      takes: Duration.times(replicaTakes, adds),
      tellsEndpoints: true
    }
    yield* Checks.guard("checks", change, (facts) => findings(payload, facts))
    const grown = yield* Step.each(before, { name: ({ id }) => `shard ${id}` }, (shard) =>
      grow(payload, shard.id, missing(shard))
    )
    const shrunk = yield* Step.each(before, { name: ({ id }) => `shard ${id}` }, (shard) =>
      shrink(payload, shard.id, surplus(shard), crossed)
    )
    const removed = [...removedIn(shrunk)]
    let shards = yield* reached("topology", payload, shrunk)
    for (let n = 1; shards.some((shard) => surplus(shard) > 0); n++) {
      const again = n === 1 ? "" : ` ${n}`
      const late = yield* Step.each(shards, { name: ({ id }) => `healed${again} shard ${id}` }, (shard) =>
        shrink(payload, shard.id, surplus(shard), crossed)
      )
      removed.push(...removedIn(late))
      shards = yield* reached(`topology after healing${again}`, payload, late)
    }
    const added = grown.flat().filter(({ nodeId }) => !removed.includes(nodeId))
    return {
      clusterId,
      added: added.map(({ nodeId }) => nodeId),
      removed,
      unproven: added.flatMap(({ nodeId, sync }) => (sync === "unproven" ? [nodeId] : [])),
      ...Checks.endpoints(before, shards),
      shards
    }
  }).pipe(Checks.without(payload.checksOff))

/**
 * Makes the flow known to the engine.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = flow.toLayer(body)
