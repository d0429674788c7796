import { isReplica } from "@memstore-flows/api/Node"
import * as Slots from "@memstore-flows/api/Slots"
import { classify } from "@memstore-flows/api/Status"
import * as Rules from "@memstore-flows/model/Rules"
import * as Topology from "@memstore-flows/model/Topology"
import * as Option from "effect/Option"
import type { Finding } from "../Finding.js"
import type { Invariant } from "../Invariant.js"
import { hasFailed } from "../Observe.js"
import { holds, unknown, unless } from "./verdict.js"

type Judge = Invariant["judge"]

export const stable: Judge = ({ shards }, { clusterId, makes, removesCluster }) => {
  if (makes !== undefined) return holds
  const broken = Rules.settled(clusterId, shards)
  return unless(removesCluster ? broken.filter(({ _tag }) => _tag !== "ClusterFailed") : broken)
}

const ofName = (resource: string | null, wanted: string) => {
  if (resource === wanted) return holds
  const blind = resource !== null && !resource.startsWith("cluster-name/")
  return blind
    ? unknown(`whether the lock ${resource} covers the name`)
    : unless([{ _tag: "LockMissing", wanted, held: resource }])
}

/** A flow that makes the cluster holds its name instead of its id; what a lock of another kind covers, one cannot tell. */
export const oneFlow: Judge = ({ clusters, resource }, { clusterId, makes }) => {
  if (makes !== undefined) return ofName(resource, `cluster-name/${makes.name}`)
  const wanted = `cluster/${clusterId}`
  if (resource === wanted) return holds
  const name = Option.getOrUndefined(clusters)?.find(({ id }) => id === clusterId)?.name
  if (name !== undefined && resource === `cluster-name/${name}`) return holds
  const covers = resource !== null && !resource.startsWith("cluster/")
  const blind = covers && (name === undefined || !resource.startsWith("cluster-name/"))
  if (blind) return unknown(`whether the lock ${resource} covers the cluster`)
  return unless([{ _tag: "LockMissing", wanted, held: resource }])
}

export const slotsCovered: Judge = ({ shards }, { clusterId, makes, removesCluster }) => {
  const { missing, overlapping, unreadable } = Topology.coverage(Topology.make(shards))
  const covered = missing.length === 0 && overlapping.length === 0 && unreadable.length === 0
  if (covered || removesCluster || makes !== undefined) return holds
  return unless([
    { _tag: "SlotsUncovered", clusterId, missing: Slots.format(missing), overlapping: Slots.format(overlapping) }
  ])
}

export const noOpenMigration: Judge = ({ shards }, { clusterId, removesCluster }) => {
  const moving = shards.find(({ slots, status }) => status === "Scaling(horizontal)" || slots.trim() === "")
  if (moving === undefined || removesCluster) return holds
  return unless([{ _tag: "MigrationOpen", clusterId, state: `shard ${moving.id} is ${moving.status}` }])
}

export const rolesReread: Judge = ({ shards }, { clusterId, removesNodes = [] }) =>
  unless(
    removesNodes.flatMap(({ nodeId, shardId }): ReadonlyArray<Finding> => {
      const shard = shards.find(({ id }) => id === shardId)
      if (shard === undefined) return [{ _tag: "UnknownShard", clusterId, shardId }]
      const node = shard.nodes.find(({ id }) => id === nodeId)
      if (node === undefined) return [{ _tag: "UnknownNode", clusterId, shardId, nodeId }]
      return isReplica(node) ? [] : [{ _tag: "PrimaryNode", shardId, nodeId }]
    })
  )

export const syncProven: Judge = ({ sync }, { reliesOn = [] }) => {
  const behind = reliesOn.flatMap(({ nodeId, shardId }): ReadonlyArray<Finding> => {
    const state = sync.get(nodeId)
    return state?._tag === "Behind" ? [{ _tag: "SyncUnproven", shardId, nodeId, detail: state.detail }] : []
  })
  if (behind.length > 0) return unless(behind)
  const blind = reliesOn.filter(({ nodeId }) => sync.get(nodeId)?._tag !== "InSync")
  return blind.length === 0 ? holds : unknown("no probe of replication")
}

export const lastReplica: Judge = ({ shards }, { addsReplicas = [], removesNodes = [] }) =>
  unless(
    removesNodes.flatMap(({ nodeId, shardId }): ReadonlyArray<Finding> => {
      if (addsReplicas.some((each) => each.shardId === shardId)) return []
      const shard = shards.find(({ id }) => id === shardId)
      const going = new Set(removesNodes.map((each) => each.nodeId))
      const staying = shard?.nodes.filter(
        (node) => isReplica(node) && !going.has(node.id) && classify(node.status) === "Stable"
      )
      return staying?.length === 0 ? [{ _tag: "LastReplica", shardId, nodeId }] : []
    })
  )

export const failedIsFinal: Judge = ({ shards }, { clusterId, removesCluster }) =>
  unless(!removesCluster && hasFailed(Topology.make(shards)) ? [{ _tag: "ClusterFailed", clusterId }] : [])

export const clientsTold: Judge = (_, change) => {
  const { addsNodes = 0, addsShards = 0, removesNodes = [], removesShards = [], tellsEndpoints, what } = change
  const changes = addsNodes + addsShards + removesNodes.length + removesShards.length > 0
  return unless(changes && tellsEndpoints !== true ? [{ _tag: "EndpointsUntold", change: what }] : [])
}

export const undoStated: Judge = (_, { destructive, irreversible = [], what }) =>
  unless(destructive && irreversible.length === 0 ? [{ _tag: "UndoUnstated", change: what }] : [])
