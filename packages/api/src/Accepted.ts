/**
 * The answer of every write.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

/**
 * A write was accepted; the work itself goes on and shows in the statuses.
 *
 * `objectId` is the id of the **cluster** for every operation of the page: a new shard or node is never named.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Accepted = Schema.Struct({ objectId: Schema.String }).annotations({ identifier: "Accepted" })

/**
 * @since 0.1.0
 * @category models
 */
export type Accepted = typeof Accepted.Type
