import { assert, describe, it } from "@effect/vitest"
import { AddShard } from "@memstore-flows/api/AddShard"
import { CreateCluster } from "@memstore-flows/api/CreateCluster"
import { ListShards } from "@memstore-flows/api/ListShards"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as TestClock from "effect/TestClock"
import { Emulator } from "../src/Emulator.js"
import * as EmulatorClient from "../src/EmulatorClient.js"
import * as Faults from "../src/Faults.js"
import { assignment, cluster } from "./support/samples.js"

const create = Effect.flatMap(CreateCluster, (call) => call(cluster()))
const shard = { nodeCount: 3, subnetAssignments: assignment() }

describe("the api package's services on the emulator", () => {
  it.effect("create a cluster and read it, hours later on the test's clock", () =>
    Effect.gen(function* () {
      const { objectId: clusterId } = yield* create
      yield* TestClock.adjust("6 hours")
      const { shards } = yield* Effect.flatMap(ListShards, (call) => call({ clusterId }))
      assert.deepStrictEqual(
        shards.map(({ slots, status }) => [slots, status]),
        [
          ["0-8191", "Running"],
          ["8192-16383", "Running"]
        ]
      )
    }).pipe(Effect.provide(EmulatorClient.layerMemStore({ latencies: "realistic" })))
  )

  it.effect("a lost answer is a transport error that may have been sent, and the shard is there once", () =>
    Effect.gen(function* () {
      const { faults, writes } = yield* Emulator
      const { objectId: clusterId } = yield* create
      yield* faults.add({ match: { operation: "AddShard" }, do: Faults.loseAnswer })
      const error = yield* Effect.flip(Effect.flatMap(AddShard, (call) => call({ clusterId, ...shard })))
      assert.strictEqual(error._tag, "TransportError")
      assert.strictEqual((yield* writes)["AddShard"], 1)
    }).pipe(Effect.provide(EmulatorClient.layerMemStore({ latencies: "instant" })))
  )

  it.effect("use the access key the emulator was given", () =>
    Effect.gen(function* () {
      assert.isNotEmpty((yield* create).objectId)
    }).pipe(Effect.provide(EmulatorClient.layerMemStore({ credential: { secret: Redacted.make("other") } })))
  )
})
