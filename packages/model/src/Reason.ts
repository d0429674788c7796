/**
 * Why the service, or a check made before calling it, says no.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

const fields = {
  NameTaken: { name: Schema.String },
  BackupNameTaken: { name: Schema.String },
  Busy: { clusterId: Schema.String, status: Schema.String },
  NotRunning: { clusterId: Schema.String, status: Schema.String },
  ClusterFailed: { clusterId: Schema.String },
  UnknownCluster: { clusterId: Schema.String },
  UnknownShard: { clusterId: Schema.String, shardId: Schema.String },
  UnknownNode: { clusterId: Schema.String, shardId: Schema.String, nodeId: Schema.String },
  UnknownBackup: { backup: Schema.String },
  UnknownFlavor: { flavorId: Schema.String },
  UnknownVersion: { version: Schema.String },
  UnknownSubnet: { subnetId: Schema.String },
  UnknownSecurityGroup: { securityGroupId: Schema.String },
  UnknownParameterGroup: { parameterGroupId: Schema.String },
  QuotaShards: { wanted: Schema.Number, min: Schema.Number, max: Schema.Number },
  QuotaNodesPerShard: { wanted: Schema.Number, min: Schema.Number, max: Schema.Number },
  QuotaNodesPerProject: { used: Schema.Number, added: Schema.Number, max: Schema.Number },
  PortOutOfRange: { port: Schema.Number, min: Schema.Number, max: Schema.Number },
  PrimaryNode: { shardId: Schema.String, nodeId: Schema.String },
  LastReplica: { shardId: Schema.String, nodeId: Schema.String },
  LastShard: { shardId: Schema.String },
  NoReplica: { clusterId: Schema.String, shardId: Schema.String },
  BackupRunning: { clusterId: Schema.String, backup: Schema.String },
  BackupNotAvailable: { backup: Schema.String, status: Schema.String },
  RestoreShardCount: { wanted: Schema.Number, backup: Schema.Number },
  RestoreVersion: { wanted: Schema.String, backup: Schema.String },
  KeepAutomaticBackupsRequired: { clusterId: Schema.String, automaticBackups: Schema.Number },
  AssignmentCount: { wanted: Schema.Number, given: Schema.Number },
  AssignmentReplicas: { assignment: Schema.Number, wanted: Schema.Number, given: Schema.Number },
  SubnetOutsidePool: { path: Schema.String, subnetId: Schema.String },
  NoOperation: { clusterId: Schema.String },
  NodeDown: { nodeId: Schema.String },
  NodeBeingDeleted: { nodeId: Schema.String },
  NodeNotReady: { nodeId: Schema.String }
} as const

const f = fields
const tagged = Schema.TaggedStruct

/**
 * One refused rule, with what it compared.
 *
 * - not found (404): `UnknownCluster`, `UnknownShard`, `UnknownNode`, `UnknownBackup`
 * - state: `Busy` (work under way), `NotRunning` (an unknown word), `ClusterFailed` (only deletion works),
 *   `BackupRunning`, `BackupNotAvailable`
 * - quotas (pricing page): `QuotaShards`, `QuotaNodesPerShard`, `QuotaNodesPerProject`
 * - topology: `PrimaryNode`, `LastReplica`, `LastShard`, `NoReplica`
 * - restore (page: "Create cluster using existing backup name"): `RestoreShardCount`, `RestoreVersion`
 * - placement: `AssignmentCount`, `AssignmentReplicas`, `SubnetOutsidePool`
 * - answers to disturbances only: `NoOperation`, `NodeDown`, `NodeBeingDeleted`, `NodeNotReady`
 *
 * @since 0.1.0
 * @category schemas
 */
export const Reason = Schema.Union(
  tagged("NameTaken", f.NameTaken),
  tagged("BackupNameTaken", f.BackupNameTaken),
  tagged("Busy", f.Busy),
  tagged("NotRunning", f.NotRunning),
  tagged("ClusterFailed", f.ClusterFailed),
  tagged("UnknownCluster", f.UnknownCluster),
  tagged("UnknownShard", f.UnknownShard),
  tagged("UnknownNode", f.UnknownNode),
  tagged("UnknownBackup", f.UnknownBackup),
  tagged("UnknownFlavor", f.UnknownFlavor),
  tagged("UnknownVersion", f.UnknownVersion),
  tagged("UnknownSubnet", f.UnknownSubnet),
  tagged("UnknownSecurityGroup", f.UnknownSecurityGroup),
  tagged("UnknownParameterGroup", f.UnknownParameterGroup),
  tagged("QuotaShards", f.QuotaShards),
  tagged("QuotaNodesPerShard", f.QuotaNodesPerShard),
  tagged("QuotaNodesPerProject", f.QuotaNodesPerProject),
  tagged("PortOutOfRange", f.PortOutOfRange),
  tagged("PrimaryNode", f.PrimaryNode),
  tagged("LastReplica", f.LastReplica),
  tagged("LastShard", f.LastShard),
  tagged("NoReplica", f.NoReplica),
  tagged("BackupRunning", f.BackupRunning),
  tagged("BackupNotAvailable", f.BackupNotAvailable),
  tagged("RestoreShardCount", f.RestoreShardCount),
  tagged("RestoreVersion", f.RestoreVersion),
  tagged("KeepAutomaticBackupsRequired", f.KeepAutomaticBackupsRequired),
  tagged("AssignmentCount", f.AssignmentCount),
  tagged("AssignmentReplicas", f.AssignmentReplicas),
  tagged("SubnetOutsidePool", f.SubnetOutsidePool),
  tagged("NoOperation", f.NoOperation),
  tagged("NodeDown", f.NodeDown),
  tagged("NodeBeingDeleted", f.NodeBeingDeleted),
  tagged("NodeNotReady", f.NodeNotReady)
).annotations({ identifier: "Reason" })

/**
 * @since 0.1.0
 * @category models
 */
export type Reason = typeof Reason.Type

/**
 * @since 0.1.0
 * @category models
 */
export type ReasonTag = Reason["_tag"]

/**
 * One sentence for a person, naming what was compared.
 *
 * @since 0.1.0
 * @category destructors
 */
export const describe = (reason: Reason): string => {
  switch (reason._tag) {
    case "NameTaken":
      return `a cluster named "${reason.name}" exists`
    case "BackupNameTaken":
      return `a backup named "${reason.name}" exists`
    case "Busy":
      return `cluster ${reason.clusterId} is busy: ${reason.status}`
    case "NotRunning":
      return `cluster ${reason.clusterId} is not Running: ${reason.status}`
    case "ClusterFailed":
      return `cluster ${reason.clusterId} is Failed and can only be deleted`
    case "UnknownCluster":
      return `cluster ${reason.clusterId} does not exist`
    case "UnknownShard":
      return `shard ${reason.shardId} does not exist in cluster ${reason.clusterId}`
    case "UnknownNode":
      return `node ${reason.nodeId} does not exist in shard ${reason.shardId} of cluster ${reason.clusterId}`
    case "UnknownBackup":
      return `backup "${reason.backup}" does not exist`
    case "UnknownFlavor":
      return `flavor ${reason.flavorId} does not exist`
    case "UnknownVersion":
      return `engine version ${reason.version} is not offered in cluster mode`
    case "UnknownSubnet":
      return `subnet ${reason.subnetId} does not exist`
    case "UnknownSecurityGroup":
      return `security group ${reason.securityGroupId} does not exist`
    case "UnknownParameterGroup":
      return `parameter group ${reason.parameterGroupId} does not exist`
    case "QuotaShards":
      return `a cluster has ${reason.min}-${reason.max} shards, ${reason.wanted} wanted`
    case "QuotaNodesPerShard":
      return `a shard has ${reason.min}-${reason.max} nodes, ${reason.wanted} wanted`
    case "QuotaNodesPerProject":
      return `a project has at most ${reason.max} nodes: ${reason.used} used, ${reason.added} more wanted`
    case "PortOutOfRange":
      return `port ${reason.port} is not within ${reason.min}-${reason.max}`
    case "PrimaryNode":
      return `node ${reason.nodeId} is the primary of shard ${reason.shardId} and cannot be deleted`
    case "LastReplica":
      return `node ${reason.nodeId} is the last replica of shard ${reason.shardId}`
    case "LastShard":
      return `shard ${reason.shardId} is the last one, which stays`
    case "NoReplica":
      return `shard ${reason.shardId} of cluster ${reason.clusterId} has no replica`
    case "BackupRunning":
      return `backup "${reason.backup}" of cluster ${reason.clusterId} is under way`
    case "BackupNotAvailable":
      return `backup "${reason.backup}" is ${reason.status}, not Available`
    case "RestoreShardCount":
      return `the backup has ${reason.backup} shards, ${reason.wanted} wanted`
    case "RestoreVersion":
      return `the backup was made by ${reason.backup}, which is newer than ${reason.wanted}`
    case "KeepAutomaticBackupsRequired":
      return `keepAutomaticBackups is required: cluster ${reason.clusterId} has ${reason.automaticBackups} automatic backups`
    case "AssignmentCount":
      return `${reason.wanted} subnet assignments are needed, ${reason.given} given`
    case "AssignmentReplicas":
      return `subnet assignment ${reason.assignment} needs ${reason.wanted} replicas, ${reason.given} given`
    case "SubnetOutsidePool":
      return `subnet ${reason.subnetId} of ${reason.path} is not among the cluster's subnets`
    case "NoOperation":
      return `cluster ${reason.clusterId} has no operation under way`
    case "NodeDown":
      return `node ${reason.nodeId} is down already`
    case "NodeBeingDeleted":
      return `node ${reason.nodeId} is being deleted`
    case "NodeNotReady":
      return `node ${reason.nodeId} is not in service yet`
  }
}

/**
 * The part of a request a reason speaks of, such as `subnetAssignments[1].replicas`; `""` when it speaks of no field.
 *
 * @since 0.1.0
 * @category destructors
 */
export const path = (reason: Reason): string => {
  switch (reason._tag) {
    case "NameTaken":
    case "BackupNameTaken":
      return "name"
    case "UnknownFlavor":
      return "flavorId"
    case "UnknownVersion":
    case "RestoreVersion":
      return "version"
    case "UnknownSubnet":
      return "subnets"
    case "UnknownSecurityGroup":
      return "securityGroups"
    case "UnknownParameterGroup":
      return "parameterGroupId"
    case "QuotaShards":
    case "RestoreShardCount":
      return "shardCount"
    case "QuotaNodesPerShard":
      return "nodeCountPerShard"
    case "PortOutOfRange":
      return "port"
    case "KeepAutomaticBackupsRequired":
      return "keepAutomaticBackups"
    case "AssignmentCount":
      return "subnetAssignments"
    case "AssignmentReplicas":
      return `subnetAssignments[${reason.assignment}].replicas`
    case "SubnetOutsidePool":
      return reason.path
    case "UnknownBackup":
    case "BackupNotAvailable":
      return "restoreSource.backupName"
    default:
      return ""
  }
}
