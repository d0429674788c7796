import { limits } from "@memstore-flows/api/Limits"
import type { Reason } from "../Reason.js"

export const when = (broken: boolean, reason: Reason): ReadonlyArray<Reason> => (broken ? [reason] : [])

/**
 * 1-12 shards in a cluster.
 *
 * @since 0.1.0
 * @category quotas
 */
export const shardCount = (wanted: number): ReadonlyArray<Reason> =>
  when(wanted < limits.shards.min || wanted > limits.shards.max || !Number.isInteger(wanted), {
    _tag: "QuotaShards",
    wanted,
    ...limits.shards
  })

/**
 * 2-5 nodes in a shard, the primary included.
 *
 * @since 0.1.0
 * @category quotas
 */
export const nodesPerShard = (wanted: number): ReadonlyArray<Reason> =>
  when(wanted < limits.nodesPerShard.min || wanted > limits.nodesPerShard.max || !Number.isInteger(wanted), {
    _tag: "QuotaNodesPerShard",
    wanted,
    ...limits.nodesPerShard
  })

/**
 * At most 60 nodes in a project, over all its clusters. `used`: before, `added`: by this change.
 *
 * @since 0.1.0
 * @category quotas
 */
export const projectNodes = (input: { readonly used: number; readonly added: number }): ReadonlyArray<Reason> =>
  when(input.used + input.added > limits.nodesPerProject, {
    _tag: "QuotaNodesPerProject",
    used: input.used,
    added: input.added,
    max: limits.nodesPerProject
  })

/**
 * 2000-50000.
 *
 * @since 0.1.0
 * @category quotas
 */
export const port = (wanted: number): ReadonlyArray<Reason> =>
  when(wanted < limits.port.min || wanted > limits.port.max || !Number.isInteger(wanted), {
    _tag: "PortOutOfRange",
    port: wanted,
    ...limits.port
  })
