import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import * as RedisAccess from "../../../src/redis/RedisAccess.js"
import * as RedisCluster from "../../../src/redis/RedisCluster.js"
import { connect, type RedisNode } from "../../../src/redis/RedisNode.js"
import { answers, server } from "./Server.js"

const access = RedisAccess.make()

const node = Effect.gen(function* () {
  const host = yield* server(["--cluster-enabled", "yes", "--cluster-node-timeout", "15000"])
  yield* answers(host, access)
  const opened = yield* connect({ host, access, patience: "5 seconds" })
  return { host, call: opened.call, id: String(yield* opened.call("CLUSTER", "MYID")) }
})

type Member = Effect.Effect.Success<typeof node>

const ready = ({ call }: Pick<RedisNode, "call">) =>
  Effect.retry(
    Effect.filterOrFail(
      call("CLUSTER", "INFO"),
      (text) => String(text).includes("cluster_state:ok") && String(text).includes("cluster_known_nodes:2"),
      () => "not yet"
    ),
    Schedule.intersect(Schedule.spaced("20 millis"), Schedule.recurs(500))
  )

/** Two primaries, each with half of the slots, and a client of both. */
export const pair = Effect.gen(function* () {
  const [one, two] = yield* Effect.all([node, node], { concurrency: 2 })
  yield* Effect.all([
    one.call("CLUSTER", "SET-CONFIG-EPOCH", 1),
    two.call("CLUSTER", "SET-CONFIG-EPOCH", 2),
    one.call("CLUSTER", "ADDSLOTSRANGE", 0, 8191),
    two.call("CLUSTER", "ADDSLOTSRANGE", 8192, 16_383),
    one.call("CLUSTER", "MEET", two.host, 6379)
  ])
  yield* Effect.all([ready(one), ready(two)], { concurrency: 2 })
  return { one, two, cluster: yield* RedisCluster.connect({ endpoints: [one.host], access }) }
})

/**
 * Opens a slot for its move and carries one key of it over; `carry` carries the rest, and `close` makes the receiver its
 * owner.
 */
export const moveSlot = (from: Member, to: Member, slot: number) =>
  Effect.gen(function* () {
    yield* to.call("CLUSTER", "SETSLOT", slot, "IMPORTING", from.id)
    yield* from.call("CLUSTER", "SETSLOT", slot, "MIGRATING", to.id)
    const one = Effect.flatMap(from.call("CLUSTER", "GETKEYSINSLOT", slot, 1), (keys) =>
      Array.isArray(keys) && keys[0] !== undefined
        ? Effect.as(from.call("MIGRATE", to.host, 6379, keys[0], 0, 1000, "REPLACE"), true)
        : Effect.succeed(false)
    )
    yield* one
    return {
      carry: Effect.repeat(one, { while: (found) => found }),
      close: Effect.forEach([to, from], ({ call }) => call("CLUSTER", "SETSLOT", slot, "NODE", to.id), {
        discard: true
      })
    }
  })

/** How many scripts and transactions servers have refused because some of their keys were there and some not. */
export const refusals = (...members: ReadonlyArray<Member>) =>
  Effect.map(
    Effect.forEach(members, ({ call }) => call("INFO", "errorstats")),
    (texts) =>
      [...texts.join().matchAll(/errorstat_(?:TRYAGAIN|EXECABORT):count=(\d+)/g)].reduce(
        (sum, [, count]) => sum + Number(count),
        0
      )
  )
