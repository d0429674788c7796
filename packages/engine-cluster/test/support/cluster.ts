import { PgClient } from "@effect/sql-pg"
import { Runs, Schedule } from "@memstore-flows/engine"
import { Clock, Context, Effect, Layer } from "effect"
import { EngineCluster } from "../../src/index.js"
import { client, database } from "./database.js"
import { Ask, type Deed, Nap, Tick, Work, world } from "./flows.js"
import { runner } from "./process.js"

const remotes = Layer.mergeAll(
  EngineCluster.remote(Work),
  EngineCluster.remote(Nap),
  EngineCluster.remote(Ask),
  Layer.provideMerge(Schedule.layer(Tick), EngineCluster.remote(Tick))
)

/** Asks again until the answer will do; fails the test when it never does. */
export const until = <A, E, R>(what: string, ask: Effect.Effect<A, E, R>, enough: (answer: A) => boolean) =>
  Effect.flatMap(ask, (first) =>
    Effect.iterate(first, {
      while: (answer) => !enough(answer),
      body: () => Effect.delay(ask, "25 millis")
    })
  ).pipe(Effect.timeoutFail({ duration: "20 seconds", onTimeout: () => new Error(`never came to be: ${what}`) }))

/** What was done to the world so far. */
export const deeds = Effect.flatMap(
  PgClient.PgClient,
  (sql) => sql<Deed>`SELECT who, run, what, at FROM deed ORDER BY seq`
)

/** Waits until so many runners share the shards. */
export const shared = (runners: number) =>
  until(
    `${runners} runners share the shards`,
    Effect.flatMap(
      PgClient.PgClient,
      (sql) => sql<{ readonly locks: number; readonly runners: number }>`SELECT count(*)::integer AS locks,
        count(DISTINCT address)::integer AS runners FROM memstore_flows_locks WHERE acquired_at > now() - interval '3 seconds'`
    ),
    ([row]) => row?.locks === 300 && row.runners === runners
  )

/** Two runners A and B, and this process as one that runs nothing. */
export const cluster = Effect.gen(function* () {
  const url = yield* database
  const pg = yield* Layer.build(client(url))
  yield* Effect.provide(
    Effect.flatMap(PgClient.PgClient, (sql) => sql.unsafe(world)),
    pg
  )
  const [a, b] = yield* Effect.all([runner(url, "A"), runner(url, "B")], { concurrency: 2 })
  const layer = remotes.pipe(Layer.provideMerge(EngineCluster.layerClient()), Layer.provide(Layer.succeedContext(pg)))
  const context = Context.merge(pg, yield* Layer.build(layer))
  yield* Effect.provide(shared(2), pg)
  return { url, a, b, context }
})

/** Starts runs that are busy for a minute, and waits until they are; says who runs which. */
export const busy = (ids: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const start = (id: string) => Runs.start(Work, { id, payload: { id, ms: 60_000 } })
    yield* Effect.forEach(ids, start, { concurrency: "unbounded" })
    const begun = yield* until("every run is busy", deeds, (all) =>
      ids.every((id) => all.some(({ run, what }) => run === id && what === "busy"))
    )
    const of = (name: string) =>
      ids.filter((id) => begun.some(({ run, what, who }) => run === id && what === "busy" && who === name))
    return { a: of("A"), b: of("B") }
  })

/** Waits until somebody is busy with these runs, and says when the last of them was. */
export const taken = (ids: ReadonlyArray<string>, who: string) => {
  const begun = (all: ReadonlyArray<Deed>) =>
    ids.map((id) => all.find((deed) => deed.run === id && deed.what === "busy" && deed.who === who)?.at)
  return Effect.map(
    until(`${who} takes the runs up`, deeds, (all) => begun(all).every((at) => at !== undefined)),
    (all) => Math.max(...begun(all).map((at) => at ?? Number.NaN))
  )
}

export const now = Clock.currentTimeMillis
