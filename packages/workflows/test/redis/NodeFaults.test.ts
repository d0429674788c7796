import { assert, describe, it } from "@effect/vitest"
import { AddShard, DeleteShard } from "@memstore-flows/api"
import type { Shard } from "@memstore-flows/api/Shard"
import { Emulator } from "@memstore-flows/emulator/Emulator"
import * as Faults from "@memstore-flows/emulator/Faults"
import * as RedisPlane from "@memstore-flows/emulator/RedisPlane"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import * as Schedule from "effect/Schedule"
import * as RedisNode from "../../src/redis/RedisNode.js"
import * as Writer from "../../src/redis/Writer.js"
import { a, access, b, clientOf, created, isFull, oftenEnough, settled, told } from "./support/RealCluster.js"
import { binary } from "./support/Server.js"

const steps = ["importing", "migrating", "keys", "emptied", "target", "source", "closed"]
const sides = { giver: "001", taker: "003" }

const all = steps.flatMap((step) =>
  Object.entries(sides).flatMap(([side, shardId]) =>
    (["FailNode", "HangNode"] as const).map((fault) => ({ step, side, shardId, fault }))
  )
)

/** One of them, or in full size all. */
const trials = all.filter(
  (each) => isFull || (each.step === "source" && each.shardId === sides.giver && each.fault === "FailNode")
)

/** Waits until every dead node has been replaced. */
const healed = (clusterId: string) =>
  Effect.flatMap(Emulator, ({ state }) =>
    Effect.repeat(state, {
      until: ({ clusters }) => clusters.every(({ heals, id }) => id !== clusterId || heals.length === 0),
      schedule: Schedule.spaced("20 millis")
    })
  )

/** How many slots the nodes of a cluster have open. */
const openSlots = (shards: ReadonlyArray<Shard>) =>
  Effect.map(
    Effect.forEach(
      shards.flatMap(({ nodes }) => nodes),
      ({ endpoint }) =>
        Effect.scoped(
          Effect.flatMap(RedisNode.connect({ host: endpoint, access }), ({ call }) => call("CLUSTER", "NODES"))
        )
    ),
    (views) => views.join().split("[").length - 1
  )

const trial = ({ fault, shardId, side, step }: (typeof all)[number]) =>
  Effect.gen(function* () {
    const { faults } = yield* Emulator
    const clusterId = yield* created()
    const writer = yield* Writer.make({ cluster: yield* clientOf(clusterId), keys: 700, writers: 2 })
    yield* writer.fill
    yield* faults.replace([
      {
        match: { operation: "AddShard", step, nth: 5 },
        do: Faults.disturb({ _tag: fault, clusterId, shardId, role: "primary" })
      }
    ])
    const [add, remove] = yield* Effect.all([AddShard, DeleteShard])
    const { shards } = yield* writer.during(
      Effect.gen(function* () {
        yield* add({ clusterId, nodeCount: 2, subnetAssignments: { primary: a, replicas: [b] } })
        yield* Effect.zipRight(settled(clusterId), healed(clusterId))
        const after = yield* settled(clusterId)
        assert.strictEqual(yield* openSlots(after.shards), 0)
        yield* remove({ clusterId, shardId: "003" })
        yield* settled(clusterId)
        return after
      })
    )
    const what = `${fault} of the ${side} at ${step}`
    assert.strictEqual((yield* faults.list)[0]?.fired, 1, what)
    assert.sameMembers(
      shards.map(({ nodes, slots }) => `${slots} x ${nodes.length}`),
      ["0-5460 x 2", "5461-10922 x 2", "10923-16383 x 2"],
      what
    )
    const { acknowledged, errors, longestPause, messages } = yield* writer.tally
    const found = yield* writer.readBack()
    yield* told(`${what}: ${acknowledged} writes, longest pause ${Duration.toMillis(longestPause).toFixed(0)} ms`)
    assert.deepInclude(found, { keys: 700, kept: 700, examples: [] }, what)
    assert.deepStrictEqual([errors, messages], [0, []], what)
  }).pipe(Effect.scoped)

describe.skipIf(binary === undefined)("the primary of the shard that", () => {
  for (const each of trials) {
    const falls = each.fault === "FailNode" ? "dies" : "hangs"
    const gets = each.side === "giver" ? "gives slots" : "takes slots"
    it.scopedLive(
      `${gets} ${falls} at ${each.step}: another takes over, nothing is lost, and the move goes on`,
      () =>
        trial(each).pipe(
          oftenEnough,
          Effect.provide(RedisPlane.layerMemStore({ latencies: "instant" })),
          Effect.withRandom(Random.make(each.step))
        ),
      120_000
    )
  }
})
