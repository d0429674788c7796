import * as FileSystem from "@effect/platform/FileSystem"
import * as NodeContext from "@effect/platform-node/NodeContext"
import { assert, describe, it } from "@effect/vitest"
import {
  AddReplica,
  AddShard,
  CreateBackup,
  CreateCluster,
  DeleteCluster,
  DeleteNode,
  DeleteShard,
  GetCluster,
  ListBackups,
  ListShards,
  RestoreCluster
} from "@memstore-flows/api"
import * as MemStore from "@memstore-flows/api/MemStore"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import { Redis } from "ioredis"
import { defaultCredential, Emulator, make } from "../src/Emulator.js"
import * as EmulatorClient from "../src/EmulatorClient.js"
import * as RedisPlane from "../src/RedisPlane.js"
import * as StateFolder from "../src/StateFolder.js"
import { assignment, cluster } from "./support/samples.js"
import { writer } from "./support/writer.js"

const often = Schedule.spaced("20 millis")
const found = await Effect.runPromise(Effect.either(RedisPlane.find()))
// MEMSTORE_DEEP=1 cuts the migration off at every kind of step.
const deep = process.env["MEMSTORE_DEEP"] === "1"
const missing = found._tag === "Left"

const settled = (clusterId: string) =>
  Effect.gen(function* () {
    const get = yield* GetCluster
    const emulator = yield* Emulator
    yield* Effect.repeat(
      Effect.gen(function* () {
        const { status } = yield* get({ clusterId })
        const { clusters } = yield* emulator.state
        return status === "Failed" || (status === "Running" && clusters.every(({ heals }) => heals.length === 0))
      }).pipe(Effect.orElseSucceed(() => false)),
      { until: (done) => done, schedule: often }
    ).pipe(Effect.timeout("50 seconds"))
    return (yield* get({ clusterId })).status
  })

const shardsOf = (clusterId: string) =>
  Effect.flatMap(ListShards, (list) => Effect.map(list({ clusterId }), ({ shards }) => shards))

const endpoints = (clusterId: string) =>
  Effect.map(shardsOf(clusterId), (shards) => shards.flatMap(({ nodes }) => nodes.map(({ endpoint }) => endpoint)))

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
  it.scopedLive("keep every key while a cluster grows, loses a primary and a replica, and shrinks", () =>
    Effect.gen(function* () {
      const clusterId = yield* created("grows", 6379)
      const emulator = yield* Emulator
      const load = yield* writer(yield* endpoints(clusterId), 6379)
      const add = yield* AddShard
      yield* add({ clusterId, nodeCount: 3, subnetAssignments: assignment() })
      assert.strictEqual(yield* settled(clusterId), "Running")
      const grown = yield* shardsOf(clusterId)
      assert.deepStrictEqual(
        grown.map(({ slots }) => slots),
        ["0-5460", "10923-16383", "5461-10922"]
      )

      const before = grown[0]?.nodes.find(({ role }) => role === "primary")
      yield* emulator.disturb({ _tag: "FailNode", clusterId, shardId: "001", role: "primary" })
      const primary = Effect.map(
        shardsOf(clusterId),
        ([first]) => first?.nodes.find(({ role }) => role === "primary")?.id
      )
      yield* Effect.repeat(primary, { until: (id) => id !== before?.id, schedule: often })
      assert.strictEqual(yield* settled(clusterId), "Running")
      const healed = (yield* shardsOf(clusterId))[0]?.nodes ?? []
      assert.lengthOf(healed, 3)
      assert.notInclude(
        healed.map(({ id }) => id),
        before?.id
      )

      const replica = yield* AddReplica
      yield* replica({ clusterId, shardId: "001", subnet: assignment().primary })
      yield* settled(clusterId)
      const remove = yield* DeleteNode
      const old = healed.find(({ role }) => role === "replica")?.id ?? ""
      yield* remove({ clusterId, shardId: "001", nodeId: old })
      yield* settled(clusterId)

      const drain = yield* DeleteShard
      yield* drain({ clusterId, shardId: "003" })
      assert.strictEqual(yield* settled(clusterId), "Running")
      assert.deepStrictEqual(
        (yield* shardsOf(clusterId)).map(({ slots }) => slots),
        ["0-8191", "8192-16383"]
      )

      const { acknowledged, errors, lost } = yield* load.count
      assert.deepStrictEqual([lost.slice(0, 3), errors.slice(0, 3)], [[], []])
      assert.isAbove(acknowledged, 1000)
    }).pipe(Effect.provide(RedisPlane.layerMemStore()))
  )

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

  it.scopedLive("go on with a migration that was cut off, with all data", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const directory = yield* fs.makeTempDirectoryScoped()
      const cloud = (onStep?: (name: string) => Effect.Effect<void>) =>
        Layer.scoped(
          Emulator,
          Effect.gen(function* () {
            const storage = yield* StateFolder.make(directory)
            const redis = { directory: `${directory}/servers`, ...(onStep === undefined ? {} : { onStep }) }
            return yield* make({ plane: yield* RedisPlane.make(redis), storage })
          })
        ).pipe(Layer.provide(NodeContext.layer))
      const api = (emulator: ReturnType<typeof cloud>) =>
        MemStore.layer({ credential: defaultCredential }).pipe(
          Layer.provide(EmulatorClient.layer()),
          Layer.provideMerge(emulator)
        )
      for (const stop of deep
        ? ["written", "importing", "migrating", "keys", "emptied", "target", "source"]
        : ["target"]) {
        let seen = 0
        const onStep = (name: string) =>
          Effect.suspend(() => (name === stop && ++seen > 20 ? Effect.never : Effect.void))
        const clusterId = yield* Effect.gen(function* () {
          const emulator = yield* Emulator
          const id = yield* created(`cut-${stop}`, 50000, 2, 2)
          yield* emulator.loadKeys({ clusterId: id, count: 5000 })
          const add = yield* AddShard
          yield* add({ clusterId: id, nodeCount: 2, subnetAssignments: assignment(1) })
          yield* Effect.repeat(
            Effect.sync(() => seen),
            { until: (count) => count > 20, schedule: often }
          )
          return id
        }).pipe(Effect.provide(api(cloud(onStep))))
        yield* Effect.gen(function* () {
          const emulator = yield* Emulator
          assert.strictEqual(yield* settled(clusterId), "Running")
          const census = yield* emulator.census(clusterId)
          assert.strictEqual(
            census.reduce((sum, { keys }) => sum + keys, 0),
            5000
          )
          assert.deepStrictEqual(
            census.map(({ slots }) => slots),
            ["0-5460", "10923-16383", "5461-10922"]
          )
          const remove = yield* DeleteCluster
          yield* remove({ clusterId })
          yield* Effect.repeat(emulator.state, { until: ({ clusters }) => clusters.length === 0, schedule: often })
        }).pipe(Effect.provide(api(cloud())))
      }
    }).pipe(Effect.provide(NodeContext.layer))
  )

  it.scopedLive("let the user in by password and refuse what a managed service refuses", () =>
    Effect.gen(function* () {
      const clusterId = yield* created("secured", 6380, 1, 2, {
        user: { name: "app", password: Redacted.make("opaque") }
      })
      const [host = ""] = yield* endpoints(clusterId)
      const client = yield* Effect.acquireRelease(
        Effect.sync(() => new Redis({ host, port: 6380, username: "app", password: "opaque", lazyConnect: true })),
        (each) => Effect.sync(() => each.disconnect())
      )
      assert.strictEqual(yield* Effect.promise(() => client.set("a", "1")), "OK")
      const refused = yield* Effect.promise(() => client.config("GET", "dir").then(String, String))
      assert.include(refused, "NOPERM")
    }).pipe(Effect.provide(RedisPlane.layerMemStore()))
  )
})
