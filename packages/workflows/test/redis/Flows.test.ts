import { assert, it } from "@effect/vitest"
import { ListClusters } from "@memstore-flows/api/ListClusters"
import * as RedisPlane from "@memstore-flows/emulator/RedisPlane"
import * as Runs from "@memstore-flows/engine/Runs"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Random from "effect/Random"
import * as Schedule from "effect/Schedule"
import * as ReplaceReplica from "../../src/ReplaceReplica.js"
import * as RestoreThenScale from "../../src/RestoreThenScale.js"
import * as DataCensus from "../../src/redis/DataCensus.js"
import * as RedisReplicaSync from "../../src/redis/RedisReplicaSync.js"
import * as Writer from "../../src/redis/Writer.js"
import { backUp } from "../support/backUp.js"
import { flows } from "../support/Cloud.js"
import { access, body, c, clientOf, created, oftenEnough, told } from "./support/RealCluster.js"
import { binary } from "./support/Server.js"

/** `MEMSTORE_KEYS=100000` gives the trial of full size. */
const keys = Number(process.env["MEMSTORE_KEYS"] ?? 1400)
const isWhole = { lost: 0, stale: 0, torn: 0 }

/** A client of the cluster of this name, as soon as it takes one. */
const clientAtOnce = (name: string) =>
  Effect.gen(function* () {
    const list = yield* ListClusters
    const { clusters } = yield* list({})
    const client = yield* clientOf(clusters.find((each) => each.name === name)?.id ?? "")
    yield* client.call("set", "first", "word")
    yield* client.call("del", "first")
    return client
  }).pipe(Effect.retry(Schedule.spaced("20 millis")))

const trial = Effect.gen(function* () {
  const source = yield* created()
  const before = yield* Writer.make({ cluster: yield* clientOf(source), keys, prefix: "before" })
  yield* before.fill
  yield* backUp(source)

  const running = yield* Effect.fork(
    Runs.execute(RestoreThenScale.flow, {
      payload: { cluster: { ...body("restored"), restoreSource: { backupName: "nightly" } }, shards: 3 }
    })
  )
  const client = yield* Effect.raceFirst(clientAtOnce("restored"), Effect.zipRight(Fiber.join(running), Effect.never))
  const during = yield* Writer.make({ cluster: client, keys: 700, prefix: "during", writers: 2 })
  yield* during.fill
  const { clusterId, shards } = yield* during.during(Fiber.join(running))
  assert.lengthOf(shards, 3)
  assert.deepInclude(yield* before.readBack(client), { keys, kept: keys })

  const [shard] = shards
  const replica = shard?.nodes.find(({ role }) => role === "replica")
  if (shard === undefined || replica === undefined) return assert.fail("no replica")
  const replaced = yield* during.during(
    Runs.execute(ReplaceReplica.flow, {
      payload: { clusterId, shardId: shard.id, nodeId: replica.id, subnetId: c.id }
    })
  )
  assert.strictEqual(replaced.sync, "proven")

  assert.deepInclude(yield* before.readBack(client), { keys, kept: keys })
  assert.deepInclude(yield* during.readBack(), { keys: 700, kept: 700, ...isWhole })
  const tally = yield* during.tally
  assert.deepInclude(tally, { errors: 0, messages: [] })
  const counts = yield* DataCensus.count(replaced.shards, access)
  const pairs = (of: number) => Array.from({ length: of }, (_, n) => n % 7).filter((kind) => kind >= 5).length
  const stored = counts.reduce((sum, each) => sum + each.keys, 0)
  assert.strictEqual(stored, keys + 700 + pairs(keys) + pairs(700))
  yield* told(`${tally.acknowledged} writes, longest pause ${Duration.format(tally.longestPause)}`)
})

it.scopedLive.skipIf(binary === undefined)(
  "both flows on real servers: what was acknowledged before the backup, and while shards and replicas moved, is there",
  () =>
    trial.pipe(
      Effect.provide(flows()),
      Effect.provide(RedisReplicaSync.layer()),
      oftenEnough,
      Effect.provide(RedisPlane.layerMemStore()),
      Effect.withRandom(Random.make("flows"))
    ),
  120_000 + 5 * keys
)
