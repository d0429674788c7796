/**
 * What is allowed and yet may go wrong.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

/**
 * - `RestoreMemory`: the largest shard of the backup takes more than 60 % of the flavor's memory, so the restore **may**
 *   fail (page: "Create cluster using existing backup name"). `usedMemory` and `memory` in bytes, per shard
 * - `NotSpread`: all nodes of a shard stand in one subnet, so losing it loses the shard
 *
 * @since 0.1.0
 * @category schemas
 */
export const Warning = Schema.Union(
  Schema.TaggedStruct("RestoreMemory", {
    usedMemory: Schema.Number,
    memory: Schema.Number,
    ratio: Schema.Number,
    limit: Schema.Number
  }),
  Schema.TaggedStruct("NotSpread", { path: Schema.String, subnetId: Schema.String })
).annotations({ identifier: "Warning" })

/**
 * @since 0.1.0
 * @category models
 */
export type Warning = typeof Warning.Type

/**
 * One sentence for a person.
 *
 * @since 0.1.0
 * @category destructors
 */
export const describe = (warning: Warning): string =>
  warning._tag === "RestoreMemory"
    ? `the backup's largest shard takes ${Math.round(warning.ratio * 100)} % of the flavor's memory; over ${Math.round(warning.limit * 100)} % a restore may fail`
    : `all nodes of ${warning.path} stand in subnet ${warning.subnetId}`
