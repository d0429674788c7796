import { ListClusters, type Shard } from "@memstore-flows/api"
import { Runs } from "@memstore-flows/engine"
import { Observe } from "@memstore-flows/workflows"
import { DataCensus, type Ledger, RedisAccess, RedisCluster, Writer } from "@memstore-flows/workflows/redis"
import { Duration, Effect, Fiber, Option, Stream } from "effect"
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

/** The shards of the cluster of that name once the run has it in service; nothing if the run ends before. */
const inService = (run: string, name: string) =>
  Effect.gen(function* () {
    const restored = yield* Runs.events(run).pipe(
      Stream.filter((event) => event._tag === "StepSucceeded" && event.step === "restore/in service"),
      Stream.runHead
    )
    if (Option.isNone(restored)) return undefined
    const { clusters } = yield* Effect.flatMap(ListClusters, (listClusters) => listClusters({}))
    const found = clusters.find((each) => each.name === name)
    return found && (yield* Observe.topology(found.id)).shards
  }).pipe(Effect.provide(uncounted))

/** What became of the keys from before the backup, and of those written while the run went on. */
export interface Testimony {
  readonly restored: DataCensus.Verified
  readonly written: DataCensus.Verified
  readonly tally: Writer.Tally
}

/**
 * Awaits the end of a run that restores a cluster and changes it. As soon as the cluster is in service, all that was acknowledged
 * before the backup is looked for in it, and it is written to without pause until the run ends. In the end everything is
 * read back.
 */
export const witness = <A, E, R>(
  { before, name, run }: { readonly run: string; readonly name: string; readonly before: ReadonlyArray<Ledger.Entry> },
  end: Effect.Effect<A, E, R>
) =>
  Effect.gen(function* () {
    const running = yield* Effect.forkScoped(end)
    const shards = yield* inService(run, name)
    if (shards === undefined) return { value: yield* Fiber.join(running), testimony: Option.none<Testimony>() }
    const cluster = yield* clientOf(shards)
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
