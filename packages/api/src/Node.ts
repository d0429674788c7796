/**
 * A node: one Redis process of a shard.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { Status } from "./Status.js"

/**
 * A node as the API shows it (page: "View instance (node) details").
 *
 * - `id`: UUID; `name`: `{cluster}-{shard ordinal}-{node ordinal}`, for example `test-cluster-001-002`
 * - `endpoint`: private IP without port; may be empty while the node is made
 * - `role`: `primary` or `replica`; it changes without any call when the service fails over
 * - `status`: the cluster's own status
 * - `createdAt`: RFC 3339, UTC
 *
 * @since 0.1.0
 * @category schemas
 */
export const Node = Schema.Struct({
  id: Schema.String,
  name: Schema.String,
  subnet: Schema.Struct({ id: Schema.String }),
  endpoint: Schema.String,
  role: Schema.String,
  status: Status,
  createdAt: Schema.String
}).annotations({ identifier: "Node" })

/**
 * @since 0.1.0
 * @category models
 */
export type Node = typeof Node.Type

/**
 * @since 0.1.0
 * @category guards
 */
export const isPrimary = (node: Node): boolean => node.role === "primary"

/**
 * @since 0.1.0
 * @category guards
 */
export const isReplica = (node: Node): boolean => node.role === "replica"
