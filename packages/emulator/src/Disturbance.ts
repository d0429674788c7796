/**
 * What befalls a cloud without any call of its user.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

const text = Schema.optionalWith(Schema.NonEmptyString, { exact: true })
const cluster = { clusterId: text }
const role = Schema.optionalWith(Schema.Literal("primary", "replica"), { exact: true })
const node = { ...cluster, shardId: text, nodeId: text, role }
const tagged = Schema.TaggedStruct

/**
 * A disturbance. Ids may be left out: the cluster is then that of the request it is bound to, else the oldest one that has
 * not failed; the shard is the first one; the node is the first living one with the wanted role.
 *
 * - `FailNode`: a node dies, on real servers by `SIGKILL`, and is replaced by a new one (`role`: which one when no `nodeId` is given, default
 *   `replica`); for a primary a replica is promoted first
 * - `HangNode`: a node stops answering without ending (chosen as for `FailNode`); a primary that hangs for about two
 *   seconds is killed and replaced. `ResumeNode`: it goes on; by default all nodes of the cluster that hang
 * - `SwitchPrimary`: the primary role moves to `nodeId`, by default to the freshest replica
 * - `FailCluster`: the cluster is `Failed` at once
 * - `StickOperation`, `ReleaseOperation`: the operation under way does not end until it is released
 * - `FailOperation`, `CompleteOperation`: the operation under way will end `Failed`, or ends now
 * - `CompleteBackup`, `FailBackup`: a backup being made is done, or in error; by default the newest
 *
 * @since 0.1.0
 * @category schemas
 */
export const Disturbance = Schema.Union(
  tagged("FailNode", node),
  tagged("HangNode", node),
  tagged("ResumeNode", { ...cluster, nodeId: text }),
  tagged("SwitchPrimary", { ...cluster, shardId: text, nodeId: text }),
  tagged("FailCluster", cluster),
  tagged("StickOperation", cluster),
  tagged("ReleaseOperation", cluster),
  tagged("FailOperation", cluster),
  tagged("CompleteOperation", cluster),
  tagged("CompleteBackup", { backupId: text }),
  tagged("FailBackup", { backupId: text })
).annotations({ identifier: "Disturbance", parseOptions: { onExcessProperty: "error" } })

/**
 * @since 0.1.0
 * @category models
 */
export type Disturbance = typeof Disturbance.Type
