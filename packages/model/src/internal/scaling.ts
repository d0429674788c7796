import type { ClusterState, ShardState } from "../ClusterState.js"
import type { Write } from "../Command.js"
import * as Rules from "../Rules.js"
import { type Move, addShard as planAdd, removeShard as planRemove, total } from "../SlotPlan.js"
import type { State } from "../State.js"
import { newNode, newShard, nodesUsed, putShard } from "./clusters.js"
import { identities, ordinal } from "./identity.js"
import { begin } from "./operations.js"
import { accept, check, type Outcome, present, unknown, withCluster } from "./outcome.js"

type Of<Tag extends Write["_tag"]> = Extract<Write, { readonly _tag: Tag }>

const migration = (state: State, moves: ReadonlyArray<Move>): number =>
  Math.round((total(moves) * 1000) / state.settings.latencies.slotsPerSecond)

export const addShard = (state: State, command: Of<"AddShard">, now: number): Outcome =>
  withCluster(state, command.clusterId, (cluster) => {
    const { nodeCount, subnetAssignment } = command
    const subnetIds = [subnetAssignment.primary.id, ...subnetAssignment.replicas.map(({ id }) => id)]
    const reasons = [
      ...Rules.addShard({
        ...present(state, cluster, now),
        nodeCount,
        subnetAssignment,
        subnets: cluster.subnets,
        projectNodes: nodesUsed(state)
      }),
      ...unknown(state.subnets, subnetIds, (subnetId) => ({ _tag: "UnknownSubnet", subnetId }))
    ]
    return check(state, reasons, () => {
      const { latencies } = state.settings
      const ids = identities(state)
      const shard = newShard(ids, {
        clusterName: cluster.name,
        ordinal: cluster.nextShard,
        slots: [],
        subnetIds,
        now,
        visibleAt: now + latencies.visibility
      })
      const id = ids.id()
      const moves = planAdd(cluster.shards, ordinal(cluster.nextShard))
      const grown: ClusterState = {
        ...cluster,
        shards: [...cluster.shards, shard],
        nextShard: cluster.nextShard + 1
      }
      const begun = begin({ ...state, counter: ids.counter() }, grown, {
        id,
        kind: "AddShard",
        now,
        stages: [
          ["Nodes", latencies.addNodes],
          ["Slots", migration(state, moves)]
        ],
        shardId: shard.id,
        nodeIds: shard.nodes.map((node) => node.id),
        moves
      })
      return accept(begun, cluster.id, Rules.spread({ subnetAssignment, path: "subnetAssignments" }))
    })
  })

export const deleteShard = (state: State, command: Of<"DeleteShard">, now: number): Outcome =>
  withCluster(state, command.clusterId, (cluster) => {
    const { shardId } = command
    return check(state, Rules.deleteShard({ ...present(state, cluster, now), shardId }), () => {
      const ids = identities(state)
      const id = ids.id()
      const moves = planRemove(cluster.shards, shardId)
      const begun = begin({ ...state, counter: ids.counter() }, cluster, {
        id,
        kind: "DeleteShard",
        now,
        stages: [
          ["Slots", migration(state, moves)],
          ["Nodes", state.settings.latencies.removeNodes]
        ],
        shardId,
        moves
      })
      return accept(begun, cluster.id)
    })
  })

const withReplica = (
  state: State,
  cluster: ClusterState,
  shard: ShardState,
  subnetId: string,
  now: number
): Outcome => {
  const { latencies } = state.settings
  const ids = identities(state)
  const node = newNode(ids, {
    shardName: shard.name,
    ordinal: shard.nextNode,
    subnetId,
    role: "replica",
    now,
    visibleAt: now + latencies.visibility
  })
  const id = ids.id()
  const grown = putShard(cluster, { ...shard, nodes: [...shard.nodes, node], nextNode: shard.nextNode + 1 })
  const begun = begin({ ...state, counter: ids.counter() }, grown, {
    id,
    kind: "AddReplica",
    now,
    stages: [["Nodes", latencies.addNodes]],
    shardId: shard.id,
    nodeIds: [node.id]
  })
  return accept(begun, cluster.id)
}

export const addReplica = (state: State, command: Of<"AddReplica">, now: number): Outcome =>
  withCluster(state, command.clusterId, (cluster) => {
    const { shardId, subnetId } = command
    const shard = cluster.shards.find(({ id }) => id === shardId)
    const reasons = [
      ...Rules.addReplica({
        ...present(state, cluster, now),
        shardId,
        subnetId,
        subnets: cluster.subnets,
        projectNodes: nodesUsed(state)
      }),
      ...unknown(state.subnets, [subnetId], (each) => ({ _tag: "UnknownSubnet", subnetId: each }))
    ]
    return check(state, reasons, () =>
      shard === undefined ? accept(state, cluster.id) : withReplica(state, cluster, shard, subnetId, now)
    )
  })

export const deleteNode = (state: State, command: Of<"DeleteNode">, now: number): Outcome =>
  withCluster(state, command.clusterId, (cluster) => {
    const { nodeId, shardId } = command
    return check(state, Rules.deleteNode({ ...present(state, cluster, now), shardId, nodeId }), () => {
      const ids = identities(state)
      const id = ids.id()
      const begun = begin({ ...state, counter: ids.counter() }, cluster, {
        id,
        kind: "DeleteNode",
        now,
        stages: [["Nodes", state.settings.latencies.removeNodes]],
        shardId,
        nodeIds: [nodeId]
      })
      return accept(begun, cluster.id)
    })
  })
