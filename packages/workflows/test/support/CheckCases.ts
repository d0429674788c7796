import type { Cluster } from "@memstore-flows/api/Cluster"
import type { Node } from "@memstore-flows/api/Node"
import type { Shard } from "@memstore-flows/api/Shard"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import * as Checks from "../../src/Checks.js"
import type { Finding } from "../../src/Finding.js"
import * as Invariant from "../../src/Invariant.js"

export const now = Date.UTC(2026, 0, 5, 12)

const node = (id: string, role: "primary" | "replica", subnetId: string): Node => ({
  id,
  name: `source-${id}`,
  status: "Running",
  role,
  endpoint: `10.0.0.${id.length}`,
  subnet: { id: subnetId },
  createdAt: "2026-01-01T00:00:00Z"
})

const shard = (id: string, slots: string, nodes = 3): Shard => ({
  id,
  name: `source-${id}`,
  status: "Running",
  slots,
  createdAt: "2026-01-01T00:00:00Z",
  nodes: [node(`${id}-p`, "primary", "x"), node(`${id}-a`, "replica", "y"), node(`${id}-b`, "replica", "y")].slice(
    0,
    nodes
  )
})

const even = [shard("001", "0-8191"), shard("002", "8192-16383")]

export const cluster: Cluster = { id: "c", name: "source", nodeCountPerShard: 3, shardCount: 2 }

const backup = (hoursAgo: number, status = "Available") => ({
  id: "b",
  name: "nightly",
  clusterId: "c",
  clusterName: "source",
  status,
  createdAt: DateTime.formatIso(DateTime.unsafeMake(now - hoursAgo * 3_600_000))
})

export const facts = (changed: Partial<Invariant.Facts>): Invariant.Facts => ({
  now,
  resource: "cluster/c",
  shards: even,
  clusters: Option.some([cluster]),
  backups: Option.some([backup(1)]),
  load: Option.some(
    even.map(({ id }) => ({ nodeId: `${id}-p`, cpu: 0.2, cores: 2, usedMemory: 100, maxMemory: 1000 }))
  ),
  sync: new Map([["001-a", { _tag: "InSync" as const }]]),
  ...changed
})

export const change = (changed: Partial<Invariant.Change>): Invariant.Change => ({
  what: "change it",
  clusterId: "c",
  destructive: false,
  tellsEndpoints: true,
  ...changed
})

const destructive = { destructive: true, irreversible: ["it"] }
const removesReplica = { ...destructive, removesNodes: [{ shardId: "001", nodeId: "001-a" }] }
const removesShard = { ...destructive, removesShards: ["002"] }
const scheduled = { clusters: Option.some([{ ...cluster, backupSchedule: { cron: "0 14 * * *", retentionLimit: 1 } }]) }

/** A check in four situations. */
export interface Case {
  /** A change of which the check has something to say, and finds nothing. */
  readonly holds: Partial<Invariant.Change>
  readonly in?: Partial<Invariant.Facts>
  /** What breaks it, and the evidence. */
  readonly broken: Partial<Invariant.Change>
  readonly by?: Partial<Invariant.Facts>
  readonly evidence: ReadonlyArray<Finding>
  /** Facts without which it cannot be made. */
  readonly unknownIn?: Partial<Invariant.Facts>
}

const withStatus = (status: string) => even.map((each, index) => (index === 0 ? { ...each, status } : each))

export const cases: Readonly<Record<Invariant.Name, Case>> = {
  stable: {
    holds: {},
    broken: {},
    by: { shards: withStatus("Modifying") },
    evidence: [{ _tag: "Busy", clusterId: "c", status: "Modifying" }]
  },
  oneFlow: {
    holds: {},
    broken: {},
    by: { resource: "cluster/other" },
    evidence: [{ _tag: "LockMissing", wanted: "cluster/c", held: "cluster/other" }]
  },
  slotsCovered: {
    holds: {},
    broken: {},
    by: { shards: [shard("001", "0-8192"), shard("002", "8192-16000")] },
    evidence: [{ _tag: "SlotsUncovered", clusterId: "c", missing: "16001-16383", overlapping: "8192" }]
  },
  noOpenMigration: {
    holds: {},
    broken: {},
    by: { shards: withStatus("Scaling(horizontal)") },
    evidence: [{ _tag: "MigrationOpen", clusterId: "c", state: "shard 001 is Scaling(horizontal)" }]
  },
  rolesReread: {
    holds: removesReplica,
    broken: {
      ...destructive,
      removesNodes: [
        { shardId: "001", nodeId: "001-p" },
        { shardId: "001", nodeId: "gone" }
      ]
    },
    evidence: [
      { _tag: "PrimaryNode", shardId: "001", nodeId: "001-p" },
      { _tag: "UnknownNode", clusterId: "c", shardId: "001", nodeId: "gone" }
    ]
  },
  syncProven: {
    holds: { reliesOn: [{ shardId: "001", nodeId: "001-a" }] },
    broken: { reliesOn: [{ shardId: "001", nodeId: "001-a" }] },
    by: { sync: new Map([["001-a", { _tag: "Behind", detail: "3 MB behind" }]]) },
    evidence: [{ _tag: "SyncUnproven", shardId: "001", nodeId: "001-a", detail: "3 MB behind" }],
    unknownIn: { sync: new Map() }
  },
  lastReplica: {
    holds: removesReplica,
    broken: removesReplica,
    by: { shards: [shard("001", "0-8191", 2), shard("002", "8192-16383")] },
    evidence: [{ _tag: "LastReplica", shardId: "001", nodeId: "001-a" }]
  },
  memoryHeadroom: {
    holds: removesShard,
    broken: removesShard,
    by: {
      load: Option.some([
        { nodeId: "001-p", usedMemory: 900, maxMemory: 1000 },
        { nodeId: "002-p", usedMemory: 200, maxMemory: 1000 }
      ])
    },
    evidence: [{ _tag: "HeadroomTooSmall", clusterId: "c", leaving: 200, free: 100, factor: 1.5 }],
    unknownIn: { load: Option.none() }
  },
  load: {
    holds: { addsShards: 1 },
    broken: { addsShards: 1 },
    by: {
      load: Option.some([
        { nodeId: "one core", cpu: 0.6, cores: 1 },
        { nodeId: "two cores", cpu: 0.6, cores: 2 },
        { nodeId: "busy", cpu: 0.9, cores: 4 }
      ])
    },
    evidence: [
      { _tag: "LoadTooHigh", nodeId: "one core", cpu: 0.6, limit: 0.5 },
      { _tag: "LoadTooHigh", nodeId: "busy", cpu: 0.9, limit: 0.8 }
    ],
    unknownIn: { load: Option.none() }
  },
  quota: {
    holds: { addsShards: 10, addsNodes: 54 },
    broken: { addsShards: 11, addsNodes: 55 },
    evidence: [
      { _tag: "QuotaShards", wanted: 13, min: 1, max: 12 },
      { _tag: "QuotaNodesPerProject", used: 6, added: 55, max: 60 }
    ],
    unknownIn: { clusters: Option.none() }
  },
  subnetSpread: {
    holds: { ...removesReplica, addsReplicas: [{ shardId: "001", subnetId: "z" }] },
    broken: {
      ...destructive,
      placements: [{ primary: { id: "x" }, replicas: [{ id: "x" }] }],
      removesNodes: [
        { shardId: "001", nodeId: "001-a" },
        { shardId: "001", nodeId: "001-b" }
      ],
      addsReplicas: [{ shardId: "001", subnetId: "x" }]
    },
    evidence: [
      { _tag: "NotSpread", path: "placements[0]", subnetId: "x" },
      { _tag: "NotSpread", path: "shard 001", subnetId: "x" }
    ]
  },
  noBackupDue: {
    holds: { takes: Duration.hours(1) },
    in: scheduled,
    broken: { takes: Duration.hours(2) },
    by: scheduled,
    evidence: [{ _tag: "BackupDue", clusterId: "c", cron: "0 14 * * *", at: now + 7_200_000 }],
    unknownIn: { clusters: Option.none() }
  },
  freshBackup: {
    holds: removesShard,
    broken: removesShard,
    by: { backups: Option.some([backup(25), backup(1, "Error")]) },
    evidence: [{ _tag: "NoFreshBackup", clusterId: "c", newestAt: now - 90_000_000, since: now - 86_400_000 }],
    unknownIn: { backups: Option.none() }
  },
  evenSlots: {
    holds: removesShard,
    broken: removesShard,
    by: { shards: [shard("001", "0-12000"), shard("002", "12001-16383")] },
    evidence: [{ _tag: "SlotsUneven", clusterId: "c", min: 4383, max: 12001, tolerance: 2048 }]
  },
  failedIsFinal: {
    holds: {},
    broken: {},
    by: { shards: withStatus("Failed") },
    evidence: [{ _tag: "ClusterFailed", clusterId: "c" }]
  },
  clientsTold: {
    holds: { addsNodes: 1 },
    broken: { addsNodes: 1, tellsEndpoints: false },
    evidence: [{ _tag: "EndpointsUntold", change: "change it" }]
  },
  undoStated: {
    holds: destructive,
    broken: { destructive: true },
    evidence: [{ _tag: "UndoUnstated", change: "change it" }]
  }
}

/** Judged with all checks binding, the others off, so that one speaks alone. */
export const alone = (check: Invariant.Name): Checks.Policy => ({
  ...Checks.defaults,
  binding: [check],
  off: Invariant.Name.literals.filter((each) => each !== check).map((each) => ({ check: each, reason: "not asked" })),
  zones: ["UTC"]
})
