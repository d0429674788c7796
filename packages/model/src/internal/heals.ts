import type { ClusterState, Heal, NodeState, ShardState } from "../ClusterState.js"
import type { State } from "../State.js"
import { freshest, mapNodes, newNode, promote, put, putShard, shareOf, slotsAt } from "./clusters.js"
import { identities } from "./identity.js"

const without = (cluster: ClusterState, heal: Heal): ClusterState => ({
  ...cluster,
  heals: cluster.heals.filter((each) => each !== heal)
})

/** The data of a shard that lost every copy is gone. */
const loseShare = (cluster: ClusterState, shardId: string, now: number): ClusterState => {
  const slots = slotsAt(cluster, now).get(shardId) ?? []
  return {
    ...cluster,
    keys: cluster.keys - shareOf(cluster.keys, slots),
    usedMemory: cluster.usedMemory - shareOf(cluster.usedMemory, slots)
  }
}

/** Takes a dead node out and puts a new one, not in service yet, in its place. */
const replaceNode = (state: State, cluster: ClusterState, heal: Heal, shard: ShardState, dead: NodeState): State => {
  const now = heal.dueAt
  const { latencies } = state.settings
  const heir = dead.role === "primary" ? freshest(cluster, shard) : undefined
  const orphaned = dead.role === "primary" && heir === undefined
  const ids = identities(state)
  const node = newNode(ids, {
    shardName: shard.name,
    ordinal: shard.nextNode,
    subnetId: dead.subnetId,
    role: orphaned ? "primary" : "replica",
    now,
    visibleAt: orphaned ? now : now + latencies.visibility
  })
  const roles = heir === undefined ? shard : promote(shard, heir.id)
  const replaced: ShardState = {
    ...roles,
    nextNode: shard.nextNode + 1,
    nodes: [...roles.nodes.filter(({ id }) => id !== dead.id), node]
  }
  const kept = orphaned ? loseShare(cluster, shard.id, now) : cluster
  const next: Heal = { phase: "Replacing", shardId: shard.id, nodeId: node.id, dueAt: now + latencies.replace }
  return put(
    { ...state, counter: ids.counter() },
    putShard({ ...kept, heals: kept.heals.map((each) => (each === heal ? next : each)) }, replaced)
  )
}

/** Carries out what a heal does when it is due. */
export const heal = (state: State, cluster: ClusterState, due: Heal): State => {
  const shard = cluster.shards.find(({ id }) => id === due.shardId)
  const node = shard?.nodes.find(({ id }) => id === due.nodeId)
  const leaving = cluster.operation?.kind === "DeleteNode" && cluster.operation.nodeIds.includes(due.nodeId)
  if (shard === undefined || node === undefined || leaving) return put(state, without(cluster, due))
  if (due.phase === "Detecting") return replaceNode(state, cluster, due, shard, node)
  const syncedAt = due.dueAt + (node.role === "primary" ? 0 : state.settings.latencies.sync)
  const inService = mapNodes(cluster, [node.id], (each) => ({ ...each, readyAt: due.dueAt, syncedAt }))
  return put(state, without(inService, due))
}
