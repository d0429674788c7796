/**
 * A node type: how much processor and memory each node of a cluster has.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

/**
 * `memory` is in GiB (common page: "Retrieve flavor list").
 *
 * @since 0.1.0
 * @category schemas
 */
export const Flavor = Schema.Struct({
  id: Schema.String,
  name: Schema.String,
  vcpus: Schema.Number,
  memory: Schema.Number
}).annotations({ identifier: "Flavor" })

/**
 * @since 0.1.0
 * @category models
 */
export type Flavor = typeof Flavor.Type
