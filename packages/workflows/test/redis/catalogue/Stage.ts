import { assert } from "@effect/vitest"
import { CreateCluster } from "@memstore-flows/api/CreateCluster"
import type { Shard } from "@memstore-flows/api/Shard"
import { Emulator } from "@memstore-flows/emulator/Emulator"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import * as Observe from "../../../src/Observe.js"
import * as DataCensus from "../../../src/redis/DataCensus.js"
import type { Entry } from "../../../src/redis/Ledger.js"
import * as RedisCluster from "../../../src/redis/RedisCluster.js"
import * as Writer from "../../../src/redis/Writer.js"
import * as Waiter from "../../../src/Waiter.js"
import { backUp } from "../../support/backUp.js"
import { access, body } from "../support/RealCluster.js"

const keys = 700

/** A cluster to make: primaries in subnets a and b in turn, replicas in the other of the two. */
export const specOf = (name: string, shards = 2, nodes = 2) => body(name, shards, nodes - 1)

/** Waits until a cluster is in service, with a new node in the place of each that died. */
export const settled = (clusterId: string) =>
  Effect.gen(function* () {
    const { state } = yield* Emulator
    yield* Effect.repeat(state, {
      until: ({ clusters }) =>
        clusters.every(({ heals, id, operation }) => id !== clusterId || (operation === null && heals.length === 0)),
      schedule: Schedule.spaced("20 millis")
    })
    const deadline = yield* Waiter.deadlineIn("1 minute")
    return yield* Observe.settled({ clusterId, during: "test", deadline, appearing: true })
  })

type Shards = ReadonlyArray<Shard>

/** A client of all nodes of a cluster. */
const clientOf = (shards: Shards) =>
  RedisCluster.connect({ endpoints: shards.flatMap(({ nodes }) => nodes.map(({ endpoint }) => endpoint)), access })

/** The id of the cluster of a name. */
export const named = (name: string) =>
  Effect.flatMap(
    Effect.flatMap(Emulator, ({ state }) => state),
    ({ clusters }) => Effect.fromNullable(clusters.find((cluster) => cluster.name === name)?.id)
  )

/** Makes a cluster that is in service. */
export const made = (spec: ReturnType<typeof specOf>) =>
  Effect.gen(function* () {
    const { objectId } = yield* Effect.flatMap(CreateCluster, (create) => create(spec))
    yield* settled(objectId)
    return objectId
  })

/** A writer on a cluster, with each of its keys there once. */
export const writerOn = (clusterId: string, prefix: string) =>
  Effect.gen(function* () {
    const { shards } = yield* Observe.topology(clusterId)
    const writer = yield* Writer.make({ cluster: yield* clientOf(shards), keys, prefix, writers: 2 })
    yield* writer.fill
    return writer
  })

/** Keys that a writer leaves behind: pairs of them are written in transactions and scripts. */
const stored = Array.from({ length: keys }, (_, index) => (index % 7 >= 5 ? 2 : 1)).reduce<number>(
  (sum, n) => sum + n,
  0
)

/** The cloud may not have noticed yet that a primary died. */
const soon = {
  while: ({ _tag }: { readonly _tag: string }) => _tag === "NodeUnreachable",
  schedule: Schedule.intersect(Schedule.spaced("100 millis"), Schedule.recurs(50))
}

/** Every acknowledged write is there, no client saw an error, and the shards hold these keys and no others. */
export const whole = (writer: Writer.Writer, clusterId: string, where: string) =>
  Effect.gen(function* () {
    const found = yield* writer.readBack()
    assert.deepInclude(found, { keys, kept: keys, lost: 0, stale: 0, torn: 0 }, `${where}: ${found.examples}`)
    const { acknowledged, errors, longestPause, messages } = yield* writer.tally
    assert.deepStrictEqual({ errors, messages }, { errors: 0, messages: [] }, where)
    const counted = Effect.flatMap(settled(clusterId), ({ shards }) => DataCensus.count(shards, access))
    const counts = yield* Effect.retry(counted, soon)
    const held = counts.reduce((sum, each) => sum + each.keys, 0)
    assert.strictEqual(held, stored, `${where}: keys of ${clusterId}`)
    return { acknowledged, longestPause: Math.round(Duration.toMillis(longestPause)) }
  })

/** What became of writes that were acknowledged before a backup, in what was restored from it. `now`: those sent since. */
export const verify = (shards: Shards, before: ReadonlyArray<Entry>, now: ReadonlyArray<Entry>) =>
  Effect.gen(function* () {
    const attempted = new Map(now.map((entry) => [entry.key, entry.attempted]))
    const entries = before.map((entry) => ({ ...entry, attempted: attempted.get(entry.key) ?? entry.attempted }))
    return yield* DataCensus.verify(yield* clientOf(shards), entries)
  }).pipe(Effect.scoped)

/** A cluster that is written to without pause; `before`: what was acknowledged before its backup "nightly". */
export interface Stage {
  readonly clusterId: string
  readonly shards: Shards
  readonly writer: Writer.Writer
  readonly before: ReadonlyArray<Entry>
}

/** A cluster named "source", filled and backed up. */
export const stage = (shards: number, nodes: number) =>
  Effect.gen(function* () {
    const clusterId = yield* made(specOf("source", shards, nodes))
    const writer = yield* writerOn(clusterId, "source")
    yield* backUp(clusterId)
    const { shards: found } = yield* Observe.topology(clusterId)
    return { clusterId, shards: found, writer, before: yield* writer.entries } satisfies Stage
  })
