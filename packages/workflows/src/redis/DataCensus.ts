/**
 * What a cluster holds: keys and memory of each shard, and whether acknowledged writes are still there.
 *
 * @since 0.1.0
 */
import type { Shard } from "@memstore-flows/api/Shard"
import * as Effect from "effect/Effect"
import type { Entry, Verdict } from "./Ledger.js"
import { judge } from "./Ledger.js"
import type { RedisAccess } from "./RedisAccess.js"
import type { RedisCluster } from "./RedisCluster.js"
import { CommandFailed, type RedisError } from "./RedisError.js"
import * as RedisNode from "./RedisNode.js"

/**
 * What the primary of a shard holds. `usedMemory` in bytes.
 *
 * @since 0.1.0
 * @category models
 */
export interface ShardCount {
  readonly shardId: string
  readonly slots: string
  readonly endpoint: string
  readonly keys: number
  readonly usedMemory: number
}

const countShard = (shard: Shard, access: RedisAccess) =>
  Effect.gen(function* () {
    const host = shard.nodes.find(({ role }) => role === "primary")?.endpoint
    if (host === undefined) return undefined
    const primary = yield* RedisNode.connect({ host, access })
    const keys = Number(yield* primary.call("DBSIZE"))
    const memory = /^used_memory:(\d+)/m.exec(String(yield* primary.call("INFO", "memory")))?.[1]
    if (memory === undefined || Number.isNaN(keys)) {
      return yield* new CommandFailed({ command: "INFO", code: "", detail: "an answer of unknown form" })
    }
    return { shardId: shard.id, slots: shard.slots, endpoint: host, keys, usedMemory: Number(memory) }
  }).pipe(Effect.scoped)

/**
 * Counts the keys and the memory of each shard at its primary; a shard without a primary is left out.
 *
 * While slots move, a key may be counted twice or not at all.
 *
 * @since 0.1.0
 * @category constructors
 */
export const count = (
  shards: ReadonlyArray<Shard>,
  access: RedisAccess
): Effect.Effect<ReadonlyArray<ShardCount>, RedisError> =>
  Effect.map(
    Effect.forEach(shards, (shard) => countShard(shard, access), { concurrency: "unbounded" }),
    (counts) => counts.filter((each) => each !== undefined)
  )

/**
 * What became of the keys of a ledger.
 *
 * - `keys`: those with an acknowledged write; `kept` of them are as acknowledged
 * - `examples`: up to ten keys that are not
 *
 * @since 0.1.0
 * @category models
 */
export interface Verified {
  readonly keys: number
  readonly kept: number
  readonly lost: number
  readonly stale: number
  readonly torn: number
  readonly examples: ReadonlyArray<string>
}

/**
 * Reads every key of a ledger back, and compares.
 *
 * @since 0.1.0
 * @category constructors
 */
export const verify = (cluster: RedisCluster, entries: Iterable<Entry>): Effect.Effect<Verified, RedisError> =>
  Effect.gen(function* () {
    const counts: Record<Verdict, number> = { Kept: 0, Lost: 0, Stale: 0, Torn: 0 }
    const examples: Array<string> = []
    yield* Effect.forEach(
      [...entries].filter(({ promised }) => promised.size > 0),
      (entry) =>
        Effect.map(entry.kind.read(cluster, entry.key), (found) => {
          const verdict = judge(entry, found)
          counts[verdict] += 1
          if (verdict !== "Kept" && examples.length < 10) examples.push(`${entry.key}: ${verdict}`)
        }),
      { concurrency: 64, discard: true }
    )
    const { Kept: kept, Lost: lost, Stale: stale, Torn: torn } = counts
    return { keys: kept + lost + stale + torn, kept, lost, stale, torn, examples }
  })
