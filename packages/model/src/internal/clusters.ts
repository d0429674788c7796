import { type Slots, size, slotCount } from "@memstore-flows/api/Slots"
import type { KnownStatus } from "@memstore-flows/api/Status"
import type { ClusterState, NodeState, ShardState } from "../ClusterState.js"
import { movedAt, status } from "../Operation.js"
import { after } from "../SlotPlan.js"
import type { State } from "../State.js"
import type { Identities } from "./identity.js"
import { ordinal } from "./identity.js"

export const find = (state: State, clusterId: string): ClusterState | undefined =>
  state.clusters.find(({ id }) => id === clusterId)

export const put = (state: State, cluster: ClusterState): State => ({
  ...state,
  clusters: state.clusters.map((each) => (each.id === cluster.id ? cluster : each))
})

export const remove = (state: State, clusterId: string): State => ({
  ...state,
  clusters: state.clusters.filter(({ id }) => id !== clusterId)
})

export const putShard = (cluster: ClusterState, shard: ShardState): ClusterState => ({
  ...cluster,
  shards: cluster.shards.map((each) => (each.id === shard.id ? shard : each))
})

export const mapNodes = (
  cluster: ClusterState,
  ids: ReadonlyArray<string>,
  change: (node: NodeState) => NodeState
): ClusterState => ({
  ...cluster,
  shards: cluster.shards.map((shard) =>
    shard.nodes.some(({ id }) => ids.includes(id))
      ? { ...shard, nodes: shard.nodes.map((node) => (ids.includes(node.id) ? change(node) : node)) }
      : shard
  )
})

export const statusOf = (state: State, cluster: ClusterState): KnownStatus => {
  if (cluster.failedAt !== null && cluster.operation === null) return "Failed"
  if (cluster.operation !== null) return status(cluster.operation)
  return cluster.heals.length > 0 ? state.settings.healingStatus : "Running"
}

/** What each shard holds at `now`, slots on the move included. */
export const slotsAt = (cluster: ClusterState, now: number): ReadonlyMap<string, Slots> => {
  const { operation } = cluster
  const layout =
    operation === null || operation.moves.length === 0
      ? cluster.shards
      : after(cluster.shards, operation.moves, movedAt(operation, now))
  return new Map(layout.map(({ id, slots }) => [id, slots]))
}

export const withSlotsAt = (cluster: ClusterState, now: number): ClusterState => {
  const slots = slotsAt(cluster, now)
  return { ...cluster, shards: cluster.shards.map((shard) => ({ ...shard, slots: slots.get(shard.id) ?? [] })) }
}

/** The part of a number that belongs to these slots. */
export const shareOf = (value: number, slots: Slots): number => Math.round((value * size(slots)) / slotCount)

export const nodesUsed = (state: State): number =>
  state.clusters.reduce((sum, { shards }) => sum + shards.reduce((each, { nodes }) => each + nodes.length, 0), 0)

export const newNode = (
  ids: Identities,
  options: {
    readonly shardName: string
    readonly ordinal: number
    readonly subnetId: string
    readonly role: NodeState["role"]
    readonly now: number
    readonly visibleAt: number
  }
): NodeState => ({
  id: ids.id(),
  name: `${options.shardName}-${ordinal(options.ordinal)}`,
  subnetId: options.subnetId,
  endpoint: ids.endpoint(),
  role: options.role,
  createdAt: options.now,
  visibleAt: options.visibleAt,
  readyAt: null,
  syncedAt: null,
  downAt: null
})

export const newShard = (
  ids: Identities,
  options: {
    readonly clusterName: string
    readonly ordinal: number
    readonly slots: Slots
    readonly subnetIds: ReadonlyArray<string>
    readonly now: number
    readonly visibleAt: number
  }
): ShardState => {
  const name = `${options.clusterName}-${ordinal(options.ordinal)}`
  return {
    id: ordinal(options.ordinal),
    name,
    slots: options.slots,
    nodes: options.subnetIds.map((subnetId, index) =>
      newNode(ids, {
        shardName: name,
        ordinal: index + 1,
        subnetId,
        role: index === 0 ? "primary" : "replica",
        now: options.now,
        visibleAt: options.visibleAt
      })
    ),
    nextNode: options.subnetIds.length + 1,
    createdAt: options.now,
    visibleAt: options.visibleAt
  }
}

/** The live replica that holds the most data: the one in sync for the longest. */
export const freshest = (cluster: ClusterState, shard: ShardState): NodeState | undefined => {
  const leaving = cluster.operation?.kind === "DeleteNode" ? cluster.operation.nodeIds : []
  return shard.nodes
    .filter((node) => node.role === "replica" && node.downAt === null && node.readyAt !== null)
    .filter(({ id }) => !leaving.includes(id))
    .sort((a, b) => (a.syncedAt ?? 0) - (b.syncedAt ?? 0))[0]
}

/** Moves the primary role of a shard to one node. */
export const promote = (shard: ShardState, nodeId: string): ShardState => ({
  ...shard,
  nodes: shard.nodes.map((node) => ({ ...node, role: node.id === nodeId ? "primary" : "replica" }))
})
