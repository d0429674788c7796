/**
 * The keys of a cluster: counting them, adding some.
 */
import * as Slots from "@memstore-flows/api/Slots"
import type { Refusal } from "@memstore-flows/model/Refusal"
import * as View from "@memstore-flows/model/View"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { Cluster } from "ioredis"
import type { ShardCensus } from "../DataPlane.js"
import { type Crew, primaryOf, type Site, site, tell } from "./Crew.js"
import { observe } from "./Observation.js"

/** What each shard holds by the word of its primary; nothing for one that does not answer. */
const counted = (crew: Crew, where: Site): Effect.Effect<ReadonlyArray<ShardCensus>> =>
  Effect.forEach(
    where.cluster.shards,
    ({ id, slots }) =>
      Effect.gen(function* () {
        const primary = yield* Effect.fromNullable(primaryOf(where, id))
        const seen = yield* observe(crew.connections, primary)
        const keys = Number(yield* tell(crew, primary, ["DBSIZE"]))
        const usedMemory = Number(seen.info.get("used_memory_dataset") ?? 0)
        return { shardId: id, slots: Slots.format(seen.slots), keys, usedMemory }
      }).pipe(Effect.orElseSucceed(() => ({ shardId: id, slots: Slots.format(slots), keys: 0, usedMemory: 0 }))),
    { concurrency: "unbounded" }
  )

const found = (crew: Crew, clusterId: string) => Effect.orElseSucceed(site(crew, clusterId), () => undefined)

const shown = (crew: Crew, clusterId: string): Effect.Effect<void, Refusal> =>
  Effect.gen(function* () {
    const state = yield* crew.cloud.state
    yield* View.cluster(state, clusterId, Math.max(state.clock, yield* Clock.currentTimeMillis))
  })

/** What each shard of a cluster holds. */
export const census = (crew: Crew, clusterId: string): Effect.Effect<ReadonlyArray<ShardCensus>, Refusal> =>
  Effect.gen(function* () {
    yield* shown(crew, clusterId)
    const where = yield* found(crew, clusterId)
    return where === undefined ? [] : yield* counted(crew, where)
  })

/** Tells the model how much there is, so that backups show their size and the memory rule sees it. */
export const weigh = (crew: Crew, clusterId: string): Effect.Effect<void> =>
  Effect.gen(function* () {
    const where = yield* found(crew, clusterId)
    if (where === undefined) return
    const shards = yield* counted(crew, where)
    const sum = (pick: (shard: ShardCensus) => number) => shards.reduce((total, shard) => total + pick(shard), 0)
    const { keys, usedMemory } = where.cluster
    yield* crew.cloud.report({
      _tag: "LoadKeys",
      clusterId,
      keys: sum((shard) => shard.keys) - keys,
      bytes: sum((shard) => shard.usedMemory) - usedMemory
    })
  }).pipe(Effect.ignore)

const batch = 1000

/** Puts `count` strings `key:0`, `key:1`, ... into a cluster. */
export const load = (
  crew: Crew,
  options: { readonly clusterId: string; readonly count: number; readonly bytesPerKey: number }
): Effect.Effect<void, Refusal> =>
  Effect.gen(function* () {
    const { bytesPerKey, clusterId, count } = options
    yield* shown(crew, clusterId)
    const where = yield* found(crew, clusterId)
    if (where === undefined) return
    const value = "x".repeat(bytesPerKey)
    const seeds = where.members.filter(({ isPrimary }) => isPrimary)
    yield* Effect.acquireUseRelease(
      Effect.sync(() => client(seeds)),
      (cluster) =>
        Effect.forEach(
          Array.from({ length: Math.ceil(count / batch) }, (_, index) => index * batch),
          (start) =>
            Effect.promise(() =>
              Promise.all(
                Array.from({ length: Math.min(batch, count - start) }, (_, index) =>
                  cluster.set(`key:${start + index}`, value)
                )
              )
            ),
          { concurrency: 2, discard: true }
        ),
      (cluster) => Effect.sync(() => cluster.disconnect())
    )
    yield* weigh(crew, clusterId)
  })

const client = (seeds: Site["members"]): Cluster => {
  const door = seeds[0]?.door
  const cluster = new Cluster(
    seeds.map((each) => ({ host: each.door.address, port: each.door.port })),
    {
      enableAutoPipelining: true,
      redisOptions: {
        username: door?.userName ?? "",
        password: door?.password ?? "",
        ...(door?.authority === undefined ? {} : { tls: { ca: door.authority, checkServerIdentity: () => undefined } })
      }
    }
  )
  cluster.on("error", () => undefined)
  return cluster
}
