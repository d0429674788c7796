/**
 * The limits of cluster mode. None can be raised.
 *
 * @since 0.1.0
 */

/**
 * - `shards`: 1-12 in a cluster
 * - `nodesPerShard`: 2-5, the primary included
 * - `nodesPerProject`: at most 60
 * - `port`: 2000-50000
 * - `restoreMemoryRatio`: a backup's cache size over 60 % of the new flavor's memory may make a restore fail
 *
 * @since 0.1.0
 * @category constants
 */
export const limits = {
  shards: { min: 1, max: 12 },
  nodesPerShard: { min: 2, max: 5 },
  nodesPerProject: 60,
  port: { min: 2000, max: 50000 },
  restoreMemoryRatio: 0.6
} as const
