import * as Crypto from "node:crypto"
import * as FileSystem from "@effect/platform/FileSystem"
import * as NodeContext from "@effect/platform-node/NodeContext"
import { assert, describe, it } from "@effect/vitest"
import { CreateBackup, CreateCluster, DeleteCluster, ListBackups, RestoreCluster } from "@memstore-flows/api"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import { Redis } from "ioredis"
import { Emulator } from "../src/Emulator.js"
import * as EmulatorClient from "../src/EmulatorClient.js"
import * as RedisPlane from "../src/RedisPlane.js"
import { settled } from "./contract/story.js"
import { send } from "./support/calls.js"
import { cluster } from "./support/samples.js"
import { endpoints } from "./support/writer.js"

const often = Schedule.spaced("20 millis")
const found = await Effect.runPromise(Effect.either(RedisPlane.find()))
const digest = (content: Uint8Array) => Crypto.createHash("sha256").update(content).digest("hex")
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
        const file = `${backups}/${id}/shard-1.rdb`
        const written = yield* fs.readFile(file)
        const remove = yield* DeleteCluster
        const refused = (content: Uint8Array, fault: RegExp) =>
          Effect.gen(function* () {
            yield* fs.writeFile(file, content)
            const failed = yield* again(fault.source)
            assert.strictEqual(yield* settled(failed.objectId), "Failed")
            const { body } = yield* Effect.provide(send("GET", "/_emulator/state"), EmulatorClient.layer())
            assert.match(body.dataPlane.failures[failed.objectId], fault)
            yield* remove({ clusterId: failed.objectId })
          })
        yield* refused(written.slice(0, -1), /Corrupt/)
        const newer = Buffer.from(written)
        newer.write("REDIS0099")
        const manifest = `${backups}/${id}/manifest.json`
        const text = yield* fs.readFileString(manifest)
        yield* fs.writeFileString(manifest, text.replace(digest(written), digest(newer)))
        yield* refused(newer, /NewerFormat/)
        assert.strictEqual(yield* keys, 5000)
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
