import type { ClusterState } from "@memstore-flows/model/ClusterState"
import type * as Command from "@memstore-flows/model/Command"
import type { State } from "@memstore-flows/model/State"
import * as Either from "effect/Either"
import type { Disturbance } from "../Disturbance.js"
import type { NodeFault } from "../NodeFault.js"

type Found<A> = Either.Either<A, string>

const findCluster = (state: State, wanted: string | undefined): Found<ClusterState> =>
  Either.fromNullable(
    wanted === undefined
      ? (state.clusters.find(({ failedAt }) => failedAt === null) ?? state.clusters[0])
      : state.clusters.find(({ id }) => id === wanted),
    () => (wanted === undefined ? "there is no cluster" : `there is no cluster ${wanted}`)
  )

const findShard = (cluster: ClusterState, shardId: string | undefined, nodeId: string | undefined) =>
  Either.fromNullable(
    cluster.shards.find(({ id, nodes }) =>
      shardId !== undefined ? id === shardId : nodeId === undefined || nodes.some((node) => node.id === nodeId)
    ),
    () => `cluster ${cluster.id} has no such shard`
  )

const oneNode = (
  cluster: ClusterState,
  { _tag, nodeId, role = "replica", shardId }: Disturbance & { _tag: "FailNode" | "HangNode" }
) =>
  Either.flatMap(findShard(cluster, shardId, nodeId), (shard) =>
    Either.map(
      Either.fromNullable(
        nodeId ?? shard.nodes.find((node) => node.role === role && node.downAt === null && node.readyAt !== null)?.id,
        () => `shard ${shard.id} has no living ${role}`
      ),
      (found): Command.Disturbance | NodeFault => ({
        _tag,
        clusterId: cluster.id,
        shardId: shard.id,
        nodeId: found
      })
    )
  )

const findBackup = (state: State, wanted: string | undefined) =>
  Either.fromNullable(
    wanted === undefined ? state.backups.at(-1) : state.backups.find(({ id }) => id === wanted),
    () => "there is no such backup"
  )

/** Fills in what a disturbance leaves open. `clusterId`: of the request it is bound to. Left: what was not found. */
export const target = (
  state: State,
  disturbance: Disturbance,
  clusterId: string | undefined
): Found<Command.Disturbance | NodeFault> => {
  if (disturbance._tag === "CompleteBackup" || disturbance._tag === "FailBackup") {
    return Either.map(findBackup(state, disturbance.backupId), ({ id }) => ({ _tag: disturbance._tag, backupId: id }))
  }
  return Either.flatMap(findCluster(state, disturbance.clusterId ?? clusterId), (cluster) => {
    switch (disturbance._tag) {
      case "FailNode":
      case "HangNode":
        return oneNode(cluster, disturbance)
      case "ResumeNode":
        return Either.map(findShard(cluster, undefined, disturbance.nodeId), () => ({
          _tag: "ResumeNode" as const,
          clusterId: cluster.id,
          nodeId: disturbance.nodeId
        }))
      case "SwitchPrimary":
        return Either.map(findShard(cluster, disturbance.shardId, disturbance.nodeId), (shard) => ({
          _tag: "SwitchPrimary" as const,
          clusterId: cluster.id,
          shardId: shard.id,
          ...(disturbance.nodeId === undefined ? {} : { nodeId: disturbance.nodeId })
        }))
      default:
        return Either.right({ _tag: disturbance._tag, clusterId: cluster.id })
    }
  })
}
