/**
 * Why a change is refused, with the evidence.
 *
 * @since 0.1.0
 */
import * as Reason from "@memstore-flows/model/Reason"
import * as Warning from "@memstore-flows/model/Warning"
import * as DateTime from "effect/DateTime"
import * as Schema from "effect/Schema"

const fields = {
  SlotsUncovered: { clusterId: Schema.String, missing: Schema.String, overlapping: Schema.String },
  AlreadyThere: { nodeId: Schema.String, subnetId: Schema.String },
  LockMissing: { wanted: Schema.String, held: Schema.NullOr(Schema.String) },
  MigrationOpen: { clusterId: Schema.String, state: Schema.String },
  SyncUnproven: { shardId: Schema.String, nodeId: Schema.String, detail: Schema.String },
  HeadroomTooSmall: {
    clusterId: Schema.String,
    leaving: Schema.Number,
    free: Schema.Number,
    factor: Schema.Number
  },
  LoadTooHigh: { nodeId: Schema.String, cpu: Schema.Number, limit: Schema.Number },
  BackupDue: { clusterId: Schema.String, cron: Schema.String, at: Schema.Number },
  NoFreshBackup: { clusterId: Schema.String, newestAt: Schema.NullOr(Schema.Number), since: Schema.Number },
  SlotsUneven: { clusterId: Schema.String, min: Schema.Number, max: Schema.Number, tolerance: Schema.Number },
  EndpointsUntold: { change: Schema.String },
  UndoUnstated: { change: Schema.String },
  NotEnoughReplicas: { shardId: Schema.String, nodes: Schema.Number, wanted: Schema.Number },
  CountedShort: { shardId: Schema.String, counted: Schema.Number, nodes: Schema.Number },
  TargetIsSource: { subnetId: Schema.String },
  PreviousUnknown: { clusterId: Schema.String, fields: Schema.Array(Schema.String) },
  CurrentUnknown: { clusterId: Schema.String, fields: Schema.Array(Schema.String) },
  NothingToUpgrade: { clusterId: Schema.String, version: Schema.String, flavorId: Schema.String },
  NoPassword: { user: Schema.String, reason: Schema.String },
  TopologyWrong: {
    clusterId: Schema.String,
    what: Schema.String,
    wanted: Schema.Number,
    found: Schema.Number
  },
  DataWrong: { clusterId: Schema.String, detail: Schema.String }
} as const

const f = fields
const tagged = Schema.TaggedStruct

/**
 * The shards do not cover 0-16383 exactly once; `missing` and `overlapping` are slot ranges.
 *
 * @since 0.1.0
 * @category schemas
 */
export const SlotsUncovered = tagged("SlotsUncovered", f.SlotsUncovered)

/**
 * The node is already where it is wanted.
 *
 * @since 0.1.0
 * @category schemas
 */
export const AlreadyThere = tagged("AlreadyThere", f.AlreadyThere)

/**
 * What one of the safety checks (`Checks`) found. Bytes, milliseconds of the epoch, shares of 1.
 *
 * - `LockMissing`: the run holds `held`, and not the lock `wanted`
 * - `MigrationOpen`: slots are on the move, or a shard has none yet
 * - `SyncUnproven`: a replica that is relied on is behind
 * - `HeadroomTooSmall`: the shards that stay have `free` bytes, less than `factor` times what leaves
 * - `LoadTooHigh`: a node's CPU is above the limit
 * - `BackupDue`: an automatic backup would begin within the time the change takes
 * - `NoFreshBackup`: no available backup since `since`
 * - `SlotsUneven`: the fullest and the emptiest shard differ by more than `tolerance`
 * - `EndpointsUntold`, `UndoUnstated`: the flow does not say which endpoints change, or what cannot be undone
 *
 * @since 0.1.0
 * @category schemas
 */
export const Unsafe = Schema.Union(
  tagged("LockMissing", f.LockMissing),
  tagged("MigrationOpen", f.MigrationOpen),
  tagged("SyncUnproven", f.SyncUnproven),
  tagged("HeadroomTooSmall", f.HeadroomTooSmall),
  tagged("LoadTooHigh", f.LoadTooHigh),
  tagged("BackupDue", f.BackupDue),
  tagged("NoFreshBackup", f.NoFreshBackup),
  tagged("SlotsUneven", f.SlotsUneven),
  tagged("EndpointsUntold", f.EndpointsUntold),
  tagged("UndoUnstated", f.UndoUnstated)
)

/**
 * What does not fit between a flow's payload and the cluster.
 *
 * - `NotEnoughReplicas`: a shard has fewer nodes than wanted
 * - `CountedShort`: a shard has more nodes than when a new one was placed like it: one was being replaced then
 * - `TargetIsSource`: the subnet to leave is among those to go to
 * - `PreviousUnknown`: the settings as they are can neither be read nor were given, so they could not be restored
 * - `CurrentUnknown`: what the cluster has now can neither be read nor was given
 * - `NothingToUpgrade`: neither another version nor another flavor is asked for
 * - `NoPassword`: the password of a database user could not be had
 * - `TopologyWrong`, `DataWrong`: a cluster that was made is not as it should be
 *
 * @since 0.1.0
 * @category schemas
 */
export const Unfit = Schema.Union(
  tagged("NotEnoughReplicas", f.NotEnoughReplicas),
  tagged("CountedShort", f.CountedShort),
  tagged("TargetIsSource", f.TargetIsSource),
  tagged("PreviousUnknown", f.PreviousUnknown),
  tagged("CurrentUnknown", f.CurrentUnknown),
  tagged("NothingToUpgrade", f.NothingToUpgrade),
  tagged("NoPassword", f.NoPassword),
  tagged("TopologyWrong", f.TopologyWrong),
  tagged("DataWrong", f.DataWrong)
)

/**
 * One reason for a refusal, as data: a rule of the model, a warning that the flow takes for a refusal, a safety check
 * that does not hold, or a fact of the topology.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Finding = Schema.Union(
  Reason.Reason,
  Warning.Warning,
  SlotsUncovered,
  AlreadyThere,
  ...Unsafe.members,
  ...Unfit.members
)

/**
 * @since 0.1.0
 * @category models
 */
export type Finding = typeof Finding.Type

const time = (millis: number): string => DateTime.formatIso(DateTime.unsafeMake(millis))
const percent = (share: number): string => `${Math.round(share * 100)} %`
const mebibytes = (bytes: number): string => `${Math.round(bytes / 1024 ** 2)} MiB`

const describeUnsafe = (finding: typeof Unsafe.Type): string => {
  switch (finding._tag) {
    case "LockMissing":
      return `the run must hold the lock ${finding.wanted}, and holds ${finding.held ?? "none"}`
    case "MigrationOpen":
      return `slots of cluster ${finding.clusterId} are on the move (${finding.state})`
    case "SyncUnproven":
      return `replica ${finding.nodeId} of shard ${finding.shardId} is not in sync: ${finding.detail}`
    case "HeadroomTooSmall":
      return `the shards that stay have ${mebibytes(finding.free)} free; ${finding.factor} times ${mebibytes(finding.leaving)} is needed`
    case "LoadTooHigh":
      return `node ${finding.nodeId} is at ${percent(finding.cpu)} CPU, over ${percent(finding.limit)}`
    case "BackupDue":
      return `an automatic backup of cluster ${finding.clusterId} (${finding.cron}) is due at ${time(finding.at)}`
    case "NoFreshBackup":
      return `cluster ${finding.clusterId} has no available backup since ${time(finding.since)}${finding.newestAt === null ? "" : `; the newest is of ${time(finding.newestAt)}`}`
    case "SlotsUneven":
      return `shards of cluster ${finding.clusterId} hold ${finding.min} to ${finding.max} slots, more than ${finding.tolerance} apart`
    case "EndpointsUntold":
      return `${finding.change} changes nodes, and does not say which endpoints clients must learn or forget`
    case "UndoUnstated":
      return `${finding.change} is destructive, and does not say what cannot be undone`
  }
}

const describeUnfit = (finding: typeof Unfit.Type): string => {
  switch (finding._tag) {
    case "NotEnoughReplicas":
      return `shard ${finding.shardId} has ${finding.nodes} nodes, ${finding.wanted} wanted`
    case "CountedShort":
      return `shard ${finding.shardId} has ${finding.nodes} nodes, and was counted with ${finding.counted} when a new shard was placed like it`
    case "TargetIsSource":
      return `subnet ${finding.subnetId} is to be left, and cannot be gone to`
    case "PreviousUnknown":
      return `${finding.fields.join(", ")} of cluster ${finding.clusterId} cannot be read; give the values to go back to`
    case "CurrentUnknown":
      return `${finding.fields.join(", ")} of cluster ${finding.clusterId} cannot be read; say what the cluster has now`
    case "NothingToUpgrade":
      return `cluster ${finding.clusterId} has version ${finding.version} and flavor ${finding.flavorId} already`
    case "NoPassword":
      return `no password for database user "${finding.user}": ${finding.reason}`
    case "TopologyWrong":
      return `cluster ${finding.clusterId} has ${finding.found} ${finding.what}, ${finding.wanted} wanted`
    case "DataWrong":
      return `the data of cluster ${finding.clusterId} is not as it should be: ${finding.detail}`
  }
}

const isUnsafe = Schema.is(Unsafe)
const isUnfit = Schema.is(Unfit)

/**
 * A finding in one sentence.
 *
 * @since 0.1.0
 * @category destructors
 */
export const describe = (finding: Finding): string => {
  if (isUnsafe(finding)) return describeUnsafe(finding)
  if (isUnfit(finding)) return describeUnfit(finding)
  switch (finding._tag) {
    case "SlotsUncovered":
      return `the shards of cluster ${finding.clusterId} leave slots [${finding.missing}] uncovered and claim [${finding.overlapping}] twice`
    case "AlreadyThere":
      return `node ${finding.nodeId} stands in subnet ${finding.subnetId} already`
    case "RestoreMemory":
    case "NotSpread":
      return Warning.describe(finding)
    default:
      return Reason.describe(finding)
  }
}
