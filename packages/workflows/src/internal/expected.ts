import * as Duration from "effect/Duration"

/** How long adding or removing a shard is taken to last: the vendor says "several hours". */
export const shardTakes = Duration.hours(3)

/** How long adding a replica, or deleting one, is taken to last. */
export const replicaTakes = Duration.minutes(30)

/** How long restoring a cluster is taken to last. */
export const restoreTakes = Duration.hours(2)
