import type { Shard } from "@memstore-flows/api/Shard"
import * as Topology from "@memstore-flows/model/Topology"
import * as Effect from "effect/Effect"
import { Ambiguous, ClusterFailed, ReplicaChanged } from "../FlowError.js"
import * as Mutation from "../Mutation.js"
import * as Observe from "../Observe.js"

/** How many nodes a shard has. */
export const nodeCount = ({ shards }: Topology.Topology, shardId: string): number =>
  shards.find(({ id }) => id === shardId)?.nodes.length ?? 0

/** Where a replica is added. */
export interface Place {
  readonly clusterId: string
  readonly shardId: string
  readonly subnetId: string
}

/**
 * How much of an added replica is there. A node that auto-heal made in place of a lost one is not ours: then the shard has
 * not grown. When it has grown by one and several new nodes fit, each has what was asked for, and one of them is taken.
 */
export const lookForReplica = ({ clusterId, shardId, subnetId }: Place, shardsBefore: ReadonlyArray<Shard>) =>
  Effect.gen(function* () {
    const after = yield* Observe.topology(clusterId)
    if (Observe.hasFailed(after)) return yield* new ClusterFailed({ clusterId, during: "add replica" })
    const state = Observe.unsettled(after)
    if (state !== undefined) return Mutation.underWay(state)
    const before = Topology.make(shardsBefore)
    const found = Topology.newNode({ before, after, shardId, subnetId })
    const growth = nodeCount(after, shardId) - nodeCount(before, shardId)
    const lostHere = Topology.diff(before, after).nodesRemoved.some(
      (each) => each.shardId === shardId && each.node.subnet.id === subnetId
    )
    if (found._tag === "Found" && (growth > 0 || !lostHere)) return Mutation.applied(found.value.id)
    const candidates = found._tag === "Ambiguous" ? found.candidates.map(({ id }) => id).sort() : []
    if (growth === 1 && candidates[0] !== undefined) return Mutation.applied(candidates[0])
    if (candidates.length === 0 && growth <= 0) return Mutation.absent
    const lookFor = `nodes appeared in shard ${shardId}, and which one was asked for cannot be told`
    return yield* new Ambiguous({ operation: "AddReplica", lookFor, candidates })
  })

/** The replica to delete. */
export interface Named {
  readonly clusterId: string
  readonly shardId: string
  readonly nodeId: string
}

/** A node that auto-heal put another in place of was not deleted: then the shard has not shrunk. */
export const isReplaced = ({ nodeId, shardId }: Named, before: Topology.Topology, now: Topology.Topology): boolean =>
  Topology.findNode(now, nodeId) === undefined && nodeCount(now, shardId) >= nodeCount(before, shardId)

/**
 * How much of the deletion of a node is there. `before` the call, for one whose answer is not known: auto-heal may have
 * taken the node away as well.
 */
export const lookForAbsence = (named: Named, before?: Topology.Topology) =>
  Effect.gen(function* () {
    const { clusterId, nodeId } = named
    const seen = yield* Observe.topology(clusterId)
    if (Observe.hasFailed(seen)) return yield* new ClusterFailed({ clusterId, during: "delete node" })
    const state = Observe.unsettled(seen)
    if (state !== undefined) return Mutation.underWay(state)
    if (Topology.findNode(seen, nodeId) !== undefined) return Mutation.absent
    if (before !== undefined && isReplaced(named, before, seen))
      return yield* new ReplicaChanged({ ...named, became: "gone" })
    return Mutation.applied(undefined)
  })
