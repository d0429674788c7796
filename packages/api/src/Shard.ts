/**
 * A shard: a part of the 16384 hash slots, served by one primary and its replicas.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { isPrimary, isReplica, Node } from "./Node.js"
import { Status } from "./Status.js"

/**
 * A shard as the API shows it (page: "Retrieve shard details").
 *
 * - `id`: zero-padded ordinal such as `"001"`, not a UUID
 * - `slots`: ranges such as `"0-8191"`; read it with `Slots.parse`
 * - `status`: the cluster's own status
 *
 * @since 0.1.0
 * @category schemas
 */
export const Shard = Schema.Struct({
  id: Schema.String,
  name: Schema.String,
  slots: Schema.String,
  nodes: Schema.Array(Node),
  status: Status,
  createdAt: Schema.String
}).annotations({ identifier: "Shard" })

/**
 * @since 0.1.0
 * @category models
 */
export type Shard = typeof Shard.Type

/**
 * The node that is primary now, if there is exactly one.
 *
 * @since 0.1.0
 * @category getters
 */
export const primary = (shard: Shard): Node | undefined => {
  const found = shard.nodes.filter(isPrimary)
  return found.length === 1 ? found[0] : undefined
}

/**
 * @since 0.1.0
 * @category getters
 */
export const replicas = (shard: Shard): ReadonlyArray<Node> => shard.nodes.filter(isReplica)
