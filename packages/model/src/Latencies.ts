/**
 * How long the service takes for each kind of work.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

const Millis = Schema.Number.pipe(Schema.nonNegative())

/**
 * Durations in milliseconds.
 *
 * - `init`, `create`: how long a new cluster shows `Init`, then `Creating`; `restore` is added for a restore
 * - `modify`, `remove`: `Modifying` of an update, `Deleting` of a cluster
 * - `addNodes`, `removeNodes`: making or removing the nodes of a shard, or one replica
 * - `slotsPerSecond`: speed of slot migration
 * - `sync`: how long a new replica takes to hold all data, after it is in service
 * - `clusterVisibility`, `visibility`: how late a new cluster, and a new shard or node, shows in reads
 * - `detect`: from the death of a node to its removal (and promotion of a replica when it was the primary)
 * - `replace`: from then until the replacement is in service
 * - `backupPending`, `backup`: how long a backup shows `Pending`, then `Creating`
 *
 * @since 0.1.0
 * @category schemas
 */
export const Latencies = Schema.Struct({
  init: Millis,
  create: Millis,
  restore: Millis,
  modify: Millis,
  remove: Millis,
  addNodes: Millis,
  removeNodes: Millis,
  slotsPerSecond: Schema.Number.pipe(Schema.positive()),
  sync: Millis,
  clusterVisibility: Millis,
  visibility: Millis,
  detect: Millis,
  replace: Millis,
  backupPending: Millis,
  backup: Millis
}).annotations({ identifier: "Latencies" })

/**
 * @since 0.1.0
 * @category models
 */
export type Latencies = typeof Latencies.Type

/**
 * Nothing takes any time: work ends at the first read or command after the one that began it.
 *
 * @since 0.1.0
 * @category presets
 */
export const instant: Latencies = {
  init: 0,
  create: 0,
  restore: 0,
  modify: 0,
  remove: 0,
  addNodes: 0,
  removeNodes: 0,
  slotsPerSecond: 1e12,
  sync: 0,
  clusterVisibility: 0,
  visibility: 0,
  detect: 0,
  replace: 0,
  backupPending: 0,
  backup: 0
}

/**
 * Each operation takes about a second, so that a person can watch it.
 *
 * @since 0.1.0
 * @category presets
 */
export const fast: Latencies = {
  init: 100,
  create: 700,
  restore: 300,
  modify: 300,
  remove: 300,
  addNodes: 400,
  removeNodes: 300,
  slotsPerSecond: 6000,
  sync: 100,
  clusterVisibility: 50,
  visibility: 150,
  detect: 150,
  replace: 500,
  backupPending: 100,
  backup: 600
}

/**
 * Minutes for nodes, hours for slots. The vendor says only "several hours" for slots and "minutes to tens of minutes" for
 * the creation of small flavors; the other numbers are assumptions.
 *
 * @since 0.1.0
 * @category presets
 */
export const realistic: Latencies = {
  init: 10_000,
  create: 15 * 60_000,
  restore: 20 * 60_000,
  modify: 2 * 60_000,
  remove: 5 * 60_000,
  addNodes: 10 * 60_000,
  removeNodes: 5 * 60_000,
  slotsPerSecond: 0.5,
  sync: 3 * 60_000,
  clusterVisibility: 2000,
  visibility: 5000,
  detect: 15_000,
  replace: 10 * 60_000,
  backupPending: 5000,
  backup: 10 * 60_000
}

/**
 * The presets by name.
 *
 * @since 0.1.0
 * @category presets
 */
export const presets = { instant, fast, realistic } as const
