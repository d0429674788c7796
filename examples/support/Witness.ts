import { type Cluster, ListClusters, type Shard } from "@memstore-flows/api"
import { Observe, Waiter, WaitPolicy } from "@memstore-flows/workflows"
import { DataCensus, type Ledger, RedisAccess, RedisCluster, Writer } from "@memstore-flows/workflows/redis"
import { Duration, Effect, Fiber, Option } from "effect"
import { uncounted } from "./Environment.js"
import { table } from "./Table.js"

const access = RedisAccess.make()

const clientOf = (shards: ReadonlyArray<Shard.Shard>) =>
  RedisCluster.connect({ endpoints: shards.flatMap(({ nodes }) => nodes.map(({ endpoint }) => endpoint)), access })

/** Writes keys to a cluster for a second, and gives what was acknowledged. */
export const writeTo = (clusterId: string, keys: number) =>
  Effect.gen(function* () {
    const { shards } = yield* Observe.topology(clusterId)
    const writer = yield* Writer.make({ cluster: yield* clientOf(shards), keys, prefix: "before" })
    yield* writer.fill
    yield* writer.during(Effect.sleep("1 second"))
    return yield* writer.entries
  }).pipe(Effect.scoped)

/** The shards of the cluster of that name, as soon as it is in service. */
const inService = (name: string) =>
  Effect.gen(function* () {
    const listClusters = yield* ListClusters
    const { id } = yield* Effect.repeat(
      Effect.delay(
        Effect.map(listClusters({}), ({ clusters }) => clusters.find((each) => each.name === name)),
        "50 millis"
      ),
      { until: (found): found is Cluster => found !== undefined }
    )
    const deadline = yield* Waiter.deadlineIn("1 minute")
    const { shards } = yield* Observe.settled({ clusterId: id, during: "witness", deadline, appearing: true })
    return shards
  }).pipe(Effect.provide(uncounted))

const pauses: WaitPolicy.WaitPolicySettings = WaitPolicy.make({ maxDelay: Duration.millis(50) })

/** What became of the keys from before the backup, and of those written while the run went on. */
export interface Testimony {
  readonly restored: DataCensus.Verified
  readonly written: DataCensus.Verified
  readonly tally: Writer.Tally
}

/**
 * Awaits a run that restores a cluster and changes it. As soon as the cluster is in service, all that was acknowledged
 * before the backup is looked for in it, and it is written to without pause until the run ends. In the end everything is
 * read back.
 */
export const witness = <A, E, R>(name: string, before: ReadonlyArray<Ledger.Entry>, run: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const running = yield* Effect.forkScoped(run)
    const shards = yield* Effect.raceFirst(
      Effect.asSome(Effect.provideService(inService(name), WaitPolicy.WaitPolicy, pauses)),
      Effect.as(Fiber.await(running), Option.none<ReadonlyArray<Shard.Shard>>())
    )
    if (Option.isNone(shards)) return { value: yield* Fiber.join(running), testimony: Option.none<Testimony>() }
    const cluster = yield* clientOf(shards.value)
    const writer = yield* Writer.make({ cluster, prefix: "meanwhile", writers: 2 })
    const atOnce = yield* writer.during(
      Effect.zipLeft(DataCensus.verify(cluster, before), Fiber.await(running), { concurrent: true })
    )
    const restored = atOnce.kept === atOnce.keys ? yield* DataCensus.verify(cluster, before) : atOnce
    const testimony = { restored, written: yield* writer.readBack(), tally: yield* writer.tally }
    return { value: yield* Fiber.join(running), testimony: Option.some(testimony) }
  }).pipe(Effect.scoped)

/** Whether every acknowledged write was there. */
export const isWhole = ({ restored, written }: Testimony) =>
  restored.kept === restored.keys && written.kept === written.keys

const count = (n: number) => n.toLocaleString("en")

const row = (name: string, { examples: _, ...counts }: DataCensus.Verified) => [
  name,
  ...Object.values(counts).map(count)
]

/** The testimony as text. */
export const census = ({ restored, tally, written }: Testimony): string =>
  [
    table([
      ["data", "keys acknowledged", "read back", "lost", "stale", "torn"],
      row("from the backup", restored),
      row("written meanwhile", written)
    ]),
    "",
    `${count(tally.acknowledged)} writes were acknowledged while the run went on: ${count(tally.errors)} client errors, ` +
      `longest client pause ${Duration.toMillis(tally.longestPause).toFixed(0)} ms`,
    ...[...tally.messages, ...restored.examples, ...written.examples].map((each) => `  ${each}`)
  ].join("\n")

/** The keys and the memory of each shard. */
export const holdings = (shards: ReadonlyArray<Shard.Shard>) =>
  Effect.map(DataCensus.count(shards, access), (counts) =>
    table([
      ["shard", "slots", "keys", "memory"],
      ...counts.map(({ keys, shardId, slots, usedMemory }) => [
        shardId,
        slots,
        count(keys),
        `${(usedMemory / 2 ** 20).toFixed(1)} MB`
      ])
    ])
  )
