import * as FileSystem from "@effect/platform/FileSystem"
import * as NodeContext from "@effect/platform-node/NodeContext"
import { assert, describe, it } from "@effect/vitest"
import { CreateBackup, CreateCluster, DeleteCluster, ListBackups, RestoreCluster } from "@memstore-flows/api"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import { Redis } from "ioredis"
import { Emulator } from "../src/Emulator.js"
import * as RedisPlane from "../src/RedisPlane.js"
import { settled } from "./contract/story.js"
import { cluster } from "./support/samples.js"
import { endpoints } from "./support/writer.js"

const often = Schedule.spaced("20 millis")
const found = await Effect.runPromise(Effect.either(RedisPlane.find()))
const missing = found._tag === "Left"

const created = (name: string, port: number, shards = 2, nodes = 3, changes = {}) =>
  Effect.gen(function* () {
    const create = yield* CreateCluster
    const { objectId } = yield* create(cluster({ name, port, ...changes }, shards, nodes))
    assert.strictEqual(yield* settled(objectId), "Running")
    return objectId
  })

const taken = (name: string) =>
  Effect.gen(function* () {
    const list = yield* ListBackups
    const status = Effect.map(list({}), ({ backups }) => backups.find((each) => each.name === name)?.status ?? "")
    yield* Effect.repeat(status, { until: (each) => /Available|Error/.test(each), schedule: often })
    return yield* status
  })

describe.skipIf(missing)("real servers", { timeout: 120_000, concurrent: true }, () => {
  it.scopedLive("restore a backup, refuse a corrupt one with its reason, and leave the rest alone", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const directory = yield* fs.makeTempDirectoryScoped()
      yield* Effect.gen(function* () {
        const emulator = yield* Emulator
        const clusterId = yield* created("source", 2000, 2, 2)
        yield* emulator.loadKeys({ clusterId, count: 5000 })
        const backup = yield* CreateBackup
        yield* backup({ clusterId, name: "good" })
        assert.strictEqual(yield* taken("good"), "Available")
        const restore = yield* RestoreCluster
        const again = (name: string) =>
          restore({ ...cluster({ name, port: 49151 }, 2, 2), restoreSource: { backupName: "good" } })
        const { objectId } = yield* again("copy")
        assert.strictEqual(yield* settled(objectId), "Running")
        const keys = Effect.map(emulator.census(objectId), (all) => all.reduce((sum, each) => sum + each.keys, 0))
        assert.strictEqual(yield* keys, 5000)

        const backups = `${directory}/backups`
        const [id = ""] = yield* fs.readDirectory(backups)
        yield* fs.writeFileString(`${backups}/${id}/shard-1.rdb`, "REDIS0099 not what was written")
        const failed = yield* again("ruined")
        assert.strictEqual(yield* settled(failed.objectId), "Failed")
        assert.strictEqual(yield* keys, 5000)
        const remove = yield* DeleteCluster
        yield* remove({ clusterId: failed.objectId })
      }).pipe(Effect.provide(RedisPlane.layerMemStore({ redis: { directory } })))
    }).pipe(Effect.provide(NodeContext.layer))
  )

  it.scopedLive("let the user in by password, over TLS too, and refuse what a managed service refuses", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const directory = yield* fs.makeTempDirectoryScoped()
      yield* Effect.gen(function* () {
        const user = { name: "app", password: Redacted.make("opaque") }
        const clusterId = yield* created("secured", 6380, 1, 2, { user, tlsEnabled: true })
        const [host = ""] = yield* endpoints(clusterId)
        const ca = yield* fs.readFileString(`${directory}/clusters/${clusterId}/ca.crt`)
        const entered = (tls: object) =>
          Effect.acquireRelease(
            Effect.sync(() => {
              const once = { lazyConnect: true, maxRetriesPerRequest: 1, retryStrategy: () => null }
              const each = new Redis({ host, port: 6380, username: "app", password: "opaque", ...once, ...tls })
              return each.on("error", () => undefined)
            }),
            (each) => Effect.sync(() => each.disconnect())
          )
        const client = yield* entered({ tls: { ca } })
        assert.strictEqual(yield* Effect.promise(() => client.set("a", "1")), "OK")
        const answers = yield* Effect.promise(() =>
          Promise.all(
            [["CONFIG", "GET", "dir"], ["ACL", "LIST"], ["SHUTDOWN"], ["REPLICAOF", "NO", "ONE"]].map(
              ([name = "", ...rest]) => client.call(name, ...rest).then(String, String)
            )
          )
        )
        for (const answer of answers) assert.include(answer, "NOPERM")
        const refused = (each: Redis) =>
          Effect.promise(() =>
            each.get("a").then(
              () => false,
              () => true
            )
          )
        assert.isTrue(yield* refused(yield* entered({})), "no TLS")
        assert.isTrue(yield* refused(yield* entered({ tls: {} })), "an authority that is not trusted")
      }).pipe(Effect.provide(RedisPlane.layerMemStore({ redis: { directory } })))
    }).pipe(Effect.provide(NodeContext.layer))
  )
})
