/**
 * Bringing the servers of a cluster up: a new one, a restored one, one that was at rest.
 *
 * Each server is given the whole cluster in a file before its first start, so that nobody has to be introduced. The
 * primaries come first and take over from replicas that are not there yet (`Elevation`).
 */
import * as Slots from "@memstore-flows/api/Slots"
import * as Effect from "effect/Effect"
import * as Backups from "./Backups.js"
import { file, type Written } from "./ClusterNodes.js"
import { agreed, type Crew, ofShard, primaryOf, type Site, settled, start } from "./Crew.js"
import { elevate, exchanged, standIn } from "./Elevation.js"
import type { Member } from "./Member.js"
import { until } from "./Observation.js"
import { BackupUnusable, ServerEnded } from "./RedisError.js"

const primariesOf = ({ members }: Site): ReadonlyArray<Member> => members.filter(({ isPrimary }) => isPrimary)

type Nodes = ReadonlyArray<Written>

/** The servers as they are in the end. Epochs up to the number of shards are left to those that stand in for a primary. */
const written = (where: Site): Nodes =>
  where.cluster.shards.flatMap((shard, index) =>
    ofShard(where, shard.id).map((member) => ({
      id: member.engineId,
      address: member.door.address,
      port: member.door.port,
      replicaOf: member.isPrimary ? undefined : primaryOf(where, shard.id)?.engineId,
      epoch: where.cluster.shards.length + index + 1,
      slots: member.isPrimary ? shard.slots : []
    }))
  )

/** The servers as a primary is to know them at its start: each shard's slots are with the stand-in of its primary. */
const beforeTakingOver = (where: Site, primary: Member): Nodes => {
  const count = where.cluster.shards.length
  const early: Nodes = written(where).map((each) => ({ ...each, epoch: each.epoch - count }))
  const roles = primariesOf(where).reduce<Nodes>((nodes, each) => {
    const other = standIn(where, each)
    return other === undefined ? nodes : exchanged(nodes, each, other)
  }, early)
  return roles.map((each) => (each.id === primary.engineId ? { ...each, epoch: each.epoch + count } : each))
}

const clear = (crew: Crew, where: Site) =>
  Effect.gen(function* () {
    for (const { nodeId } of where.members) yield* crew.fleet.stop(nodeId, "kill")
    yield* crew.plant.remove(crew.plant.join(crew.plant.cluster(where.cluster.id), "nodes"))
  })

/**
 * Puts each shard's dump where its primary looks for it, when it is fit for these shards: in the place of its append-only
 * file, which may begin with a dump.
 */
const lay = (crew: Crew, where: Site, backupId: string) =>
  Effect.gen(function* () {
    const manifest = yield* Backups.verified(crew.plant, backupId)
    const { shards } = where.cluster
    const fits =
      manifest.shards.length === shards.length &&
      manifest.shards.every(({ slots }, index) => slots === Slots.format(shards[index]?.slots ?? []))
    if (!fits) {
      const detail = `it has slots ${manifest.shards.map(({ slots }) => slots).join(" | ")}`
      return yield* new BackupUnusable({ backup: backupId, fault: "Corrupt", detail })
    }
    yield* Effect.forEach(shards, (shard, index) =>
      Effect.gen(function* () {
        const primary = primaryOf(where, shard.id)
        const dump = manifest.shards[index]
        if (primary === undefined || dump === undefined) return
        const folder = crew.plant.node(where.cluster.id, primary.nodeId)
        yield* crew.plant.folder(folder)
        yield* crew.plant.copy(
          crew.plant.join(crew.plant.backup(backupId), dump.file),
          crew.plant.join(folder, "appendonly.aof")
        )
      })
    )
  })

const dumpFault = (backup: string, lastWords: string): BackupUnusable =>
  new BackupUnusable({
    backup,
    fault: /RDB format version/.test(lastWords) ? "NewerFormat" : "Corrupt",
    detail: lastWords
  })

/** Fails with the last words of the first server that ends. */
const death = (crew: Crew, members: ReadonlyArray<Member>) =>
  Effect.gen(function* () {
    const find = () => members.find(({ nodeId }) => !crew.fleet.isRunning(nodeId))
    const lacking = Effect.sync(() => (find() === undefined ? "all run" : undefined))
    yield* until("the end of a server", lacking, { every: "10 millis", atMost: "10 minutes" })
    const gone = find()
    const lastWords = gone === undefined ? "" : yield* crew.fleet.lastWords(gone)
    return yield* new ServerEnded({ address: gone?.door.address ?? "", lastWords })
  })

const launch = (crew: Crew, where: Site, members: ReadonlyArray<Member>, nodesOf: (member: Member) => Nodes) =>
  Effect.gen(function* () {
    const { plant } = crew
    for (const member of members) {
      const conf = plant.join(plant.node(where.cluster.id, member.nodeId), "nodes.conf")
      yield* plant.write(conf, file(nodesOf(member), member.engineId))
    }
    yield* Effect.forEach(members, (member) => start(crew, where, member), { concurrency: 12, discard: true })
  })

/** Starts the primaries, which read their data, and makes them primaries. */
const lead = (crew: Crew, where: Site) =>
  Effect.gen(function* () {
    const primaries = primariesOf(where)
    yield* launch(crew, where, primaries, (member) => beforeTakingOver(where, member))
    const elevated = Effect.forEach(primaries, (each) => elevate(crew, each), { concurrency: "unbounded" })
    // A primary that sees a stand-in as a replica before it hears of its successor takes the slots for lost.
    yield* Effect.raceFirst(Effect.zipRight(elevated, agreed(crew, primaries)), death(crew, primaries))
  })

/** Makes the cluster from nothing, or from a backup. What an earlier try left is removed first. */
export const form = (crew: Crew, where: Site) =>
  Effect.gen(function* () {
    yield* clear(crew, where)
    const backup = where.cluster.restoredFrom
    if (backup !== null) yield* lay(crew, where, backup)
    yield* crew.step("start")
    yield* Effect.mapError(lead(crew, where), (error) =>
      error._tag === "ServerEnded" && backup !== null ? dumpFault(backup, error.lastWords) : error
    )
    const nodes = written(where)
    const replicas = where.members.filter(({ isPrimary }) => !isPrimary)
    yield* launch(crew, where, replicas, () => nodes)
    yield* crew.step("settle")
    yield* settled(crew, where.cluster.id)
  }).pipe(Effect.tapError(() => Effect.ignore(clear(crew, where))))

/** Starts the servers of a cluster that was at rest, with what they have on disk. Dead ones stay dead. */
export const wake = (crew: Crew, where: Site) =>
  Effect.gen(function* () {
    const down = where.cluster.shards.flatMap(({ nodes }) => nodes.filter((node) => node.downAt !== null))
    const able = where.members.filter(({ nodeId }) => !down.some(({ id }) => id === nodeId))
    const present = yield* Effect.filter(able, ({ nodeId }) =>
      crew.plant.exists(crew.plant.join(crew.plant.node(where.cluster.id, nodeId), "nodes.conf"))
    )
    yield* Effect.forEach(present, (member) => start(crew, where, member), { concurrency: 12, discard: true })
    return present
  })
