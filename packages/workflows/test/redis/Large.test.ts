import { assert, it } from "@effect/vitest"
import { AddShard, DeleteCluster, RestoreCluster } from "@memstore-flows/api"
import { Emulator } from "@memstore-flows/emulator/Emulator"
import * as RedisPlane from "@memstore-flows/emulator/RedisPlane"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import * as Schedule from "effect/Schedule"
import * as DataCensus from "../../src/redis/DataCensus.js"
import * as Writer from "../../src/redis/Writer.js"
import { backUp } from "../support/backUp.js"
import { a, access, b, body, clientOf, created, isFull, oftenEnough, settled, told } from "./support/RealCluster.js"
import { binary } from "./support/Server.js"

const timed = <A, E, R>(what: string, work: Effect.Effect<A, E, R>) =>
  Effect.flatMap(Effect.timed(work), ([took, value]) =>
    Effect.as(told(`${what}: ${(Duration.toMillis(took) / 1000).toFixed(1)} s`), value)
  )

/** Twelve shards, the most there can be, for `npm run evidence`; else three. */
const most = isFull ? 12 : 3
const keys = isFull ? 7000 : 700

it.scopedLive.skipIf(binary === undefined)(
  `${most} shards of three nodes: the last comes under load, a primary dies, and a backup of all comes back`,
  () =>
    Effect.gen(function* () {
      const [add, remove, restore] = yield* Effect.all([AddShard, DeleteCluster, RestoreCluster])
      const { disturb, state } = yield* Emulator
      const clusterId = yield* timed(`create ${most - 1} x 3`, created("large", most - 1, 2))
      const writer = yield* Writer.make({ cluster: yield* clientOf(clusterId), keys, writers: 2 })
      yield* writer.fill
      yield* writer.during(
        timed(
          "add the last shard",
          Effect.zipRight(
            add({ clusterId, nodeCount: 3, subnetAssignments: { primary: a, replicas: [b, b] } }),
            settled(clusterId)
          )
        )
      )
      const { shards } = yield* settled(clusterId)
      assert.deepStrictEqual(
        shards.map(({ nodes }) => nodes.length),
        Array.from({ length: most }, () => 3)
      )
      const victim = shards[1]?.nodes.find(({ role }) => role === "primary")?.id ?? ""
      const replaced = Effect.repeat(state, {
        until: ({ clusters }) =>
          !JSON.stringify(clusters[0]?.shards).includes(victim) && clusters[0]?.heals.length === 0,
        schedule: Schedule.spaced("20 millis")
      })
      yield* writer.during(
        timed(
          "a primary dies, and a new node is there",
          Effect.zipRight(disturb({ _tag: "FailNode", clusterId, shardId: "002", nodeId: victim }), replaced)
        )
      )
      const { errors, longestPause, messages } = yield* writer.tally
      assert.deepStrictEqual([errors, messages], [0, []])
      assert.deepInclude(yield* writer.readBack(), { keys, kept: keys, examples: [] })
      yield* told(`longest pause ${Duration.toMillis(longestPause).toFixed(0)} ms`)
      yield* timed(`back up ${most} x 3`, backUp(clusterId))
      const stored = yield* DataCensus.count((yield* settled(clusterId)).shards, access)
      yield* remove({ clusterId })
      const { objectId } = yield* Effect.retry(
        restore({ ...body("again", most, 2), restoreSource: { backupName: "nightly" } }),
        Schedule.spaced("50 millis")
      )
      const again = yield* timed(`restore ${most} x 3`, settled(objectId))
      const sum = (counts: typeof stored) => counts.reduce((total, { keys }) => total + keys, 0)
      assert.strictEqual(sum(yield* DataCensus.count(again.shards, access)), sum(stored))
    }).pipe(
      oftenEnough,
      Effect.provide(RedisPlane.layerMemStore({ latencies: "instant" })),
      Effect.withRandom(Random.make("large"))
    ),
  300_000
)
