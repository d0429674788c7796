import type { Backup } from "@memstore-flows/api/Backup"
import { primary } from "@memstore-flows/api/Shard"
import * as Rules from "@memstore-flows/model/Rules"
import * as Topology from "@memstore-flows/model/Topology"
import * as Cron from "effect/Cron"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import type { Finding } from "../Finding.js"
import type { Invariant, Limits } from "../Invariant.js"
import { projectNodes } from "../Preflight.js"
import { holds, unknown, unless } from "./verdict.js"

type Judge = Invariant["judge"]
type Change = Parameters<Judge>[1]

/** Each shard's primary counts: replicas hold the same data. */
export const memoryHeadroom: Judge = ({ load, shards }, { clusterId, removesShards = [] }, { headroom }) => {
  if (removesShards.length === 0) return holds
  if (Option.isNone(load)) return unknown("no probe of memory")
  let leaving = 0
  let free = 0
  for (const shard of shards) {
    const id = primary(shard)?.id
    const seen = load.value.find(({ nodeId }) => nodeId === id)
    if (seen?.usedMemory === undefined || seen.maxMemory === undefined) return unknown(`memory of shard ${shard.id}`)
    if (removesShards.includes(shard.id)) leaving += seen.usedMemory
    else free += Math.max(0, seen.maxMemory - seen.usedMemory)
  }
  return unless(
    free < leaving * headroom ? [{ _tag: "HeadroomTooSmall", clusterId, leaving, free, factor: headroom }] : []
  )
}

export const load: Judge = (facts, { addsShards = 0, makes, removesShards = [] }, limits) => {
  if (addsShards + removesShards.length === 0 || makes !== undefined) return holds
  if (Option.isNone(facts.load)) return unknown("no probe of CPU")
  return unless(
    facts.load.value.flatMap(({ cores, cpu, nodeId }): ReadonlyArray<Finding> => {
      const limit = cores === 1 ? limits.cpuSingleCore : limits.cpu
      return cpu !== undefined && cpu > limit ? [{ _tag: "LoadTooHigh", nodeId, cpu, limit }] : []
    })
  )
}

export const quota: Judge = ({ clusters, shards }, { addsNodes = 0, addsShards = 0 }) => {
  if (addsNodes + addsShards === 0) return holds
  const used = projectNodes(clusters)
  const broken: ReadonlyArray<Finding> = [
    ...Rules.shardCount(shards.length + addsShards),
    ...Rules.projectNodes({ used: used ?? 0, added: addsNodes })
  ]
  if (broken.length === 0 && used === undefined) return unknown("nodes of the project cannot be counted")
  return unless(broken)
}

const subnetsOf = (nodes: ReadonlyArray<{ readonly subnet: { readonly id: string } }>): ReadonlySet<string> =>
  new Set(nodes.map(({ subnet }) => subnet.id))

const pathOf = (makes: Change["makes"], index: number): string => {
  if (makes === undefined) return `placements[${index}]`
  const added = index - makes.shardCount
  return added < 0 ? `subnetAssignments[${index}]` : `newShards[${added}]`
}

export const subnetSpread: Judge = ({ clusters, shards }, change) => {
  const { addsReplicas = [], clusterId, makes, placements = [], removesNodes = [] } = change
  const subnets = Option.getOrUndefined(clusters)?.find(({ id }) => id === clusterId)?.subnets
  const going = new Set(removesNodes.map(({ nodeId }) => nodeId))
  const touched = shards.filter(({ id }) => removesNodes.some(({ shardId }) => shardId === id))
  return unless([
    ...placements.flatMap((subnetAssignment, index) => {
      const at = { subnetAssignment, path: pathOf(makes, index) }
      return [...Rules.spread(at), ...Rules.pool({ ...at, subnets })]
    }),
    ...touched.flatMap(({ id, nodes }): ReadonlyArray<Finding> => {
      const staying = nodes.filter((node) => !going.has(node.id))
      const coming = addsReplicas
        .filter(({ shardId }) => shardId === id)
        .map(({ subnetId }) => ({ subnet: { id: subnetId } }))
      const [only, ...others] = subnetsOf([...staying, ...coming])
      const narrowed = only !== undefined && others.length === 0 && subnetsOf(nodes).size > 1
      return narrowed ? [{ _tag: "NotSpread", path: `shard ${id}`, subnetId: only }] : []
    })
  ])
}

interface Next {
  readonly from: number
  readonly at: number
}

const most = 100
const found = new Map<string, Next>()

/** Kept, for each check asks again, and the answer is the same until that time has come. */
const nextOf = (cron: string, zone: string, now: number): number | undefined => {
  const key = `${cron} ${zone}`
  const known = found.get(key)
  if (known !== undefined && known.from <= now && now < known.at) return known.at
  const parsed = Cron.parse(cron, zone)
  if (Either.isLeft(parsed)) return undefined
  const at = Cron.next(parsed.right, DateTime.toDate(DateTime.unsafeMake(now))).getTime()
  if (found.size >= most) found.clear()
  found.set(key, { from: now, at })
  return at
}

const running = (backups: ReadonlyArray<Backup>, clusterId: string): Backup | undefined =>
  backups.find((each) => each.clusterId === clusterId && (each.status === "Pending" || each.status === "Creating"))

/** The first automatic backup until a time, in any of the zones its schedule may be meant in. */
const dueBefore = (
  until: number,
  { clusterId, cron, now }: { readonly clusterId: string; readonly cron: string; readonly now: number },
  { zones }: Pick<Limits, "zones">
): ReadonlyArray<Finding> => {
  if (cron === "") return []
  const due = zones.flatMap((zone) => nextOf(cron, zone, now) ?? []).sort((a, b) => a - b)[0]
  return due === undefined || due > until ? [] : [{ _tag: "BackupDue", clusterId, cron, at: due }]
}

export const noBackupDue: Judge = ({ backups, clusters, now }, change, { zones }) => {
  const { clusterId, makes, takes = Duration.zero } = change
  const until = now + Duration.toMillis(takes)
  if (makes !== undefined) {
    return until > now ? unless(dueBefore(until, { clusterId, cron: makes.cron, now }, { zones })) : holds
  }
  const busy = Option.isSome(backups) ? running(backups.value, clusterId) : undefined
  if (busy !== undefined) return unless([{ _tag: "BackupRunning", clusterId, backup: busy.name }])
  if (until === now) return Option.isNone(backups) ? unknown("backups cannot be listed") : holds
  const cluster = Option.getOrUndefined(clusters)?.find(({ id }) => id === clusterId)
  if (cluster === undefined) return unknown("the schedule of backups cannot be read")
  const cron = cluster.backupSchedule?.cron ?? ""
  if (cron === "") return Option.isNone(backups) ? unknown("backups cannot be listed") : holds
  if (Either.isLeft(Cron.parse(cron))) return unknown(`the schedule "${cron}" cannot be read`)
  return unless(dueBefore(until, { clusterId, cron, now }, { zones }))
}

const madeAt = ({ createdAt }: Backup): number | undefined =>
  createdAt === undefined
    ? undefined
    : Option.getOrUndefined(Option.map(DateTime.make(createdAt), DateTime.toEpochMillis))

/** Whether the change takes away or overwrites what a backup could bring back. */
const endangers: (change: Change) => boolean = ({ addsShards = 0, destructive, removesNodes = [] }) => {
  const onlyReplicas = removesNodes.length > 0 && addsShards === 0
  return destructive && !onlyReplicas
}

export const freshBackup: Judge = ({ backups, now }, change, { backupAge }) => {
  if (!endangers(change)) return holds
  if (Option.isNone(backups)) return unknown("backups cannot be listed")
  const { clusterId } = change
  const since = now - Duration.toMillis(backupAge)
  const good = backups.value.filter((each) => each.clusterId === clusterId && each.status === "Available")
  const times = good.map(madeAt)
  const newest = times.reduce<number | undefined>((a, b) => Math.max(a ?? 0, b ?? 0), undefined)
  if (newest !== undefined && newest >= since) return holds
  if (times.includes(undefined)) return unknown("the age of a backup cannot be read")
  return unless([{ _tag: "NoFreshBackup", clusterId, newestAt: newest ?? null, since }])
}

export const evenSlots: Judge = ({ shards }, { clusterId, removesCluster }, { unevenness }) => {
  if (shards.length < 2 || removesCluster) return holds
  const { max, min } = Topology.extent(Topology.make(shards))
  const tolerance = Math.max(1, Math.ceil((16384 / shards.length) * unevenness))
  return unless(max - min > tolerance ? [{ _tag: "SlotsUneven", clusterId, min, max, tolerance }] : [])
}
