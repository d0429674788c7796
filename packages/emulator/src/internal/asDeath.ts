import type { Disturbance } from "@memstore-flows/model/Command"
import type { State } from "@memstore-flows/model/State"
import type { NodeFault } from "../NodeFault.js"

/** What a node that hangs or resumes means where nodes are no processes: a hanging primary is dead, a replica lives on. */
export const asDeath = (state: State, fault: Disturbance | NodeFault): Disturbance | undefined => {
  if (fault._tag === "ResumeNode") return undefined
  if (fault._tag !== "HangNode") return fault
  const { clusterId, nodeId, shardId } = fault
  const shard = state.clusters.find(({ id }) => id === clusterId)?.shards.find(({ id }) => id === shardId)
  const isPrimary = shard?.nodes.some(({ id, role }) => id === nodeId && role === "primary") ?? false
  return isPrimary ? { _tag: "FailNode", clusterId, shardId, nodeId } : undefined
}
