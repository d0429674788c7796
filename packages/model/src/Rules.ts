/**
 * What the service allows, as checks on the shapes of the API: the service itself and a flow's preflight ask the same.
 *
 * Every check returns the rules that are broken, as data; none broken means allowed.
 *
 * @since 0.1.0
 */
import { limits } from "@memstore-flows/api/Limits"
import { isReplica } from "@memstore-flows/api/Node"
import type { Shard } from "@memstore-flows/api/Shard"
import { classify, type Status } from "@memstore-flows/api/Status"
import type { SubnetAssignment, SubnetRef } from "@memstore-flows/api/Subnet"
import type { ClusterRequest } from "./Command.js"
import { assignments, outside, pool, replicaCount, spread } from "./internal/placement.js"
import { nodesPerShard, port, projectNodes, shardCount, when } from "./internal/quotas.js"
import type { Reason } from "./Reason.js"
import type { Warning } from "./Warning.js"

export { assignments, nodesPerShard, outside, pool, port, projectNodes, shardCount, spread }

/**
 * The broken rules, the weightiest first.
 *
 * @since 0.1.0
 * @category models
 */
export type Reasons = ReadonlyArray<Reason>

/**
 * Compares full engine versions such as `6.2.5` part by part: -1 when `a` is older than `b`, 1 when it is newer.
 *
 * A part that is no number counts as 0, a missing one too.
 *
 * @since 0.1.0
 * @category versions
 */
export const compareVersions = (a: string, b: string): -1 | 0 | 1 => {
  const parts = (text: string): ReadonlyArray<number> => text.split(".").map((part) => Number.parseInt(part, 10) || 0)
  const [left, right] = [parts(a), parts(b)]
  for (let index = 0; index < Math.max(left.length, right.length); index++) {
    const difference = (left[index] ?? 0) - (right[index] ?? 0)
    if (difference !== 0) return difference < 0 ? -1 : 1
  }
  return 0
}

/**
 * A cluster must be in service: `ClusterFailed` when it failed, `Busy` when work is under way, `NotRunning` for an
 * unknown word.
 *
 * @since 0.1.0
 * @category states
 */
export const inService = (input: { readonly clusterId: string; readonly status: Status }): Reasons => {
  switch (classify(input.status)) {
    case "Stable":
      return []
    case "Failed":
      return [{ _tag: "ClusterFailed", clusterId: input.clusterId }]
    case "Pending":
      return [{ _tag: "Busy", clusterId: input.clusterId, status: input.status }]
    case "Unknown":
      return [{ _tag: "NotRunning", clusterId: input.clusterId, status: input.status }]
  }
}

/**
 * As `inService`, from the statuses of the shards and nodes, which are the cluster's own: the first that is not in
 * service counts, one that failed before all.
 *
 * @since 0.1.0
 * @category states
 */
export const settled = (clusterId: string, shards: ReadonlyArray<Shard>): Reasons => {
  const statuses = shards.flatMap((shard) => [shard.status, ...shard.nodes.map(({ status }) => status)])
  const worst =
    statuses.find((status) => classify(status) === "Failed") ?? statuses.find((status) => classify(status) !== "Stable")
  return worst === undefined ? [] : inService({ clusterId, status: worst })
}

/**
 * Creation: port, quotas and placement. `projectNodes`: how many nodes the project has already, when that is known.
 *
 * @since 0.1.0
 * @category operations
 */
export const createCluster = (input: {
  readonly request: Pick<ClusterRequest, "port" | "shardCount" | "nodeCountPerShard" | "subnets" | "subnetAssignments">
  readonly projectNodes?: number | undefined
}): Reasons => [
  ...port(input.request.port),
  ...shardCount(input.request.shardCount),
  ...nodesPerShard(input.request.nodeCountPerShard),
  ...assignments(input.request),
  ...projectNodes({
    used: input.projectNodes ?? 0,
    added: input.request.shardCount * input.request.nodeCountPerShard
  })
]

/**
 * Restoring: the backup is `Available`, has the same number of shards and was made by the same or an older engine. What the
 * API did not tell of the backup is not checked.
 *
 * @since 0.1.0
 * @category operations
 */
export const restore = (input: {
  readonly request: Pick<ClusterRequest, "version" | "shardCount">
  readonly backup: {
    readonly name: string
    readonly status?: string | undefined
    readonly version?: string | undefined
    readonly shardCount?: number | undefined
  }
}): Reasons => {
  const { backup, request } = input
  return [
    ...(backup.status === undefined || backup.status === "Available"
      ? []
      : [{ _tag: "BackupNotAvailable" as const, backup: backup.name, status: backup.status }]),
    ...(backup.shardCount === undefined || backup.shardCount === request.shardCount
      ? []
      : [{ _tag: "RestoreShardCount" as const, wanted: request.shardCount, backup: backup.shardCount }]),
    ...(backup.version === undefined || compareVersions(request.version, backup.version) >= 0
      ? []
      : [{ _tag: "RestoreVersion" as const, wanted: request.version, backup: backup.version }])
  ]
}

/**
 * Warns when the fullest shard of a backup takes more than 60 % of what one node of the flavor has. The page does not say
 * whether the rule is per node or in total; per shard is our reading.
 *
 * `usedMemory`: bytes of the fullest shard. `memory`: GiB of the flavor.
 *
 * @since 0.1.0
 * @category operations
 */
export const restoreMemory = (input: {
  readonly usedMemory: number
  readonly memory: number
}): ReadonlyArray<Warning> => {
  const memory = input.memory * 1024 ** 3
  const ratio = input.usedMemory / memory
  return ratio > limits.restoreMemoryRatio
    ? [{ _tag: "RestoreMemory", usedMemory: input.usedMemory, memory, ratio, limit: limits.restoreMemoryRatio }]
    : []
}

/**
 * What every change of shards or nodes is asked of: the cluster as it is.
 *
 * `backup`: the name of its backup that is being made, if one is; it blocks changes of shards and nodes.
 *
 * @since 0.1.0
 * @category models
 */
export interface Present {
  readonly clusterId: string
  readonly shards: ReadonlyArray<Shard>
  readonly backup?: string | undefined
}

const structural = (input: Present): Reasons => [
  ...settled(input.clusterId, input.shards),
  ...(input.backup === undefined
    ? []
    : [{ _tag: "BackupRunning" as const, clusterId: input.clusterId, backup: input.backup }])
]

const inShard = (input: Present, shardId: string, check: (shard: Shard) => Reasons): Reasons => {
  const shard = input.shards.find(({ id }) => id === shardId)
  return shard === undefined ? [{ _tag: "UnknownShard", clusterId: input.clusterId, shardId }] : check(shard)
}

/**
 * Adding a shard. `nodeCount` need not equal that of the other shards: the page does not ask it.
 *
 * @since 0.1.0
 * @category operations
 */
export const addShard = (
  input: Present & {
    readonly nodeCount: number
    readonly subnetAssignment: SubnetAssignment
    readonly subnets?: ReadonlyArray<SubnetRef> | undefined
    readonly projectNodes?: number | undefined
  }
): Reasons => [
  ...structural(input),
  ...shardCount(input.shards.length + 1),
  ...nodesPerShard(input.nodeCount),
  ...replicaCount(input.subnetAssignment, 0, input.nodeCount),
  ...pool({ subnets: input.subnets, subnetAssignment: input.subnetAssignment, path: "subnetAssignments" }),
  ...projectNodes({ used: input.projectNodes ?? 0, added: input.nodeCount })
]

/**
 * Deleting a shard: not the only one.
 *
 * @since 0.1.0
 * @category operations
 */
export const deleteShard = (input: Present & { readonly shardId: string }): Reasons =>
  inShard(input, input.shardId, () => [
    ...structural(input),
    ...when(input.shards.length <= limits.shards.min, { _tag: "LastShard", shardId: input.shardId })
  ])

/**
 * Adding a replica: at most 5 nodes in the shard and 60 in the project.
 *
 * @since 0.1.0
 * @category operations
 */
export const addReplica = (
  input: Present & {
    readonly shardId: string
    readonly subnetId: string
    readonly subnets?: ReadonlyArray<SubnetRef> | undefined
    readonly projectNodes?: number | undefined
  }
): Reasons =>
  inShard(input, input.shardId, (shard) => [
    ...structural(input),
    ...nodesPerShard(shard.nodes.length + 1),
    ...outside(input.subnets, input.subnetId, "subnet.id"),
    ...projectNodes({ used: input.projectNodes ?? 0, added: 1 })
  ])

/**
 * Deleting a node: neither the primary (page: "Delete instance (node)") nor the last replica. The latter follows from the
 * minimum of two nodes; no page says it of this call.
 *
 * @since 0.1.0
 * @category operations
 */
export const deleteNode = (input: Present & { readonly shardId: string; readonly nodeId: string }): Reasons =>
  inShard(input, input.shardId, (shard) => {
    const { clusterId, nodeId, shardId } = input
    const node = shard.nodes.find(({ id }) => id === nodeId)
    if (node === undefined) return [{ _tag: "UnknownNode", clusterId, shardId, nodeId }]
    return [
      ...structural(input),
      ...when(!isReplica(node), { _tag: "PrimaryNode", shardId, nodeId }),
      ...when(isReplica(node) && shard.nodes.length <= limits.nodesPerShard.min, {
        _tag: "LastReplica",
        shardId,
        nodeId
      })
    ]
  })

/**
 * Making a backup: in service, no other backup of the cluster under way, a replica and so two nodes in each shard.
 *
 * @since 0.1.0
 * @category operations
 */
export const createBackup = (input: Present): Reasons => [
  ...structural(input),
  ...input.shards.flatMap((shard) =>
    when(!shard.nodes.some(isReplica), { _tag: "NoReplica", clusterId: input.clusterId, shardId: shard.id })
  )
]

/**
 * Deleting a cluster: whether automatic backups are kept must be said when there are any. A `Failed` one may be deleted.
 *
 * @since 0.1.0
 * @category operations
 */
export const deleteCluster = (input: {
  readonly clusterId: string
  readonly status: Status
  readonly automaticBackups: number
  readonly keepAutomaticBackups?: boolean | undefined
}): Reasons => [
  ...(classify(input.status) === "Failed" ? [] : inService(input)),
  ...when(input.automaticBackups > 0 && input.keepAutomaticBackups === undefined, {
    _tag: "KeepAutomaticBackupsRequired",
    clusterId: input.clusterId,
    automaticBackups: input.automaticBackups
  })
]
