import * as FileSystem from "@effect/platform/FileSystem"
import * as NodeContext from "@effect/platform-node/NodeContext"
import { assert, describe, it } from "@effect/vitest"
import { AddShard, CreateCluster, DeleteCluster } from "@memstore-flows/api"
import * as MemStore from "@memstore-flows/api/MemStore"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { defaultCredential, Emulator, make } from "../../src/Emulator.js"
import * as EmulatorClient from "../../src/EmulatorClient.js"
import * as RedisPlane from "../../src/RedisPlane.js"
import * as StateFolder from "../../src/StateFolder.js"
import { becomes, settled } from "../contract/story.js"
import { assignment, cluster } from "../support/samples.js"
import { type Point, points } from "./points.js"

const found = await Effect.runPromise(Effect.either(RedisPlane.find()))
const keys = 5000

const cloud = (directory: string, onStep: (name: string) => Effect.Effect<void>) =>
  MemStore.layer({ credential: defaultCredential }).pipe(
    Layer.provide(EmulatorClient.layer()),
    Layer.provideMerge(
      Layer.scoped(
        Emulator,
        Effect.gen(function* () {
          const storage = yield* StateFolder.make(directory)
          return yield* make({
            plane: yield* RedisPlane.make({ directory: `${directory}/servers`, onStep }),
            storage
          })
        })
      ).pipe(Layer.provide(NodeContext.layer))
    )
  )

/** Adds a shard and ends the emulator, with all its servers, at a point of the migration. */
const cut = (directory: string, point: Point) => {
  let seen = 0
  const onStep = (name: string) =>
    Effect.suspend(() => (name === point.step && ++seen >= point.sight ? Effect.never : Effect.void))
  return Effect.gen(function* () {
    const emulator = yield* Emulator
    const create = yield* CreateCluster
    const { objectId: clusterId } = yield* create(cluster({ name: "cut", port: 50_000 }, 2, 2))
    yield* settled(clusterId)
    yield* emulator.loadKeys({ clusterId, count: keys })
    const add = yield* AddShard
    yield* add({ clusterId, nodeCount: 2, subnetAssignments: assignment(1) })
    const over = Effect.map(emulator.state, ({ clusters }) => clusters.every(({ operation }) => operation === null))
    yield* becomes(
      "the point",
      Effect.map(over, (each) => each || seen >= point.sight)
    )
    return { clusterId, reached: seen >= point.sight }
  }).pipe(Effect.provide(cloud(directory, onStep)))
}

/** Starts the emulator again and looks at what has become of the cluster. */
const resumed = (directory: string, clusterId: string) =>
  Effect.gen(function* () {
    const emulator = yield* Emulator
    const status = yield* settled(clusterId)
    const census = yield* emulator.census(clusterId)
    const remove = yield* DeleteCluster
    yield* remove({ clusterId })
    yield* becomes(
      "an empty project",
      Effect.map(emulator.state, ({ clusters }) => clusters.length === 0)
    )
    return [status, census.reduce((sum, each) => sum + each.keys, 0), census.map(({ slots }) => slots)]
  }).pipe(Effect.provide(cloud(directory, () => Effect.void)))

describe.skipIf(found._tag === "Left")("a migration that was cut off", { timeout: 1_800_000 }, () => {
  it.scopedLive("goes on when the emulator is started again, with all slots and all keys", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const directory = yield* fs.makeTempDirectoryScoped()
      let passed = 0
      for (const point of points) {
        const { clusterId, reached } = yield* cut(directory, point)
        assert.isTrue(reached, `${point.step} was not seen ${point.sight} times`)
        assert.deepStrictEqual(
          yield* resumed(directory, clusterId),
          ["Running", keys, ["0-5460", "10923-16383", "5461-10922"]],
          `${point.step}, sight ${point.sight}`
        )
        passed++
      }
      assert.strictEqual(passed, points.length)
    }).pipe(Effect.provide(NodeContext.layer))
  )
})
