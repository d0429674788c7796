import * as Crypto from "node:crypto"
import { assert, it } from "@effect/vitest"
import { AddReplica, AddShard, DeleteNode, DeleteShard, UpdateCluster } from "@memstore-flows/api"
import * as RedisPlane from "@memstore-flows/emulator/RedisPlane"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import * as Observe from "../../src/Observe.js"
import type { RedisCluster } from "../../src/redis/RedisCluster.js"
import * as Writer from "../../src/redis/Writer.js"
import { backUp } from "../support/backUp.js"
import { a, b, clientOf, created, isFull, oftenEnough, settled, told } from "./support/RealCluster.js"
import { binary } from "./support/Server.js"

const [keys, writers, stride] = isFull ? [7000, 8, 1] : [700, 2, 17]

/** Cuts work off at each so-manieth step that was not seen yet: what is done again passes. */
const makeCuts = () => {
  const seen = new Set<string>()
  const cuts = { total: 0, byStep: new Map<string, number>() }
  let round = 0
  const onStep = (name: string) =>
    Effect.suspend(() => {
      const here = `${round} ${name}`
      const passes = seen.has(here) || seen.add(here).size % stride !== 0
      if (name === "closed" || (name === "done" && passes)) round++
      if (passes) return Effect.void
      cuts.total++
      cuts.byStep.set(name, (cuts.byStep.get(name) ?? 0) + 1)
      return Effect.fail("cut off")
    })
  return { cuts, onStep }
}

/** 8 MB that compression cannot make much smaller. */
const large = Array.from({ length: 65_536 }, (_, line) =>
  Crypto.createHash("sha512").update(`${line}`).digest("hex")
).join("")

/** A key whose slot moves when a third shard comes, and back when it goes. */
const movingKey = (client: RedisCluster) =>
  Effect.gen(function* () {
    for (let at = 0; ; at++) {
      const slot = Number(yield* client.call("cluster", "keyslot", `large:${at}`))
      if (slot > 5460 && slot < 10_923) return `large:${at}`
    }
  })

/** All that a user can plan for a cluster in service, one after the other. */
const everything = (clusterId: string) =>
  Effect.gen(function* () {
    const [addReplica, addShard, update, deleteShard, deleteNode] = yield* Effect.all([
      AddReplica,
      AddShard,
      UpdateCluster,
      DeleteShard,
      DeleteNode
    ])
    yield* backUp(clusterId)
    yield* addReplica({ clusterId, shardId: "001", subnet: a })
    yield* settled(clusterId)
    yield* addShard({ clusterId, nodeCount: 2, subnetAssignments: { primary: a, replicas: [b] } })
    const { shards } = yield* settled(clusterId)
    assert.sameMembers(
      shards.map(({ slots }) => slots),
      ["0-5460", "5461-10922", "10923-16383"]
    )
    yield* update({ clusterId, description: "changed" })
    yield* settled(clusterId)
    yield* deleteShard({ clusterId, shardId: "003" })
    const [first] = (yield* settled(clusterId)).shards
    const replica = first?.nodes.find(({ role }) => role === "replica")
    yield* deleteNode({ clusterId, shardId: "001", nodeId: replica?.id ?? "" })
    yield* settled(clusterId)
    const after = yield* Observe.topology(clusterId)
    assert.sameMembers(
      after.shards.map(({ nodes, slots }) => `${slots} x ${nodes.length}`),
      ["0-8191 x 2", "8192-16383 x 2"]
    )
  })

const { cuts, onStep } = makeCuts()

it.scopedLive.skipIf(binary === undefined)(
  "every planned operation, cut off again and again, loses nothing and shows clients no error",
  () =>
    Effect.gen(function* () {
      const clusterId = yield* created()
      const client = yield* clientOf(clusterId)
      const writer = yield* Writer.make({ cluster: client, keys, writers })
      yield* writer.fill
      const key = yield* movingKey(client)
      yield* client.call("set", key, large, "EX", 3600)
      yield* writer.during(everything(clusterId))
      const { acknowledged, errors, longestPause, messages } = yield* writer.tally
      assert.deepStrictEqual([errors, messages], [0, []])
      assert.deepInclude(yield* writer.readBack(), { keys, kept: keys, lost: 0, stale: 0, torn: 0 })
      assert.isTrue((yield* client.call("get", key)) === large, "8 MB that moved twice")
      assert.isAbove(Number(yield* client.call("ttl", key)), 3000)
      assert.isAbove(cuts.total, 15)
      yield* told(
        `${cuts.total} cuts, ${acknowledged} writes, longest pause ${Duration.format(longestPause)}`,
        Object.fromEntries(cuts.byStep)
      )
    }).pipe(
      oftenEnough,
      Effect.provide(RedisPlane.layerMemStore({ latencies: "instant", redis: { onStep } })),
      Effect.withRandom(Random.make("operations"))
    ),
  isFull ? 1_200_000 : 120_000
)
