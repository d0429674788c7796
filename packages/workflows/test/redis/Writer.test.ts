import { assert, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import * as Schedule from "effect/Schedule"
import * as Writer from "../../src/redis/Writer.js"
import { moveSlot, pair, refusals } from "./support/Pair.js"
import { binary } from "./support/Server.js"

const slotOf = (cluster: Effect.Effect.Success<typeof pair>, index: number) =>
  Effect.map(cluster.one.call("CLUSTER", "KEYSLOT", `{${index}}`), Number)

it.scopedLive.skipIf(binary === undefined)(
  "nothing is lost while slots of every kind of value move, and what then goes missing is found",
  () =>
    Effect.gen(function* () {
      const nodes = yield* pair
      const writer = yield* Writer.make({ cluster: nodes.cluster, keys: 70 })
      yield* writer.fill
      const slots = yield* Effect.forEach([0, 1, 2, 3, 4, 5, 6], (index) => slotOf(nodes, index))
      yield* writer.during(
        Effect.gen(function* () {
          for (const [kind, slot] of slots.entries()) {
            const [from, to] = slot < 8192 ? [nodes.one, nodes.two] : [nodes.two, nodes.one]
            const { carry, close } = yield* moveSlot(from, to, slot)
            const before = yield* refusals(from, to)
            const isPair = kind >= 5
            yield* Effect.repeat(refusals(from, to), {
              until: (count) => !isPair || count > before,
              schedule: Schedule.spaced("1 millis")
            })
            yield* carry
            const then = (yield* writer.tally).acknowledged + 100
            yield* Effect.repeat(writer.tally, {
              until: ({ acknowledged }) => acknowledged >= then,
              schedule: Schedule.spaced("1 millis")
            })
            yield* close
          }
        })
      )
      const tally = yield* writer.tally
      assert.deepStrictEqual([tally.errors, tally.messages], [0, []])
      assert.isAtLeast(tally.acknowledged, 770)
      assert.isTrue(Duration.greaterThan(tally.longestPause, 0))
      assert.deepStrictEqual(yield* writer.readBack(), { keys: 70, kept: 70, lost: 0, stale: 0, torn: 0, examples: [] })

      yield* nodes.cluster.call("del", "writer:{0}")
      yield* nodes.cluster.call("persist", "writer:{4}")
      yield* nodes.cluster.call("zadd", "writer:{2}", 0, "1")
      yield* nodes.cluster.call("set", "writer:{5}:b", "999999999:")
      const spoilt = yield* writer.readBack()
      assert.deepInclude(spoilt, { keys: 70, kept: 66, lost: 2, stale: 1, torn: 1 })
      assert.sameMembers(
        [...spoilt.examples],
        ["writer:{0}: Lost", "writer:{4}: Lost", "writer:{2}: Stale", "writer:{5}: Torn"]
      )
    }).pipe(Effect.withRandom(Random.make("writer")))
)
