/**
 * Bringing the servers of a cluster up: a new one, a restored one, one that was at rest.
 *
 * Each server is given the whole cluster in a file before its first start, so that nobody has to be introduced. What is
 * left are the two seconds that a primary waits after its start before it takes writes.
 */
import * as Slots from "@memstore-flows/api/Slots"
import * as Effect from "effect/Effect"
import * as Backups from "./Backups.js"
import { file, type Written } from "./ClusterNodes.js"
import { type Crew, primaryOf, type Site, settled, start, tell } from "./Crew.js"
import { fields, until } from "./Observation.js"
import { BackupUnusable } from "./RedisError.js"

const written = (where: Site): ReadonlyArray<Written> =>
  where.cluster.shards.flatMap((shard, index) =>
    where.members
      .filter(({ shardId }) => shardId === shard.id)
      .map((member) => ({
        id: member.engineId,
        address: member.door.address,
        port: member.door.port,
        replicaOf: member.isPrimary ? undefined : primaryOf(where, shard.id)?.engineId,
        epoch: index + 1,
        slots: member.isPrimary ? shard.slots : []
      }))
  )

const clear = (crew: Crew, where: Site) =>
  Effect.gen(function* () {
    for (const { nodeId } of where.members) yield* crew.fleet.stop(nodeId, "kill")
    yield* crew.plant.remove(crew.plant.join(crew.plant.cluster(where.cluster.id), "nodes"))
  })

/** Puts each shard's dump where its primary looks for it, when it is fit for these shards. */
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
    yield* Effect.forEach(shards, (shard, index) => {
      const primary = primaryOf(where, shard.id)
      const dump = manifest.shards[index]
      return primary === undefined || dump === undefined
        ? Effect.void
        : crew.plant.copy(
            crew.plant.join(crew.plant.backup(backupId), dump.file),
            crew.plant.join(crew.plant.node(where.cluster.id, primary.nodeId), "dump.rdb")
          )
    })
  })

/** From now on the data of these primaries is also in an append-only file: they were started without, to read a dump. */
const keepLog = (crew: Crew, where: Site) =>
  Effect.forEach(
    where.members.filter(({ isPrimary }) => isPrimary),
    (member) =>
      Effect.gen(function* () {
        const info = Effect.map(tell(crew, member, ["INFO"]), fields)
        yield* until(
          "a loaded dump",
          Effect.map(info, (each) => (each.get("loading") === "0" ? undefined : "still loading"))
        )
        yield* tell(crew, member, ["CONFIG", "SET", "appendonly", "yes"])
        yield* until(
          "an append-only file",
          Effect.map(info, (each) => {
            const busy = each.get("aof_rewrite_in_progress") !== "0" || each.get("aof_rewrite_scheduled") !== "0"
            return busy || each.get("aof_enabled") !== "1" ? "still being written" : undefined
          })
        )
      }),
    { concurrency: "unbounded", discard: true }
  )

const dumpFault = (backup: string, lastWords: string): BackupUnusable =>
  new BackupUnusable({
    backup,
    fault: /RDB format version/.test(lastWords) ? "NewerFormat" : "Corrupt",
    detail: lastWords
  })

/** Makes the cluster from nothing, or from a backup. What an earlier try left is removed first. */
export const form = (crew: Crew, where: Site) =>
  Effect.gen(function* () {
    const { plant } = crew
    const { cluster, members } = where
    yield* clear(crew, where)
    const nodes = written(where)
    for (const { engineId, nodeId } of members) {
      yield* plant.write(plant.join(plant.node(cluster.id, nodeId), "nodes.conf"), file(nodes, engineId))
    }
    const backup = cluster.restoredFrom
    if (backup !== null) yield* lay(crew, where, backup)
    yield* crew.step("start")
    yield* Effect.forEach(
      members,
      (member) => start(crew, where, member, { appendOnly: backup === null || !member.isPrimary }),
      { concurrency: 12, discard: true }
    ).pipe(
      Effect.mapError((error) =>
        error._tag === "ServerEnded" && backup !== null ? dumpFault(backup, error.lastWords) : error
      )
    )
    if (backup !== null) {
      const died = Effect.flatMap(deathDuringLoad(crew, where), (words) => Effect.fail(dumpFault(backup, words)))
      yield* Effect.raceFirst(keepLog(crew, where), died)
    }
    yield* crew.step("settle")
    yield* settled(crew, cluster.id)
  }).pipe(Effect.tapError(() => Effect.ignore(clear(crew, where))))

/** Completes with the last words of a server that ends. */
const deathDuringLoad = (crew: Crew, where: Site) =>
  until(
    "the end of a server",
    Effect.sync(() => (where.members.every(({ nodeId }) => crew.fleet.isRunning(nodeId)) ? "all run" : undefined)),
    { every: "10 millis", atMost: "10 minutes" }
  ).pipe(
    Effect.zipRight(
      Effect.gen(function* () {
        const gone = where.members.find(({ nodeId }) => !crew.fleet.isRunning(nodeId))
        return gone === undefined ? "" : yield* crew.fleet.lastWords(gone)
      })
    )
  )

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
