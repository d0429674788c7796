/**
 * Where nodes are placed.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

/**
 * A subnet named by its id (a UUID, see Console > VPC > Subnet).
 *
 * @since 0.1.0
 * @category schemas
 */
export const SubnetRef = Schema.Struct({ id: Schema.NonEmptyString }).annotations({ identifier: "SubnetRef" })

/**
 * @since 0.1.0
 * @category models
 */
export type SubnetRef = typeof SubnetRef.Type

/**
 * The subnets of one shard: one for the primary, one for each replica in order.
 *
 * @since 0.1.0
 * @category schemas
 */
export const SubnetAssignment = Schema.Struct({
  primary: SubnetRef,
  replicas: Schema.Array(SubnetRef)
}).annotations({ identifier: "SubnetAssignment" })

/**
 * @since 0.1.0
 * @category models
 */
export type SubnetAssignment = typeof SubnetAssignment.Type
