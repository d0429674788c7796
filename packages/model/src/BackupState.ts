/**
 * A backup as the service itself knows it.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { Ranges } from "./ClusterState.js"

/**
 * - `automatic`: made by the schedule rather than asked for
 * - `phase`: since `phaseAt`; `millis`: how long each phase takes when it ends by time
 * - `heldAt`: as for an operation
 * - `expiresAt`: when an automatic one is deleted, `null` for never
 * - `shards`: what was in each shard when the data was taken
 *
 * @since 0.1.0
 * @category schemas
 */
export const BackupState = Schema.Struct({
  id: Schema.String,
  name: Schema.String,
  automatic: Schema.Boolean,
  clusterId: Schema.String,
  clusterName: Schema.String,
  version: Schema.String,
  phase: Schema.Literal("Pending", "Creating", "Available", "Error"),
  phaseAt: Schema.Number,
  millis: Schema.Struct({ pending: Schema.Number, creating: Schema.Number }),
  heldAt: Schema.NullOr(Schema.Number),
  createdAt: Schema.Number,
  expiresAt: Schema.NullOr(Schema.Number),
  shards: Schema.Array(Schema.Struct({ slots: Ranges, keys: Schema.Number, usedMemory: Schema.Number }))
}).annotations({ identifier: "BackupState" })

/**
 * @since 0.1.0
 * @category models
 */
export type BackupState = typeof BackupState.Type

/**
 * Whether it is being made.
 *
 * @since 0.1.0
 * @category guards
 */
export const isRunning = (backup: BackupState): boolean => backup.phase === "Pending" || backup.phase === "Creating"

/**
 * When its phase changes by time; `undefined` when it does not.
 *
 * @since 0.1.0
 * @category getters
 */
export const dueAt = (backup: BackupState): number | undefined => {
  if (backup.phase === "Pending" && backup.heldAt === null) return backup.phaseAt + backup.millis.pending
  if (backup.phase === "Creating" && backup.heldAt === null) return backup.phaseAt + backup.millis.creating
  return backup.expiresAt ?? undefined
}
