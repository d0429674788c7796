/**
 * The kinds of values a `Writer` writes, each so that what is read back tells which writes are in it.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type { RedisCluster } from "./RedisCluster.js"
import type { RedisError } from "./RedisError.js"

/**
 * The parts of a value, each with the number of the last write that is in it.
 *
 * @since 0.1.0
 * @category models
 */
export type Parts = ReadonlyMap<string, number>

/**
 * - `parts`: those that a write of this number sets
 * - `write`: carries it out; safe to be sent twice
 * - `read`: what is there now
 *
 * @since 0.1.0
 * @category models
 */
export interface WriteKind {
  readonly name: string
  readonly parts: (version: number) => ReadonlyArray<string>
  readonly write: (cluster: RedisCluster, key: string, version: number) => Effect.Effect<unknown, RedisError>
  readonly read: (cluster: RedisCluster, key: string) => Effect.Effect<Parts, RedisError>
}

const padding = "x".repeat(48)
const valueOf = (version: number) => `${version}:${padding}`

const versionOf = (text: unknown): number | undefined => {
  const digits = /^\d+/.exec(String(text ?? ""))?.[0]
  return digits === undefined ? undefined : Number(digits)
}

const partsOf = (pairs: ReadonlyArray<readonly [part: unknown, value: unknown]>): Parts =>
  new Map(
    pairs.flatMap(([part, value]) => {
      const version = versionOf(value)
      return version === undefined ? [] : [[String(part), version] as const]
    })
  )

const listOf = (answer: unknown): ReadonlyArray<unknown> => (Array.isArray(answer) ? answer : [])

/** Names and values in turn; of a hash the driver makes an object. */
const inPairs = (answer: unknown): ReadonlyArray<readonly [unknown, unknown]> => {
  if (typeof answer === "object" && answer !== null && !Array.isArray(answer)) return Object.entries(answer)
  const flat = listOf(answer)
  return flat.flatMap((each, index) => (index % 2 === 0 ? [[each, flat[index + 1]] as const] : []))
}

const slotOfEight = (version: number) => `${version % 8}`
const hour = 3_600_000

/**
 * A plain string, the whole of it set by each write.
 *
 * @since 0.1.0
 * @category constants
 */
export const string: WriteKind = {
  name: "string",
  parts: () => ["value"],
  write: (cluster, key, version) => cluster.call("set", key, valueOf(version)),
  read: (cluster, key) => Effect.map(cluster.call("get", key), (value) => partsOf([["value", value]]))
}

/** Its part `expiry` is there as long as the key has one. */
const expiring: WriteKind = {
  name: "expiring",
  parts: () => ["value", "expiry"],
  write: (cluster, key, version) => cluster.call("set", key, valueOf(version), "PX", hour),
  read: (cluster, key) =>
    Effect.zipWith(cluster.call("get", key), cluster.call("pttl", key), (value, left) =>
      partsOf([
        ["value", value],
        ["expiry", Number(left) > 0 && Number(left) <= hour ? value : undefined]
      ])
    )
}

const hash: WriteKind = {
  name: "hash",
  parts: (version) => [slotOfEight(version)],
  write: (cluster, key, version) => cluster.call("hset", key, slotOfEight(version), valueOf(version)),
  read: (cluster, key) => Effect.map(cluster.call("hgetall", key), (answer) => partsOf(inPairs(answer)))
}

const sortedSet: WriteKind = {
  name: "sorted set",
  parts: (version) => [slotOfEight(version)],
  write: (cluster, key, version) => cluster.call("zadd", key, version, slotOfEight(version)),
  read: (cluster, key) =>
    Effect.map(cluster.call("zrange", key, 0, -1, "WITHSCORES"), (answer) => partsOf(inPairs(answer)))
}

const stream: WriteKind = {
  name: "stream",
  parts: (version) => [`${version}`],
  write: (cluster, key, version) => cluster.call("xadd", key, "*", "version", version),
  read: (cluster, key) =>
    Effect.map(cluster.call("xrange", key, "-", "+"), (answer) =>
      partsOf(listOf(answer).map((entry) => [listOf(listOf(entry)[1])[1], listOf(listOf(entry)[1])[1]]))
    )
}

const bothOf = (cluster: RedisCluster, key: string) =>
  Effect.zipWith(cluster.call("get", `${key}:a`), cluster.call("get", `${key}:b`), (a, b) =>
    partsOf([
      ["a", a],
      ["b", b]
    ])
  )

/** Two keys of one slot between MULTI and EXEC. */
const transaction: WriteKind = {
  name: "transaction",
  parts: () => ["a", "b"],
  write: (cluster, key, version) =>
    cluster.transact([
      ["set", `${key}:a`, valueOf(version)],
      ["set", `${key}:b`, valueOf(version)]
    ]),
  read: bothOf
}

const setBoth = "redis.call('SET',KEYS[1],ARGV[1]) redis.call('SET',KEYS[2],ARGV[1]) return 'OK'"

/** Two keys of one slot in a Lua script. */
const script: WriteKind = {
  name: "script",
  parts: () => ["a", "b"],
  write: (cluster, key, version) => cluster.call("eval", setBoth, 2, `${key}:a`, `${key}:b`, valueOf(version)),
  read: bothOf
}

/**
 * Strings, hashes, sorted sets, streams, keys that expire in an hour, pairs of keys in a transaction and in a script.
 *
 * @since 0.1.0
 * @category constants
 */
export const all: ReadonlyArray<WriteKind> = [string, hash, sortedSet, stream, expiring, transaction, script]

/**
 * Those whose parts must be of one and the same write, for they are written at once.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isWhole = ({ name }: WriteKind): boolean => name === "transaction" || name === "script"
