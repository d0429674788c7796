/**
 * A cluster as the service itself knows it.
 *
 * @since 0.1.0
 */
import { SubnetRef } from "@memstore-flows/api/Subnet"
import * as Schema from "effect/Schema"
import { Operation } from "./Operation.js"

/**
 * Slot ranges, as `Slots` of the api package.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Ranges = Schema.Array(Schema.Struct({ start: Schema.Int, end: Schema.Int }))

/**
 * - `readyAt`: when it came into service, `null` before; its endpoint shows as `""` until then
 * - `syncedAt`: when it holds all data; a later moment than `readyAt` for a new replica
 * - `visibleAt`: from when reads show it
 * - `downAt`: when it died, `null` while it lives
 *
 * @since 0.1.0
 * @category schemas
 */
export const NodeState = Schema.Struct({
  id: Schema.String,
  name: Schema.String,
  subnetId: Schema.String,
  endpoint: Schema.String,
  role: Schema.Literal("primary", "replica"),
  createdAt: Schema.Number,
  visibleAt: Schema.Number,
  readyAt: Schema.NullOr(Schema.Number),
  syncedAt: Schema.NullOr(Schema.Number),
  downAt: Schema.NullOr(Schema.Number)
}).annotations({ identifier: "NodeState" })

/**
 * @since 0.1.0
 * @category models
 */
export type NodeState = typeof NodeState.Type

/**
 * `slots`: what it held when the operation under way began; `nextNode`: the ordinal of the next node, never used twice.
 *
 * @since 0.1.0
 * @category schemas
 */
export const ShardState = Schema.Struct({
  id: Schema.String,
  name: Schema.String,
  slots: Ranges,
  nodes: Schema.Array(NodeState),
  nextNode: Schema.Int,
  createdAt: Schema.Number,
  visibleAt: Schema.Number
}).annotations({ identifier: "ShardState" })

/**
 * @since 0.1.0
 * @category models
 */
export type ShardState = typeof ShardState.Type

/**
 * The replacement of a dead node.
 *
 * `Detecting`: it died and is still listed, until `dueAt`. `Replacing`: it is gone, a replica of its shard is primary when
 * it was, and the new node `nodeId` comes into service at `dueAt`.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Heal = Schema.Struct({
  phase: Schema.Literal("Detecting", "Replacing"),
  shardId: Schema.String,
  nodeId: Schema.String,
  dueAt: Schema.Number
}).annotations({ identifier: "Heal" })

/**
 * @since 0.1.0
 * @category models
 */
export type Heal = typeof Heal.Type

/**
 * - `keys`, `usedMemory` (bytes): of the whole cluster; each shard has its share by slots
 * - `failedAt`: since when it is `Failed`, which only deletion ends; `null` when it is not
 * - `restoredFrom`: the id of the backup it was made of, `null` when it began empty
 *
 * @since 0.1.0
 * @category schemas
 */
export const ClusterState = Schema.Struct({
  id: Schema.String,
  name: Schema.String,
  description: Schema.String,
  version: Schema.String,
  port: Schema.Int,
  flavorId: Schema.String,
  parameterGroupId: Schema.String,
  subnets: Schema.Array(SubnetRef),
  securityGroups: Schema.Array(SubnetRef),
  tlsEnabled: Schema.Boolean,
  userName: Schema.NullOr(Schema.String),
  backupSchedule: Schema.NullOr(Schema.Struct({ cron: Schema.String, retentionLimit: Schema.Int })),
  restoredFrom: Schema.NullOr(Schema.String),
  shards: Schema.Array(ShardState),
  nextShard: Schema.Int,
  operation: Schema.NullOr(Operation),
  heals: Schema.Array(Heal),
  keys: Schema.Number,
  usedMemory: Schema.Number,
  failedAt: Schema.NullOr(Schema.Number),
  createdAt: Schema.Number,
  visibleAt: Schema.Number
}).annotations({ identifier: "ClusterState" })

/**
 * @since 0.1.0
 * @category models
 */
export type ClusterState = typeof ClusterState.Type
