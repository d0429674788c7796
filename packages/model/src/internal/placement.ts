import type { SubnetAssignment, SubnetRef } from "@memstore-flows/api/Subnet"
import type { ClusterRequest } from "../Command.js"
import type { Reason } from "../Reason.js"
import type { Warning } from "../Warning.js"
import { when } from "./quotas.js"

/**
 * A subnet must be among the cluster's, where these are known. `path`: where it stands in the request.
 *
 * @since 0.1.0
 * @category placement
 */
export const outside = (
  subnets: ReadonlyArray<SubnetRef> | undefined,
  subnetId: string,
  path: string
): ReadonlyArray<Reason> =>
  when(subnets !== undefined && !subnets.some(({ id }) => id === subnetId), {
    _tag: "SubnetOutsidePool",
    path,
    subnetId
  })

/**
 * The subnets of one shard must be among the cluster's. `path`: where the assignment stands in the request.
 *
 * @since 0.1.0
 * @category placement
 */
export const pool = (input: {
  readonly subnets: ReadonlyArray<SubnetRef> | undefined
  readonly subnetAssignment: SubnetAssignment
  readonly path: string
}): ReadonlyArray<Reason> => [
  ...outside(input.subnets, input.subnetAssignment.primary.id, `${input.path}.primary.id`),
  ...input.subnetAssignment.replicas.flatMap(({ id }, index) =>
    outside(input.subnets, id, `${input.path}.replicas[${index}].id`)
  )
]

export const replicaCount = (assignment: SubnetAssignment, index: number, nodeCount: number): ReadonlyArray<Reason> =>
  when(assignment.replicas.length !== nodeCount - 1, {
    _tag: "AssignmentReplicas",
    assignment: index,
    wanted: nodeCount - 1,
    given: assignment.replicas.length
  })

/**
 * One assignment for each shard, in each one replica less than nodes, all subnets among `subnets`.
 *
 * @since 0.1.0
 * @category placement
 */
export const assignments = (
  input: Pick<ClusterRequest, "shardCount" | "nodeCountPerShard" | "subnets" | "subnetAssignments">
): ReadonlyArray<Reason> => [
  ...when(input.subnetAssignments.length !== input.shardCount, {
    _tag: "AssignmentCount",
    wanted: input.shardCount,
    given: input.subnetAssignments.length
  }),
  ...input.subnetAssignments.flatMap((each, index) => [
    ...replicaCount(each, index, input.nodeCountPerShard),
    ...pool({ subnets: input.subnets, subnetAssignment: each, path: `subnetAssignments[${index}]` })
  ])
]

/**
 * Warns when all nodes of a shard would stand in one subnet. The vendor's pages do not forbid it.
 *
 * @since 0.1.0
 * @category placement
 */
export const spread = (input: {
  readonly subnetAssignment: SubnetAssignment
  readonly path: string
}): ReadonlyArray<Warning> => {
  const { primary, replicas } = input.subnetAssignment
  return replicas.length > 0 && replicas.every(({ id }) => id === primary.id)
    ? [{ _tag: "NotSpread", path: input.path, subnetId: primary.id }]
    : []
}
