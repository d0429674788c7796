/**
 * Backups: the dump of each shard, frozen, and a manifest that tells what they are.
 */
import * as Crypto from "node:crypto"
import * as Fs from "node:fs"
import * as Stream from "node:stream/promises"
import * as Slots from "@memstore-flows/api/Slots"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import { type Crew, primaryOf, type Site, tell } from "./Crew.js"
import type { Member } from "./Member.js"
import { fields, observe, until } from "./Observation.js"
import type { Manifest, Plant } from "./Plant.js"
import { BackupFailed, BackupUnusable, FilesUnusable } from "./RedisError.js"

const digest = (file: string): Effect.Effect<string, FilesUnusable> =>
  Effect.tryPromise({
    try: async () => {
      const hash = Crypto.createHash("sha256")
      await Stream.pipeline(Fs.createReadStream(file), hash)
      return hash.digest("hex")
    },
    catch: (error) => new FilesUnusable({ reason: String(error) })
  })

/** Lets a server write its dump; done when the file is complete. */
const dump = (crew: Crew, member: Member) =>
  Effect.gen(function* () {
    const info = Effect.map(tell(crew, member, ["INFO"]), fields)
    const saves = Number((yield* info).get("rdb_saves") ?? 0)
    // Refused while another child of the server runs, such as the one that fills a new replica.
    yield* Effect.retry(tell(crew, member, ["BGSAVE"]), {
      schedule: Schedule.intersect(Schedule.spaced("100 millis"), Schedule.recurs(300)),
      while: (error) => error._tag === "CommandRefused" && /in progress|child/i.test(error.reason)
    })
    yield* until(
      "a dump",
      Effect.map(info, (each) => {
        const started = Number(each.get("rdb_saves") ?? 0) > saves || each.get("rdb_last_bgsave_status") !== "ok"
        return started && each.get("rdb_bgsave_in_progress") === "0" ? undefined : "still being written"
      }),
      { atMost: "1 hour" }
    )
    const after = yield* info
    if (after.get("rdb_last_bgsave_status") !== "ok") {
      const reason = yield* crew.fleet.lastWords(member)
      return yield* new BackupFailed({ address: member.door.address, reason })
    }
    return Number(after.get("used_memory") ?? 0)
  })

const part = (crew: Crew, member: Member, folder: string, index: number) =>
  Effect.gen(function* () {
    const { plant } = crew
    const { slots } = yield* observe(crew.connections, member)
    const usedMemory = yield* dump(crew, member)
    const keys = Number(yield* tell(crew, member, ["DBSIZE"]))
    const file = `shard-${index + 1}.rdb`
    const frozen = plant.join(folder, file)
    // A server replaces its dump by renaming a new file, so a second name for the old one is a frozen copy.
    yield* plant.link(plant.join(plant.node(member.clusterId, member.nodeId), "dump.rdb"), frozen)
    const sha256 = yield* digest(frozen)
    return { file, slots: Slots.format(slots), keys, usedMemory, bytes: yield* plant.bytes(frozen), sha256 }
  })

/** Writes a backup of a cluster at rest. An unfinished one of the same id is replaced; on failure nothing is left. */
export const take = (crew: Crew, where: Site, backupId: string) =>
  Effect.gen(function* () {
    const folder = crew.plant.backup(backupId)
    yield* crew.plant.remove(folder)
    yield* crew.plant.folder(folder)
    const primaries = where.cluster.shards.flatMap(({ id }) => primaryOf(where, id) ?? [])
    const shards = yield* Effect.forEach(primaries, (member, index) => part(crew, member, folder, index), {
      concurrency: "unbounded"
    })
    const { engine, version } = crew.binary
    yield* crew.plant.manifest(backupId).put({ engine, version, shards })
  }).pipe(Effect.tapError(() => Effect.ignore(crew.plant.remove(crew.plant.backup(backupId)))))

/** The manifest of a backup whose files are there and are what was written. */
export const verified = (plant: Plant, backup: string): Effect.Effect<Manifest, BackupUnusable | FilesUnusable> =>
  Effect.gen(function* () {
    const manifest = Option.getOrUndefined(yield* plant.manifest(backup).get)
    if (manifest === undefined) {
      return yield* new BackupUnusable({ backup, fault: "Missing", detail: "it has no manifest" })
    }
    for (const { file, sha256 } of manifest.shards) {
      const dumped = plant.join(plant.backup(backup), file)
      if (!(yield* plant.exists(dumped))) {
        return yield* new BackupUnusable({ backup, fault: "Missing", detail: `${file} is not there` })
      }
      if ((yield* digest(dumped)) !== sha256) {
        return yield* new BackupUnusable({ backup, fault: "Corrupt", detail: `${file} is not what was written` })
      }
    }
    return manifest
  })
