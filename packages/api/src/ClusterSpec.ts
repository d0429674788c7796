/**
 * What a new cluster shall be: the fields that creating and restoring share.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { BackupSchedule } from "./BackupSchedule.js"
import { limits } from "./Limits.js"
import { SubnetAssignment, SubnetRef } from "./Subnet.js"

const ranged = (identifier: string, { max, min }: { readonly min: number; readonly max: number }) =>
  Schema.Int.pipe(
    Schema.between(min, max, { identifier, message: () => `must be a whole number from ${min} to ${max}` })
  )

/**
 * The Redis port of a cluster, 2000-50000.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Port = ranged("Port", limits.port)

/**
 * How many shards a cluster has, 1-12.
 *
 * @since 0.1.0
 * @category schemas
 */
export const ShardCount = ranged("ShardCount", limits.shards)

/**
 * How many nodes a shard has, 2-5, the primary included.
 *
 * @since 0.1.0
 * @category schemas
 */
export const NodeCount = ranged("NodeCount", limits.nodesPerShard)

/**
 * A security group named by its id (a UUID, see Console > VPC > Security group).
 *
 * @since 0.1.0
 * @category schemas
 */
export const SecurityGroupRef = Schema.Struct({ id: Schema.NonEmptyString }).annotations({
  identifier: "SecurityGroupRef"
})

/**
 * The database user made with the cluster. `password` is **already encrypted or hashed** as the vendor's appendix
 * says: it is passed on as it is. It is `Redacted` and appears in no log, span or error.
 *
 * @since 0.1.0
 * @category schemas
 */
export const DatabaseUser = Schema.Struct({
  name: Schema.NonEmptyString,
  password: Schema.Redacted(Schema.NonEmptyString)
}).annotations({ identifier: "DatabaseUser" })

/**
 * @since 0.1.0
 * @category models
 */
export type DatabaseUser = typeof DatabaseUser.Type

/**
 * The fields of "Create cluster", without `restoreSource`.
 *
 * - `version`: a full engine version such as `6.2.5`; see `ListEngineVersions`
 * - `nodeCountPerShard`: the primary included
 * - `subnetAssignments`: one element for each shard, in each one replica less than `nodeCountPerShard`, all of them
 *   taken from `subnets`
 * - `backupSchedule`: absent means no automatic backups
 *
 * @since 0.1.0
 * @category schemas
 */
export const clusterFields = {
  name: Schema.NonEmptyString,
  description: Schema.optional(Schema.String),
  version: Schema.NonEmptyString,
  port: Port,
  shardCount: ShardCount,
  nodeCountPerShard: NodeCount,
  flavorId: Schema.NonEmptyString,
  parameterGroupId: Schema.NonEmptyString,
  subnets: Schema.Array(SubnetRef).pipe(Schema.minItems(1, { message: () => "must name at least one subnet" })),
  subnetAssignments: Schema.Array(SubnetAssignment).pipe(
    Schema.minItems(1, { message: () => "must have one element for each shard" })
  ),
  tlsEnabled: Schema.optional(Schema.Boolean),
  backupSchedule: Schema.optional(BackupSchedule),
  user: Schema.optional(DatabaseUser),
  securityGroups: Schema.Array(SecurityGroupRef).pipe(
    Schema.minItems(1, { message: () => "must name at least one security group" })
  )
} as const

/**
 * Which backup to restore from, by its **name**.
 *
 * On the wire the page says `backupNames` in its table and `backupName` in its samples; either is read.
 *
 * @since 0.1.0
 * @category schemas
 */
export const RestoreSource = Schema.Struct({ backupName: Schema.NonEmptyString }).annotations({
  identifier: "RestoreSource"
})

/**
 * @since 0.1.0
 * @category models
 */
export type RestoreSource = typeof RestoreSource.Type
