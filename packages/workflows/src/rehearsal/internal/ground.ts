import type { Backup } from "@memstore-flows/api/Backup"
import type { Cluster } from "@memstore-flows/api/Cluster"
import type { Flavor } from "@memstore-flows/api/Flavor"
import type { Shard } from "@memstore-flows/api/Shard"
import * as Slots from "@memstore-flows/api/Slots"
import { classify } from "@memstore-flows/api/Status"
import type { BackupState } from "@memstore-flows/model/BackupState"
import type { ClusterState, NodeState, ShardState } from "@memstore-flows/model/ClusterState"
import type { ClusterRequest, Write } from "@memstore-flows/model/Command"
import type { Latencies } from "@memstore-flows/model/Latencies"
import type { Operation } from "@memstore-flows/model/Operation"
import { even } from "@memstore-flows/model/SlotPlan"
import * as State from "@memstore-flows/model/State"
import * as DateTime from "effect/DateTime"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import type { Basis } from "../Plan.js"

/** A cluster as reads show it; `known` is what the list of clusters says of it, when there is one. */
export interface Seen {
  readonly clusterId: string
  readonly known: Cluster | undefined
  readonly shards: ReadonlyArray<Shard>
}

/** Everything that was read of the live project. `unavailable`: calls that are not there or not allowed, by status. */
export interface Ground {
  readonly at: number
  readonly clusters: ReadonlyArray<Seen>
  readonly backups: ReadonlyArray<Backup>
  readonly versions: ReadonlyArray<string>
  readonly flavors: ReadonlyArray<Flavor>
  readonly unavailable: ReadonlyMap<string, number>
}

/** Where new nodes stand until the service gives them an address. */
export const nowhere = "unassigned"

const millis = (text: string | undefined, otherwise: number): number =>
  text === undefined
    ? otherwise
    : Option.match(DateTime.make(text), { onNone: () => otherwise, onSome: DateTime.toEpochMillis })

const ordinalOf = (text: string): number => {
  const found = /(\d+)$/.exec(text)
  return found === null ? 0 : Number(found[1])
}

const after = (ordinals: ReadonlyArray<number>): number => ordinals.reduce((most, each) => Math.max(most, each), 0) + 1

const nodesOf = ({ nodes }: Shard, at: number): ReadonlyArray<NodeState> =>
  nodes.map((node) => {
    const createdAt = millis(node.createdAt, at)
    return {
      id: node.id,
      name: node.name,
      subnetId: node.subnet.id,
      endpoint: node.endpoint,
      role: node.role === "primary" ? "primary" : "replica",
      createdAt,
      visibleAt: createdAt,
      readyAt: createdAt,
      syncedAt: createdAt,
      downAt: null
    }
  })

const shardOf = (shard: Shard, at: number): ShardState => {
  const createdAt = millis(shard.createdAt, at)
  return {
    id: shard.id,
    name: shard.name,
    slots: Either.getOrElse(Slots.parse(shard.slots), (): Slots.Slots => []),
    nodes: nodesOf(shard, at),
    nextNode: after(shard.nodes.map(({ name }) => ordinalOf(name))),
    createdAt,
    visibleAt: createdAt
  }
}

const working = (
  kind: Operation["kind"],
  name: Operation["stages"][number]["name"],
  took: number,
  at: number
): Operation => ({
  id: `under-way-${at}`,
  kind,
  startedAt: at,
  stages: [{ name, millis: took, startedAt: at, endedAt: null }],
  heldAt: null,
  failing: false,
  shardId: null,
  nodeIds: [],
  moves: [],
  moved: null
})

const statusOf = ({ known, shards }: Seen): string =>
  shards.map(({ status }) => status).find((status) => classify(status) !== "Stable") ??
  (shards.length === 0 ? (known?.status ?? "Running") : "Running")

const underWay = (status: string, latencies: Latencies, at: number): Operation | null => {
  switch (classify(status)) {
    case "Stable":
    case "Failed":
      return null
    default:
      if (status === "Deleting") return working("DeleteCluster", "Deleting", latencies.remove, at)
      if (status === "Creating" || status === "Init") {
        return working("CreateCluster", "Creating", latencies.create, at)
      }
      return working("UpdateCluster", "Modifying", latencies.modify, at)
  }
}

const nameOf = ({ clusterId, known, shards }: Seen): string =>
  known?.name ?? shards[0]?.name.replace(/-\d+$/, "") ?? clusterId

const clusterOf = (seen: Seen, latencies: Latencies, at: number): ClusterState => {
  const { clusterId, known, shards } = seen
  const createdAt = millis(known?.createdAt, at)
  const status = statusOf(seen)
  const standing = [...new Set(shards.flatMap(({ nodes }) => nodes.map(({ subnet }) => subnet.id)))]
  return {
    id: clusterId,
    name: nameOf(seen),
    description: known?.description ?? "",
    version: known?.version ?? "",
    port: known?.port ?? 6379,
    flavorId: known?.flavorId ?? "",
    parameterGroupId: known?.parameterGroupId ?? "",
    subnets: known?.subnets ?? standing.map((id) => ({ id })),
    securityGroups: known?.securityGroups ?? [],
    tlsEnabled: known?.tlsEnabled ?? false,
    userName: null,
    backupSchedule: known?.backupSchedule ?? null,
    restoredFrom: null,
    shards: shards.map((shard) => shardOf(shard, at)),
    nextShard: after(shards.map(({ id }) => ordinalOf(id))),
    operation: underWay(status, latencies, at),
    heals: [],
    keys: 0,
    usedMemory: 0,
    failedAt: classify(status) === "Failed" ? at : null,
    createdAt,
    visibleAt: createdAt
  }
}

const phaseOf = (status: string | undefined): BackupState["phase"] => {
  if (status === "Pending" || status === "Creating") return status
  return status === "Error" || status === "Deleting" ? "Error" : "Available"
}

const backupOf = (backup: Backup, latencies: Latencies, at: number): BackupState => {
  const count = backup.shardCount ?? 1
  return {
    id: backup.id,
    name: backup.name,
    automatic: backup.type === "automatic",
    clusterId: backup.clusterId,
    clusterName: backup.clusterName,
    version: backup.version ?? "",
    phase: phaseOf(backup.status),
    phaseAt: at,
    millis: { pending: latencies.backupPending, creating: latencies.backup },
    heldAt: null,
    createdAt: millis(backup.createdAt, at),
    expiresAt: null,
    shards: even(count).map((slots) => ({ slots, keys: 0, usedMemory: (backup.size ?? 0) / count }))
  }
}

/** The project in the model, as it was read. */
export const stateOf = (ground: Ground, latencies: Latencies): State.State => {
  const { at, clusters, versions } = ground
  const fresh = State.make({
    seed: "rehearsal",
    settings: { latencies, endpointPrefix: nowhere },
    versions,
    flavors: ground.flavors
  })
  return {
    ...fresh,
    clock: at,
    clusters: clusters.map((seen) => clusterOf(seen, latencies, at)),
    backups: ground.backups.map((backup) => backupOf(backup, latencies, at))
  }
}

/** What could not be read, and is taken to be so. One sentence each. */
export const assumptionsOf = (ground: Ground): ReadonlyArray<string> => {
  const { backups, clusters, unavailable } = ground
  const blind = clusters.filter(({ known }) => known === undefined && unavailable.has("ListClusters"))
  const busy = clusters.filter((seen) => !["Stable", "Failed"].includes(classify(statusOf(seen))))
  const vague = backups.filter(({ shardCount, version }) => shardCount === undefined || version === undefined)
  return [
    "replicas that are there hold all data of their primaries",
    "nobody and nothing else changes the project meanwhile, and no node fails",
    "security groups and parameter groups exist as named; which there are cannot be read",
    ...(unavailable.has("ListClusters")
      ? [`clusters cannot be listed: the project has these ${clusters.length} and no others`]
      : []),
    ...(blind.length > 0
      ? [`of ${blind.map(({ clusterId }) => clusterId).join(", ")}, version, flavor, subnets and settings are unknown`]
      : []),
    ...busy.map(
      (seen) =>
        `cluster ${seen.clusterId} is ${statusOf(seen)}, and comes into service as it is, after the usual time for that`
    ),
    ...(vague.length > 0 ? [`of ${vague.length} backups, version or shards are unknown, and taken to fit`] : []),
    ...(unavailable.has("ListBackups") ? ["backups cannot be listed: there are none"] : []),
    ...(unavailable.has("ListEngineVersions") ? ["engine versions cannot be listed: the one asked for exists"] : []),
    ...(unavailable.has("ListFlavors") ? ["flavors cannot be listed: the one asked for exists"] : [])
  ]
}

const with_ = <A>(list: ReadonlyArray<A>, item: A, same: (a: A) => boolean): ReadonlyArray<A> =>
  list.some(same) ? list : [...list, item]

/** What is not known of a backup is taken to fit what is restored from it. */
const fitting = (backup: BackupState, live: ReadonlyArray<Backup>, request: ClusterRequest): BackupState => {
  const known = live.find(({ id }) => id === backup.id)
  if (known === undefined || request.restoreSource?.backupName !== backup.name) return backup
  return {
    ...backup,
    version: known.version ?? request.version,
    shards:
      known.shardCount === undefined
        ? even(request.shardCount).map((slots) => ({ slots, keys: 0, usedMemory: 0 }))
        : backup.shards
  }
}

/** The model refuses what it does not know of; what could not be read is taken to be known. */
export const allow =
  ({ backups, clusters, unavailable }: Ground) =>
  (state: State.State, write: Write): State.State => {
    switch (write._tag) {
      case "CreateCluster": {
        const { flavorId, version } = write.request
        return {
          ...state,
          versions: unavailable.has("ListEngineVersions")
            ? with_(state.versions, version, (each) => each === version)
            : state.versions,
          flavors: unavailable.has("ListFlavors")
            ? with_(state.flavors, { id: flavorId, name: "unknown", vcpus: 0, memory: 0 }, ({ id }) => id === flavorId)
            : state.flavors,
          backups: state.backups.map((backup) => fitting(backup, backups, write.request))
        }
      }
      case "AddShard":
      case "AddReplica": {
        const seen = clusters.find(({ clusterId }) => clusterId === write.clusterId)
        if (seen === undefined || seen.known?.subnets !== undefined) return state
        const wanted =
          write._tag === "AddReplica"
            ? [write.subnetId]
            : [write.subnetAssignment.primary.id, ...write.subnetAssignment.replicas.map(({ id }) => id)]
        return {
          ...state,
          clusters: state.clusters.map((cluster) =>
            cluster.id === write.clusterId
              ? {
                  ...cluster,
                  subnets: wanted.reduce((all, id) => with_(all, { id }, (each) => each.id === id), cluster.subnets)
                }
              : cluster
          )
        }
      }
      default:
        return state
    }
  }

/** Whether an object of this id is there: a cluster, a node or a backup. */
export const isLive = ({ backups, clusters }: Ground): ((id: string) => boolean) => {
  const ids = new Set([
    ...backups.map(({ id }) => id),
    ...clusters.flatMap(({ clusterId, shards }) => [
      clusterId,
      ...shards.flatMap(({ nodes }) => nodes.map(({ id }) => id))
    ])
  ])
  return (id) => ids.has(id)
}

/** What a plan about these clusters and backups depends on. */
export const basisOf = (
  { backups, clusters }: Ground,
  touched: ReadonlySet<string>,
  restored: ReadonlySet<string>
): Basis => ({
  before: clusters
    .filter(({ clusterId }) => touched.has(clusterId))
    .map((seen) => ({ id: seen.clusterId, name: nameOf(seen), shards: seen.shards })),
  backups: backups
    .filter(({ name }) => restored.has(name))
    .map(({ id, name, shardCount, version }) => ({
      id,
      name,
      version: version ?? null,
      shardCount: shardCount ?? null
    }))
})
