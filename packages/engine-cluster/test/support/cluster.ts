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
  ).pipe(Effect.timeoutFail({ duration: "60 seconds", onTimeout: () => new Error(`never came to be: ${what}`) }))

/** What was done to the world so far. */
export const deeds = Effect.flatMap(
  PgClient.PgClient,
  (sql) => sql<Deed>`SELECT who, run, what, at FROM deed ORDER BY seq`
)

const shares = Effect.flatMap(
  PgClient.PgClient,
  (sql) => sql<{ readonly address: string; readonly locks: number }>`SELECT address, count(*)::integer AS locks
    FROM memstore_flows_locks WHERE acquired_at > now() - interval '3 seconds' GROUP BY address ORDER BY address`
)

/** Waits until so many runners share the shards, and none has changed hands for a second. */
export const shared = (runners: number) =>
  Effect.suspend(() => {
    let last = ""
    let since = 0
    const look = Effect.zipWith(shares, Clock.currentTimeMillis, (found, at) => {
      const whole = found.length === runners && found.reduce((sum, { locks }) => sum + locks, 0) === 300
      const seen = whole ? JSON.stringify(found) : ""
      if (seen === "" || seen !== last) since = at
      last = seen
      return at - since
    })
    return until(`${runners} runners share the shards`, look, (steady) => steady >= 1_000)
  })

/** Runners of these names, and this process as one that runs nothing. */
const clusterOf = (names: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const url = yield* database
    const pg = yield* Layer.build(client(url))
    yield* Effect.provide(
      Effect.flatMap(PgClient.PgClient, (sql) => sql.unsafe(world)),
      pg
    )
    const runners = yield* Effect.forEach(names, (name) => runner(url, name), { concurrency: "unbounded" })
    const layer = remotes.pipe(Layer.provideMerge(EngineCluster.layerClient()), Layer.provide(Layer.succeedContext(pg)))
    const context = Context.merge(pg, yield* Layer.build(layer))
    yield* Effect.provide(shared(names.length), pg)
    return { url, runners, context }
  })

/** Two runners A and B. */
export const cluster = Effect.flatMap(clusterOf(["A", "B"]), ({ runners: [a, b], ...rest }) =>
  a && b ? Effect.succeed({ ...rest, a, b }) : Effect.dieMessage("two runners were asked for")
)

/** A runner A that nobody can stand in for. */
export const alone = Effect.flatMap(clusterOf(["A"]), ({ runners: [a], ...rest }) =>
  a ? Effect.succeed({ ...rest, a }) : Effect.dieMessage("a runner was asked for")
)

/** Starts eight runs that are busy for a minute, and more until each runner has one; says who runs which. */
export const busy = Effect.gen(function* () {
  const all: Array<string> = []
  const start = () =>
    Effect.suspend(() => {
      const id = `work-${all.length}`
      all.push(id)
      return Runs.start(Work, { id, payload: { id, ms: 60_000 } })
    })
  const begun = until("every run is busy", deeds, (done) =>
    all.every((id) => done.some(({ run, what }) => run === id && what === "busy"))
  )
  yield* Effect.forEach(Array.from({ length: 8 }), start, { concurrency: "unbounded" })
  for (;;) {
    const done = yield* begun
    const of = (name: string) =>
      all.filter((id) => done.some(({ run, what, who }) => run === id && what === "busy" && who === name))
    const runs = { a: of("A"), b: of("B"), all }
    if (runs.a.length > 0 && runs.b.length > 0) return runs
    yield* start()
  }
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
