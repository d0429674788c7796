import { assert, it } from "@effect/vitest"
import { CreateBackup } from "@memstore-flows/api/CreateBackup"
import { CreateCluster } from "@memstore-flows/api/CreateCluster"
import { ListBackups } from "@memstore-flows/api/ListBackups"
import * as RedisPlane from "@memstore-flows/emulator/RedisPlane"
import * as Runs from "@memstore-flows/engine/Runs"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import * as Observe from "../../src/Observe.js"
import * as ReplaceReplica from "../../src/ReplaceReplica.js"
import * as RestoreThenScale from "../../src/RestoreThenScale.js"
import * as DataCensus from "../../src/redis/DataCensus.js"
import * as RedisAccess from "../../src/redis/RedisAccess.js"
import * as RedisCluster from "../../src/redis/RedisCluster.js"
import * as RedisReplicaSync from "../../src/redis/RedisReplicaSync.js"
import * as Writer from "../../src/redis/Writer.js"
import * as Waiter from "../../src/Waiter.js"
import * as WaitPolicy from "../../src/WaitPolicy.js"
import { flows } from "../support/Cloud.js"
import { binary } from "./support/Server.js"

/** `MEMSTORE_KEYS=100000` gives the trial of full size. */
const keys = Number(process.env["MEMSTORE_KEYS"] ?? 1400)
const access = RedisAccess.make()
const [a, b, c] = [{ id: "subnet-a" }, { id: "subnet-b" }, { id: "subnet-c" }]

const cluster = {
  name: "source",
  version: "7.2.6",
  port: 6379,
  shardCount: 2,
  nodeCountPerShard: 2,
  flavorId: "3830ebad-ea2f-4822-8a7d-9e301c86a58d",
  parameterGroupId: "any",
  subnets: [a, b, c],
  subnetAssignments: [
    { primary: a, replicas: [b] },
    { primary: b, replicas: [a] }
  ],
  securityGroups: [{ id: "any" }]
}

const settled = (clusterId: string) =>
  Effect.flatMap(Waiter.deadlineIn("1 minute"), (deadline) =>
    Observe.settled({ clusterId, during: "test", deadline, appearing: true })
  )

const clientOf = (clusterId: string) =>
  Effect.flatMap(Observe.topology(clusterId), ({ shards }) =>
    RedisCluster.connect({ endpoints: shards.flatMap(({ nodes }) => nodes.map(({ endpoint }) => endpoint)), access })
  )

const backUp = (clusterId: string) =>
  Effect.gen(function* () {
    const [create, list] = yield* Effect.all([CreateBackup, ListBackups])
    yield* create({ clusterId, name: "nightly" })
    yield* Waiter.until({
      what: "the backup",
      read: list({ clusterId }),
      deadline: yield* Waiter.deadlineIn("1 minute"),
      judge: ({ backups }): Waiter.Verdict<void> =>
        backups[0]?.status === "Available" ? Waiter.done(undefined) : Waiter.pending("not yet")
    })
  })

const trial = Effect.gen(function* () {
  const create = yield* CreateCluster
  const { objectId: source } = yield* create(cluster)
  yield* settled(source)
  const before = yield* Writer.make({ cluster: yield* clientOf(source), keys, prefix: "before" })
  yield* before.fill
  yield* backUp(source)

  const restored = yield* Runs.execute(RestoreThenScale.flow, {
    payload: { cluster: { ...cluster, name: "restored", restoreSource: { backupName: "nightly" } }, shards: 2 }
  })
  const { clusterId } = restored
  const client = yield* clientOf(clusterId)
  assert.deepInclude(yield* before.readBack(client), { keys, kept: keys })

  const during = yield* Writer.make({ cluster: client, keys: 700, prefix: "during", writers: 2 })
  yield* during.fill
  const [shard] = restored.shards
  const replica = shard?.nodes.find(({ role }) => role === "replica")
  if (shard === undefined || replica === undefined) return assert.fail("no replica")
  const replaced = yield* during.during(
    Runs.execute(ReplaceReplica.flow, {
      payload: { clusterId, shardId: shard.id, nodeId: replica.id, subnetId: c.id }
    })
  )
  assert.strictEqual(replaced.sync, "proven")

  assert.deepInclude(yield* before.readBack(client), { keys, kept: keys })
  assert.deepInclude(yield* during.readBack(), { keys: 700, kept: 700, lost: 0, stale: 0, torn: 0 })
  assert.deepInclude(yield* during.tally, { errors: 0, messages: [] })
  const counts = yield* DataCensus.count(replaced.shards, access)
  const pairs = (of: number) => Array.from({ length: of }, (_, n) => n % 7).filter((kind) => kind >= 5).length
  const stored = counts.reduce((sum, each) => sum + each.keys, 0)
  assert.strictEqual(stored, keys + 700 + pairs(keys) + pairs(700))
})

it.scopedLive.skipIf(binary === undefined)(
  "both flows on real servers: what was acknowledged before the backup and while a replica moved is there, sync proven",
  () =>
    trial.pipe(
      Effect.provide(flows()),
      Effect.provide(RedisReplicaSync.layer()),
      Effect.provideService(
        WaitPolicy.WaitPolicy,
        WaitPolicy.make({
          firstDelay: Duration.millis(50),
          maxDelay: Duration.millis(200),
          settle: Duration.seconds(2)
        })
      ),
      Effect.provide(RedisPlane.layerMemStore()),
      Effect.withRandom(Random.make("flows"))
    ),
  120_000
)
