/**
 * A client that writes without pause and remembers what it was promised: the proof that a change loses nothing.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Fiber from "effect/Fiber"
import * as Random from "effect/Random"
import type { Verified } from "./DataCensus.js"
import { verify } from "./DataCensus.js"
import * as Ledger from "./Ledger.js"
import type { RedisCluster } from "./RedisCluster.js"
import type { RedisError } from "./RedisError.js"
import * as WriteKind from "./WriteKind.js"

/**
 * - `keys`: how many keys are written over and over, default 7000
 * - `writers`: how many writes are under way at once, default 8
 * - `prefix`: what the keys begin with, default `writer`
 * - `kinds`: default `WriteKind.all`, in turn
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  readonly cluster: RedisCluster
  readonly keys?: number | undefined
  readonly writers?: number | undefined
  readonly prefix?: string | undefined
  readonly kinds?: ReadonlyArray<WriteKind.WriteKind> | undefined
}

/**
 * - `acknowledged`: writes
 * - `errors`: writes that failed after all redirections; `messages` are up to five of them
 * - `longestPause`: the longest that a writer waited for an acknowledgement
 *
 * @since 0.1.0
 * @category models
 */
export interface Tally {
  readonly acknowledged: number
  readonly errors: number
  readonly messages: ReadonlyArray<string>
  readonly longestPause: Duration.Duration
}

/**
 * - `fill`: writes every key once
 * - `during`: writes keys at random, without pause, for as long as the effect runs; the writes under way are awaited
 * - `tally`: of all writes so far
 * - `entries`: what was promised so far
 * - `readBack`: reads everything back, from the same cluster or from another that should have the same data
 *
 * @since 0.1.0
 * @category models
 */
export interface Writer {
  readonly fill: Effect.Effect<void>
  readonly during: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  readonly tally: Effect.Effect<Tally>
  readonly entries: Effect.Effect<ReadonlyArray<Ledger.Entry>>
  readonly readBack: (from?: RedisCluster) => Effect.Effect<Verified, RedisError>
}

/**
 * A writer on a cluster. Which keys it writes comes from `Random`, and so from a seed where one is given.
 *
 * Each key belongs to one of the writers, so that its writes have an order. What fails is counted and not sent again.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (options: Options): Effect.Effect<Writer> =>
  Effect.sync(() => {
    const { cluster, keys = 7000, kinds = WriteKind.all, prefix = "writer" } = options
    const writers = Math.min(options.writers ?? 8, keys)
    const ledger = Array.from({ length: keys }, (_, index) =>
      Ledger.fresh(`${prefix}:{${index}}`, kinds[index % kinds.length] ?? WriteKind.string)
    )
    const tally = { acknowledged: 0, errors: 0, messages: new Set<string>(), longest: 0n }

    const write = (index: number) =>
      Effect.gen(function* () {
        const before = ledger[index]
        if (before === undefined) return
        const entry = Ledger.attempt(before)
        ledger[index] = entry
        const since = yield* Clock.currentTimeNanos
        const sent = yield* Effect.either(entry.kind.write(cluster, entry.key, entry.attempted))
        const took = (yield* Clock.currentTimeNanos) - since
        if (took > tally.longest) tally.longest = took
        if (Either.isRight(sent)) {
          ledger[index] = Ledger.acknowledge(entry)
          tally.acknowledged += 1
        } else {
          tally.errors += 1
          if (tally.messages.size < 5) tally.messages.add(sent.left.message)
        }
      })

    const writeAtRandom = (writer: number) =>
      Effect.flatMap(Random.nextIntBetween(0, Math.ceil((keys - writer) / writers)), (turn) =>
        write(writer + turn * writers)
      )

    return {
      fill: Effect.forEach(ledger.keys(), write, { concurrency: 64, discard: true }),
      during: (effect) =>
        Effect.gen(function* () {
          let going = true
          const load = yield* Effect.fork(
            Effect.forEach(
              Array.from({ length: writers }, (_, writer) => writer),
              (writer) => Effect.repeat(writeAtRandom(writer), { while: () => going }),
              { concurrency: "unbounded", discard: true }
            )
          )
          const exit = yield* Effect.exit(Effect.onInterrupt(effect, () => Fiber.interrupt(load)))
          going = false
          yield* Fiber.await(load)
          return yield* exit
        }),
      tally: Effect.sync(() => ({
        acknowledged: tally.acknowledged,
        errors: tally.errors,
        messages: [...tally.messages],
        longestPause: Duration.nanos(tally.longest)
      })),
      entries: Effect.sync(() => [...ledger]),
      readBack: (from = cluster) => Effect.suspend(() => verify(from, ledger))
    }
  })
