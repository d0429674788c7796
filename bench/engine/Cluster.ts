import { createServer } from "node:net"
import { PgClient } from "@effect/sql-pg"
import { Runs } from "@memstore-flows/engine"
import { EngineCluster } from "@memstore-flows/engine-cluster"
import { Clock, Effect, Layer, Logger, LogLevel, Redacted } from "effect"
import { startPostgres } from "../../scripts/postgres.mjs"
import * as Child from "./Child.js"
import { type Figures, sleeping, throughput } from "./Figures.js"
import { perSecond } from "./Measure.js"
import { Busy, Count, flows, Notes, Sleep } from "./Work.js"

export const bars = { steps: 1_000, runs: 1_000, megabytes: 300, resumed: 5_000, cut: 50, undo: 100 }

const steps = 2_000
const kills = 3
const cancels = 100

const pg = (url: string) => PgClient.layer({ url: Redacted.make(url), maxConnections: 8 })
const quiet = Logger.minimumLogLevel(LogLevel.Warning)

/** What runs do is a row with the time and the runner, for other processes to see. */
const noted = (name: string) =>
  Layer.effect(
    Notes,
    Effect.map(
      PgClient.PgClient,
      (sql) => (run, what) =>
        Effect.flatMap(Clock.currentTimeMillis, (at) =>
          Effect.orDie(sql`INSERT INTO note (who, run, what, at) VALUES (${name}, ${run}, ${what}, ${at})`)
        ).pipe(Effect.asVoid)
    )
  )

const runner = (url: string, name: string, port: number) =>
  flows.pipe(
    Layer.provide(noted(name)),
    Layer.provideMerge(EngineCluster.layer({ host: "127.0.0.1", port, retention: { maxRuns: 20_000 } })),
    Layer.provideMerge(pg(url)),
    Layer.provide(quiet)
  )

const client = (url: string) =>
  Layer.mergeAll(EngineCluster.remote(Count), EngineCluster.remote(Sleep), EngineCluster.remote(Busy)).pipe(
    Layer.provideMerge(EngineCluster.layerClient()),
    Layer.provideMerge(pg(url)),
    Layer.provide(quiet)
  )

const { DATABASE_URL = "", NAME = "", PORT = "" } = process.env

export const roles = {
  "asleep cluster": Effect.suspend(() => Effect.provide(sleeping, runner(DATABASE_URL, NAME, Number(PORT)))),
  "runner cluster": Effect.suspend(() =>
    Layer.launch(Layer.provide(Layer.effectDiscard(Child.say("ready")), runner(DATABASE_URL, NAME, Number(PORT))))
  )
}

const freePort = Effect.async<number>((resume) => {
  const server = createServer().listen(0, "127.0.0.1", () => {
    const address = server.address()
    const port = typeof address === "object" && address ? address.port : 0
    server.close(() => resume(Effect.succeed(port)))
  })
})

/** A process of the cluster that has said its first line. */
const member = (role: string, url: string, name: string) =>
  Effect.gen(function* () {
    const started = yield* Child.start(role, { NAME: name, DATABASE_URL: url, PORT: String(yield* freePort) })
    return { ...started, said: yield* started.line }
  })

const runners = "runner cluster"

const rates = (url: string) =>
  Effect.gen(function* () {
    const sql = yield* PgClient.PgClient
    yield* sql`CREATE TABLE IF NOT EXISTS raw (n integer)`
    const insert = Effect.forEach(Array.from({ length: steps }), (_, n) => sql`INSERT INTO raw VALUES (${n})`, {
      discard: true
    })
    const commits = yield* perSecond(steps, Effect.withTracerEnabled(insert, false))
    const engine = Layer.orDie(runner(url, "bench", yield* freePort))
    return { commits, ...(yield* throughput(engine, { steps, runs: 500 })) }
  }).pipe(Effect.provide(pg(url)))

const ask = (what: string, run: string) =>
  Effect.flatMap(
    PgClient.PgClient,
    (sql) => sql<{ who: string; at: number }>`SELECT who, at FROM note WHERE run = ${run} AND what = ${what}`
  )

const until = <A, E, R>(effect: Effect.Effect<A, E, R>, enough: (answer: A) => boolean) =>
  Effect.repeat(Effect.delay(effect, "5 millis"), { until: enough })

/** Both runners have some of the 300 shards. */
const shared = until(
  Effect.flatMap(
    PgClient.PgClient,
    (sql) => sql<{ n: number; of: number }>`SELECT count(*)::integer AS n, count(DISTINCT address)::integer AS of
      FROM memstore_flows_locks WHERE acquired_at > now() - interval '3 seconds'`
  ),
  ([row]) => row?.n === 300 && row.of === 2
)

const failOver = (url: string) =>
  Effect.gen(function* () {
    yield* member(runners, url, "stays")
    const times: Array<number> = []
    for (let round = 0; round < kills; round++) {
      const { kill } = yield* member(runners, url, `dies-${round}`)
      yield* shared
      const ids = Array.from({ length: 6 }, (_, i) => `kill-${round}-${i}`)
      yield* Effect.forEach(ids, (id) => Runs.start(Busy, { id, payload: id }))
      const begun = yield* Effect.forEach(ids, (id) => until(ask("busy", id), (rows) => rows.length > 0))
      const moving = ids.filter((_, i) => begun[i]?.[0]?.who !== "stays")
      const killed = yield* Clock.currentTimeMillis
      yield* kill
      for (const id of moving) {
        const rows = yield* until(ask("busy", id), (rows) => rows.some(({ who }) => who === "stays"))
        times.push((rows.find(({ who }) => who === "stays")?.at ?? Number.NaN) - killed)
      }
      yield* Effect.forEach(ids, (id) => Effect.zipRight(Runs.cancel(id), Runs.outcome(Busy, id)))
    }
    return times
  }).pipe(Effect.scoped)

const cancelling = (url: string) =>
  Effect.gen(function* () {
    yield* Effect.all([member(runners, url, "one"), member(runners, url, "two")], { concurrency: 2 })
    yield* shared
    const cut: Array<number> = []
    const undo: Array<number> = []
    for (let i = 0; i < cancels; i++) {
      const id = `cancel-${i}`
      yield* Runs.start(Busy, { id, payload: id })
      yield* until(ask("busy", id), (rows) => rows.length > 0)
      const asked = yield* Clock.currentTimeMillis
      yield* Runs.cancel(id)
      yield* Runs.outcome(Busy, id)
      cut.push(((yield* ask("cut", id))[0]?.at ?? Number.NaN) - asked)
      undo.push(((yield* ask("undo", id))[0]?.at ?? Number.NaN) - asked)
    }
    return { cut, undo }
  }).pipe(Effect.scoped)

/** A server of our own that waits for the disk at every commit. */
export const server = Effect.acquireRelease(
  Effect.promise(() => startPostgres({ durable: true })),
  (started) => Effect.promise(async () => started?.stop())
)

/** An empty database. */
export const database = (server: string, name: string) =>
  Effect.gen(function* () {
    const sql = yield* PgClient.PgClient
    yield* sql`CREATE DATABASE ${sql(name)}`
    const url = server.replace(/[^/]*$/, name)
    const notes = Effect.flatMap(
      PgClient.PgClient,
      (sql) => sql`CREATE TABLE note (who text, run text, what text, at float8)`
    )
    yield* Effect.provide(notes, pg(url))
    return url
  }).pipe(Effect.provide(pg(server)))

export const measure = (server: string) =>
  Effect.gen(function* () {
    const measured = yield* rates(yield* database(server, "rates"))
    const asleep = Effect.flatMap(database(server, "asleep"), (url) => member("asleep cluster", url, "asleep"))
    const megabytes = Number((yield* Effect.scoped(asleep)).said)
    const kills = yield* database(server, "kills")
    const resumed = yield* Effect.provide(failOver(kills), client(kills))
    const cancels = yield* database(server, "cancels")
    const figures: Figures = {
      ...measured,
      ...(yield* Effect.provide(cancelling(cancels), client(cancels))),
      megabytes,
      resumed
    }
    return figures
  })
