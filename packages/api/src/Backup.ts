/**
 * A backup of a cluster.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { guessed } from "./internal/guessed.js"

/**
 * The status words of a backup on the vendor's concepts page; the wire may bring others.
 *
 * `Available` can be restored, copied and exported; `Pending` is accepted and not begun; `Restoring`, `Copying` and
 * `Exporting` are in use; `Error` is final.
 *
 * @since 0.1.0
 * @category models
 */
export const knownBackupStatuses = [
  "Available",
  "Pending",
  "Creating",
  "Restoring",
  "Copying",
  "Exporting",
  "Error",
  "Deleting"
] as const

/**
 * A backup as "Retrieve backup list" shows it.
 *
 * The page was seen as far as `clusterId`: these five fields are documented. The rest is a guess, as in `Cluster`:
 * - `status`: see `knownBackupStatuses`; `type`: manual or automatic
 * - `version`, `shardCount`: of the source; `size`: bytes
 *
 * @since 0.1.0
 * @category schemas
 */
export const Backup = Schema.Struct({
  id: Schema.String,
  name: Schema.String,
  projectId: guessed(Schema.String),
  clusterName: Schema.String,
  clusterId: Schema.String,
  clusterMode: guessed(Schema.Boolean),
  status: guessed(Schema.String),
  type: guessed(Schema.String),
  version: guessed(Schema.String),
  shardCount: guessed(Schema.Number),
  size: guessed(Schema.Number),
  createdAt: guessed(Schema.String)
}).annotations({ identifier: "Backup" })

/**
 * @since 0.1.0
 * @category models
 */
export type Backup = typeof Backup.Type
