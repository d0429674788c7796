/**
 * What reads show, in the shapes of the API.
 *
 * Each view moves time to `now` itself, and leaves out what is not visible yet. A left is a 404.
 *
 * @since 0.1.0
 */
import type { Backup } from "@memstore-flows/api/Backup"
import type { Cluster } from "@memstore-flows/api/Cluster"
import type { Node } from "@memstore-flows/api/Node"
import type { Shard } from "@memstore-flows/api/Shard"
import type { Slots } from "@memstore-flows/api/Slots"
import * as Either from "effect/Either"
import type { BackupState } from "./BackupState.js"
import type { ClusterState } from "./ClusterState.js"
import { find, shareOf, slotsAt, statusOf } from "./internal/clusters.js"
import { rfc3339 } from "./internal/rfc3339.js"
import * as wire from "./internal/wire.js"
import { dueAt, movedAt, type OperationKind, type Stage, stage } from "./Operation.js"
import type { Reason } from "./Reason.js"
import { make, type Refusal } from "./Refusal.js"
import { total } from "./SlotPlan.js"
import type { State } from "./State.js"
import { tick } from "./Tick.js"

const absent = (state: State, reason: Reason): Either.Either<never, Refusal> =>
  Either.left(make([reason], { statuses: state.settings.statuses }))

const moment = (state: State, now: number): number => Math.max(now, state.clock)

const visible = (state: State, clusterId: string, now: number): Either.Either<ClusterState, Refusal> => {
  const cluster = find(state, clusterId)
  return cluster === undefined || cluster.visibleAt > now
    ? absent(state, { _tag: "UnknownCluster", clusterId })
    : Either.right(cluster)
}

const toCluster = (state: State, cluster: ClusterState): Cluster => ({
  id: cluster.id,
  name: cluster.name,
  description: cluster.description,
  version: cluster.version,
  port: cluster.port,
  shardCount: cluster.shards.length,
  nodeCountPerShard: cluster.shards.reduce((most, { nodes }) => Math.max(most, nodes.length), 0),
  flavorId: cluster.flavorId,
  parameterGroupId: cluster.parameterGroupId,
  subnets: cluster.subnets,
  securityGroups: cluster.securityGroups,
  tlsEnabled: cluster.tlsEnabled,
  backupSchedule: cluster.backupSchedule ?? undefined,
  status: statusOf(state, cluster),
  createdAt: rfc3339(cluster.createdAt)
})

/**
 * All clusters, oldest first. The shape is a guess of the api package: the vendor's page was not seen.
 *
 * @since 0.1.0
 * @category clusters
 */
export const clusters = (state: State, now: number): ReadonlyArray<Cluster> => {
  const current = tick(state, now)
  return current.clusters
    .filter(({ visibleAt }) => visibleAt <= moment(state, now))
    .map((each) => toCluster(current, each))
}

/**
 * One cluster, in the same guessed shape.
 *
 * @since 0.1.0
 * @category clusters
 */
export const cluster = (state: State, clusterId: string, now: number): Either.Either<Cluster, Refusal> => {
  const current = tick(state, now)
  return Either.map(visible(current, clusterId, moment(state, now)), (each) => toCluster(current, each))
}

/**
 * The shards of a cluster, slots on the move as they are at `now` (page: "Retrieve shard list in cluster").
 *
 * @since 0.1.0
 * @category shards
 */
export const listShards = (
  state: State,
  clusterId: string,
  now: number
): Either.Either<ReadonlyArray<Shard>, Refusal> => {
  const current = tick(state, now)
  const at = moment(state, now)
  return Either.map(visible(current, clusterId, at), (each) => wire.shards(current, each, at, { visible: true }))
}

/**
 * One shard (page: "Retrieve shard details").
 *
 * @since 0.1.0
 * @category shards
 */
export const getShard = (
  state: State,
  clusterId: string,
  shardId: string,
  now: number
): Either.Either<Shard, Refusal> =>
  Either.flatMap(listShards(state, clusterId, now), (shards) => {
    const shard = shards.find(({ id }) => id === shardId)
    return shard === undefined ? absent(state, { _tag: "UnknownShard", clusterId, shardId }) : Either.right(shard)
  })

/**
 * The nodes of a shard (page: "View list of instances (nodes) in shard").
 *
 * @since 0.1.0
 * @category nodes
 */
export const listNodes = (
  state: State,
  clusterId: string,
  shardId: string,
  now: number
): Either.Either<ReadonlyArray<Node>, Refusal> =>
  Either.map(getShard(state, clusterId, shardId, now), ({ nodes }) => nodes)

/**
 * One node (page: "View instance (node) details").
 *
 * @since 0.1.0
 * @category nodes
 */
export const getNode = (
  state: State,
  clusterId: string,
  shardId: string,
  nodeId: string,
  now: number
): Either.Either<Node, Refusal> =>
  Either.flatMap(listNodes(state, clusterId, shardId, now), (nodes) => {
    const node = nodes.find(({ id }) => id === nodeId)
    return node === undefined ? absent(state, { _tag: "UnknownNode", clusterId, shardId, nodeId }) : Either.right(node)
  })

/**
 * Whether a node is in sync with its primary. The API does not tell: `Running` proves nothing about it.
 *
 * @since 0.1.0
 * @category nodes
 */
export const isSynced = (state: State, clusterId: string, nodeId: string, now: number): boolean => {
  const node = find(tick(state, now), clusterId)
    ?.shards.flatMap(({ nodes }) => nodes)
    .find(({ id }) => id === nodeId)
  return node !== undefined && node.downAt === null && node.syncedAt !== null && node.syncedAt <= moment(state, now)
}

/**
 * How far the work of a cluster has come. The API does not show this; it is for a rehearsal and for tests.
 *
 * - `dueAt`: when the stage under way ends, absent while it is held
 * - `slotsMoved`, `slotsTotal`: of the slots that change hands, 0 of 0 when none do
 *
 * @since 0.1.0
 * @category models
 */
export interface Progress {
  readonly kind: OperationKind
  readonly stage: Stage["name"]
  readonly startedAt: number
  readonly dueAt?: number
  readonly held: boolean
  readonly slotsMoved: number
  readonly slotsTotal: number
}

/**
 * `undefined` when no operation is under way, or the cluster does not exist.
 *
 * @since 0.1.0
 * @category clusters
 */
export const progress = (state: State, clusterId: string, now: number): Progress | undefined => {
  const operation = find(tick(state, now), clusterId)?.operation ?? undefined
  const current = operation === undefined ? undefined : stage(operation)
  if (operation === undefined || current === undefined) return undefined
  const due = dueAt(operation)
  return {
    kind: operation.kind,
    stage: current.name,
    startedAt: operation.startedAt,
    ...(due === undefined ? {} : { dueAt: due }),
    held: operation.heldAt !== null,
    slotsMoved: movedAt(operation, moment(state, now)),
    slotsTotal: total(operation.moves)
  }
}

/**
 * The simulated data of each shard: its part of the cluster's keys and bytes, by slots.
 *
 * @since 0.1.0
 * @category shards
 */
export const shardData = (
  state: State,
  clusterId: string,
  now: number
): ReadonlyArray<{
  readonly shardId: string
  readonly slots: Slots
  readonly keys: number
  readonly usedMemory: number
}> => {
  const found = find(tick(state, now), clusterId)
  return found === undefined
    ? []
    : [...slotsAt(found, moment(state, now))].map(([shardId, slots]) => ({
        shardId,
        slots,
        keys: shareOf(found.keys, slots),
        usedMemory: shareOf(found.usedMemory, slots)
      }))
}

const toBackup = (state: State, backup: BackupState): Backup => {
  const restoring = state.clusters.some(
    ({ operation, restoredFrom }) => restoredFrom === backup.id && operation?.kind === "CreateCluster"
  )
  return {
    id: backup.id,
    name: backup.name,
    projectId: state.projectId,
    clusterName: backup.clusterName,
    clusterId: backup.clusterId,
    clusterMode: true,
    status: backup.phase === "Available" && restoring ? "Restoring" : backup.phase,
    type: backup.automatic ? "automatic" : "manual",
    version: backup.version,
    shardCount: backup.shards.length,
    size: backup.shards.reduce((sum, { usedMemory }) => sum + usedMemory, 0),
    createdAt: rfc3339(backup.createdAt)
  }
}

/**
 * The backups of the project, oldest first, those of one cluster when asked so.
 *
 * @since 0.1.0
 * @category backups
 */
export const backups = (
  state: State,
  filter: { readonly clusterId?: string | undefined; readonly clusterName?: string | undefined },
  now: number
): ReadonlyArray<Backup> => {
  const current = tick(state, now)
  return current.backups
    .filter(({ clusterId }) => filter.clusterId === undefined || filter.clusterId === clusterId)
    .filter(({ clusterName }) => filter.clusterName === undefined || filter.clusterName === clusterName)
    .map((each) => toBackup(current, each))
}

/**
 * One backup by its id.
 *
 * @since 0.1.0
 * @category backups
 */
export const backup = (state: State, backupId: string, now: number): Either.Either<Backup, Refusal> => {
  const found = backups(state, {}, now).find(({ id }) => id === backupId)
  return found === undefined ? absent(state, { _tag: "UnknownBackup", backup: backupId }) : Either.right(found)
}
