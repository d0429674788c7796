/**
 * The seventeen safety checks as pure functions: facts and a change in, a verdict with its evidence out.
 *
 * @since 0.1.0
 */
import type { Backup } from "@memstore-flows/api/Backup"
import type { Cluster } from "@memstore-flows/api/Cluster"
import type { Shard } from "@memstore-flows/api/Shard"
import type { SubnetAssignment } from "@memstore-flows/api/Subnet"
import type * as Duration from "effect/Duration"
import type * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type { Finding } from "./Finding.js"
import type { NodeLoad } from "./LoadProbe.js"
import type { SyncState } from "./ReplicaSync.js"

/**
 * Each invariant by its name:
 *
 * - `stable`: the cluster is in service before every write
 * - `oneFlow`: the run holds the lock of the cluster
 * - `slotsCovered`: slots 0-16383 are each held once
 * - `noOpenMigration`: no slots are on the move
 * - `rolesReread`: a node to be deleted is there, and is a replica now
 * - `syncProven`: a replica that is relied on has caught up
 * - `lastReplica`: a shard keeps a healthy replica
 * - `memoryHeadroom`: the shards that stay have 1.5 times the memory free that leaves
 * - `load`: CPU is below 80 %, on one core below 50 % (advice)
 * - `quota`: 12 shards, 5 nodes a shard, 60 nodes in the project, at the peak
 * - `subnetSpread`: a primary and at least one replica stand in different subnets
 * - `noBackupDue`: no backup runs, and none is due while the change takes
 * - `freshBackup`: there is a new enough backup before data is moved or deleted
 * - `evenSlots`: shards hold about as many slots each (advice, unless shards are removed)
 * - `failedIsFinal`: nothing is done to a cluster that is `Failed`
 * - `clientsTold`: a change of nodes says which endpoints come and go (advice)
 * - `undoStated`: a destructive change says what cannot be undone
 *
 * @since 0.1.0
 * @category schemas
 */
export const Name = Schema.Literal(
  "stable",
  "oneFlow",
  "slotsCovered",
  "noOpenMigration",
  "rolesReread",
  "syncProven",
  "lastReplica",
  "memoryHeadroom",
  "load",
  "quota",
  "subnetSpread",
  "noBackupDue",
  "freshBackup",
  "evenSlots",
  "failedIsFinal",
  "clientsTold",
  "undoStated"
)

/**
 * @since 0.1.0
 * @category models
 */
export type Name = typeof Name.Type

/**
 * A cluster to be made, of so many shards at first; `cron` is of its automatic backups, empty for none.
 *
 * @since 0.1.0
 * @category models
 */
export interface Made {
  readonly name: string
  readonly shardCount: number
  readonly cron: string
}

/**
 * What is about to be done, as far as a check needs it.
 *
 * - `what`: in words, for errors
 * - `destructive`: it deletes, moves or overwrites what holds data; what can no longer be undone is in `irreversible`
 * - `addsShards`, `addsNodes`: at the peak
 * - `removesShards`, `removesNodes`: by id; `removesCluster`: the whole of it
 * - `addsReplicas`: those to come, by where they will stand
 * - `reliesOn`: replicas that must have caught up
 * - `placements`: of the shards to come
 * - `makes`: the cluster that is to be made; there are no shards of it yet
 * - `takes`: how long it is expected to take
 * - `tellsEndpoints`: its result says which endpoints clients must learn and forget
 *
 * @since 0.1.0
 * @category models
 */
export interface Change {
  readonly what: string
  readonly clusterId: string
  readonly destructive: boolean
  readonly irreversible?: ReadonlyArray<string> | undefined
  readonly addsShards?: number | undefined
  readonly addsNodes?: number | undefined
  readonly removesShards?: ReadonlyArray<string> | undefined
  readonly removesNodes?: ReadonlyArray<{ readonly shardId: string; readonly nodeId: string }> | undefined
  readonly removesCluster?: boolean | undefined
  readonly addsReplicas?: ReadonlyArray<{ readonly shardId: string; readonly subnetId: string }> | undefined
  readonly reliesOn?: ReadonlyArray<{ readonly shardId: string; readonly nodeId: string }> | undefined
  readonly placements?: ReadonlyArray<SubnetAssignment> | undefined
  readonly makes?: Made | undefined
  readonly takes?: Duration.Duration | undefined
  readonly tellsEndpoints?: boolean | undefined
}

/**
 * What was read. `clusters` and `backups` are `None` when the calls are not there or not allowed; `now` is in
 * milliseconds of the epoch; `resource` is the lock the run holds.
 *
 * @since 0.1.0
 * @category models
 */
export interface Facts {
  readonly now: number
  readonly resource: string | null
  readonly shards: ReadonlyArray<Shard>
  readonly clusters: Option.Option<ReadonlyArray<Cluster>>
  readonly backups: Option.Option<ReadonlyArray<Backup>>
  readonly load: Option.Option<ReadonlyArray<NodeLoad>>
  readonly sync: ReadonlyMap<string, SyncState>
}

/**
 * - `headroom`: how many times what leaves must be free in what stays
 * - `cpu`, `cpuSingleCore`: limits of CPU, shares of 1
 * - `backupAge`: how old the newest backup may be before a destructive change
 * - `unevenness`: how far the fullest and the emptiest shard may be apart, as a share of an even shard
 * - `zones`: time zones in which the schedule of automatic backups may be meant; the vendor does not say
 *
 * @since 0.1.0
 * @category models
 */
export interface Limits {
  readonly headroom: number
  readonly cpu: number
  readonly cpuSingleCore: number
  readonly backupAge: Duration.Duration
  readonly unevenness: number
  readonly zones: ReadonlyArray<string>
}

/**
 * What came of a check: it holds (also when it has nothing to say of this change), it is broken, or it could not be made.
 *
 * @since 0.1.0
 * @category models
 */
export type Verdict =
  | { readonly _tag: "Holds" }
  | { readonly _tag: "Broken"; readonly findings: ReadonlyArray<Finding> }
  | { readonly _tag: "Unknown"; readonly why: string }

/**
 * A check by name: `advisory` says whether a broken one is only reported.
 *
 * @since 0.1.0
 * @category models
 */
export interface Invariant {
  readonly judge: (facts: Facts, change: Change, limits: Limits) => Verdict
  readonly advisory: (change: Change) => boolean
}
