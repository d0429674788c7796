/** Steps, runs, memory, fail-over and cancel on PostgreSQL with fsync on, beside what the same disk commits singly. */
import { type ChildProcess, spawn } from "node:child_process"
import { createServer } from "node:net"
import { fileURLToPath } from "node:url"
import { PgClient } from "@effect/sql-pg"
import { Flow, Runs, Step } from "@memstore-flows/engine"
import { EngineCluster } from "@memstore-flows/engine-cluster"
import { Clock, Console, Effect, Layer, Logger, LogLevel, Redacted, Schema } from "effect"
import { startPostgres } from "../scripts/postgres.mjs"

const rounds = 5
const steps = 1_000
const many = 500
const sleepers = 10_000
const kills = 3
const cancels = 40

const Count = Flow.make({
  name: "count",
  payload: Schema.Struct({ steps: Schema.Number, id: Schema.String }),
  success: Schema.Number,
  resource: ({ id }) => `cluster/${id}`
})
const Sleep = Flow.make({ name: "sleep", payload: Schema.Void })
const Busy = Flow.make({ name: "busy", payload: Schema.String })

/** The flows of a runner. What they do to the world is a row with the time it was done at. */
const flows = (name: string) =>
  Layer.unwrapEffect(
    Effect.map(PgClient.PgClient, (sql) => {
      const note = (run: string, what: string) =>
        Effect.flatMap(Clock.currentTimeMillis, (at) =>
          Effect.orDie(sql`INSERT INTO note (who, run, what, at) VALUES (${name}, ${run}, ${what}, ${at})`)
        ).pipe(Effect.asVoid)
      return Layer.mergeAll(
        Count.toLayer(({ steps }) =>
          Effect.gen(function* () {
            let sum = 0
            for (let i = 0; i < steps; i++) {
              sum += yield* Step.make(`step-${i}`, {
                success: Schema.Number,
                run: Effect.succeed(1),
                undo: () => Effect.void
              })
            }
            return sum
          })
        ),
        Sleep.toLayer(() => Step.sleep("nap", "1 hour")),
        Busy.toLayer((run) =>
          Effect.gen(function* () {
            yield* Step.make("first", { run: Effect.void, undo: () => note(run, "undo") })
            yield* Step.make("busy", {
              run: Effect.zipRight(
                note(run, "busy"),
                Effect.onInterrupt(Effect.never, () => note(run, "cut"))
              )
            })
          })
        )
      )
    })
  )

const pg = (url: string) => PgClient.layer({ url: Redacted.make(url), maxConnections: 8 })
const quiet = Logger.minimumLogLevel(LogLevel.Warning)

const runner = (url: string, name: string, port: number) =>
  flows(name).pipe(
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

const freePort = Effect.async<number>((resume) => {
  const server = createServer().listen(0, "127.0.0.1", () => {
    const address = server.address()
    const port = typeof address === "object" && address ? address.port : 0
    server.close(() => resume(Effect.succeed(port)))
  })
})

/** This program again, in another role. It says one line when it is ready. */
const child = (url: string, role: string, name: string) =>
  Effect.gen(function* () {
    const env = { ...process.env, ROLE: role, NAME: name, DATABASE_URL: url, PORT: String(yield* freePort) }
    const args = [...process.execArgv, fileURLToPath(import.meta.url)]
    const started: ChildProcess = yield* Effect.acquireRelease(
      Effect.sync(() => spawn(process.execPath, args, { env, stdio: ["ignore", "pipe", "inherit"] })),
      (one) => Effect.sync(() => void one.kill("SIGKILL"))
    )
    const line = yield* Effect.async<string>((resume) => {
      started.stdout?.once("data", (said) => resume(Effect.succeed(String(said).trim())))
    })
    return { line, kill: Effect.sync(() => void started.kill("SIGKILL")) }
  })

const sorted = (numbers: ReadonlyArray<number>) => [...numbers].sort((a, b) => a - b)
const at = (numbers: ReadonlyArray<number>, part: number) =>
  Math.round(sorted(numbers)[Math.min(numbers.length - 1, Math.floor(numbers.length * part))] ?? Number.NaN)
const range = (numbers: ReadonlyArray<number>) =>
  `${at(numbers, 0.5)} (${Math.round(Math.min(...numbers))}-${Math.round(Math.max(...numbers))})`

const timed = <E, R>(count: number, effect: Effect.Effect<unknown, E, R>) =>
  Effect.gen(function* () {
    const rates: Array<number> = []
    const cpus: Array<number> = []
    for (let round = 0; round <= rounds; round++) {
      const before = process.cpuUsage()
      const begun = performance.now()
      yield* effect
      const { system, user } = process.cpuUsage(before)
      if (round > 0) rates.push((count * 1_000) / (performance.now() - begun))
      if (round > 0) cpus.push((user + system) / count)
    }
    return { rate: range(rates), cpu: `${at(cpus, 0.5)} us` }
  })

const raw = Effect.gen(function* () {
  const sql = yield* PgClient.PgClient
  yield* sql`CREATE TABLE IF NOT EXISTS raw (n integer)`
  const insert = Effect.forEach(Array.from({ length: steps }), (_, n) => sql`INSERT INTO raw VALUES (${n})`, {
    discard: true
  })
  return yield* timed(steps, Effect.withTracerEnabled(insert, false))
})

let made = 0
const execute = (steps: number) => Effect.suspend(() => Runs.execute(Count, { payload: { steps, id: String(made++) } }))

const throughput = (url: string) =>
  Effect.gen(function* () {
    const single = yield* raw
    const one = yield* timed(steps, execute(steps))
    const fifty = Effect.forEach(Array.from({ length: many }), () => execute(5), { concurrency: 50, discard: true })
    const all = yield* timed(many, fifty)
    return { single, one, all }
  }).pipe(Effect.provide(runner(url, "bench", 34_431)))

const ask = (what: string, run: string) =>
  Effect.gen(function* () {
    const sql = yield* PgClient.PgClient
    const rows = yield* sql<{ who: string; at: number }>`SELECT who, at FROM note WHERE run = ${run} AND what = ${what}`
    return rows
  })

const until = <A, E, R>(effect: Effect.Effect<A, E, R>, enough: (answer: A) => boolean) =>
  Effect.repeat(Effect.delay(effect, "5 millis"), { until: enough })

const shared = until(
  Effect.flatMap(
    PgClient.PgClient,
    (sql) => sql<{ n: number; of: number }>`SELECT count(*)::integer AS n, count(DISTINCT address)::integer AS of
      FROM memstore_flows_locks WHERE acquired_at > now() - interval '3 seconds'`
  ),
  ([row]) => row?.n === 300 && row.of === 2
)

const failOver = (url: string) =>
  Effect.scoped(
    Effect.gen(function* () {
      yield* child(url, "runner", "stays")
      const times: Array<number> = []
      for (let round = 0; round < kills; round++) {
        const { kill } = yield* child(url, "runner", `dies-${round}`)
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
    })
  )

const cancelling = (url: string) =>
  Effect.scoped(
    Effect.gen(function* () {
      yield* Effect.all([child(url, "runner", "one"), child(url, "runner", "two")], { concurrency: 2 })
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
    })
  )

const asleep = (url: string) =>
  Effect.gen(function* () {
    const ids = Array.from({ length: sleepers }, (_, i) => `sleeper-${i}`)
    yield* Effect.forEach(ids, (id) => Runs.start(Sleep, { id, payload: undefined }), {
      concurrency: 100,
      discard: true
    })
    const slept = Effect.flatMap(
      PgClient.PgClient,
      (sql) => sql<{ n: number }>`SELECT count(*)::integer AS n FROM memstore_flows_entry WHERE kind = 'sleep'`
    )
    yield* until(slept, ([row]) => row?.n === sleepers)
    yield* Effect.sleep("3 seconds")
    yield* Effect.sync(() => process.stdout.write(`${Math.round(process.memoryUsage().rss / 2 ** 20)}\n`))
    return yield* Effect.never
  }).pipe(Effect.provide(runner(url, "asleep", Number(process.env.PORT))))

const main = Effect.gen(function* () {
  const server = yield* Effect.acquireRelease(
    Effect.promise(() => startPostgres({ durable: true })),
    (server) => Effect.promise(async () => server?.stop())
  )
  if (!server) return
  const fresh = (name: string) =>
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      yield* sql`CREATE DATABASE ${sql(name)}`
      const url = server.url.replace(/[^/]*$/, name)
      const table = Effect.flatMap(
        PgClient.PgClient,
        (sql) => sql`CREATE TABLE note (who text, run text, what text, at float8)`
      )
      yield* Effect.provide(table, pg(url))
      return url
    }).pipe(Effect.provide(pg(server.url)))
  const rate = yield* throughput(yield* fresh("throughput"))
  const { line: rss } = yield* Effect.scoped(child(yield* fresh("asleep"), "asleep", "asleep"))
  const killUrl = yield* fresh("kills")
  const moved = yield* Effect.provide(failOver(killUrl), client(killUrl))
  const cancelUrl = yield* fresh("cancels")
  const { cut, undo } = yield* Effect.provide(cancelling(cancelUrl), client(cancelUrl))
  yield* Effect.sync(() =>
    console.table({
      "single commits/s by the same driver": { measured: rate.single.rate, "CPU of Node each": rate.single.cpu },
      "steps/s in one run": { measured: rate.one.rate, bar: 1_000, "CPU of Node each": rate.one.cpu },
      "runs/s of 5 steps, 50 at once": { measured: rate.all.rate, bar: 1_000, "CPU of Node each": rate.all.cpu },
      "MB with 10,000 runs asleep": { measured: rss, bar: 300 },
      "ms from kill -9 to running again": { measured: range(moved), bar: 5_000 },
      "ms from cancel to the step cut, p50 / p99": { measured: `${at(cut, 0.5)} / ${at(cut, 0.99)}`, bar: 50 },
      "ms from cancel to the first undo, p50 / p99": { measured: `${at(undo, 0.5)} / ${at(undo, 0.99)}`, bar: 100 }
    })
  )
  yield* Console.log(`median (least-most) of ${rounds} rounds, ${moved.length} runs moved, ${cancels} cancels`)
}).pipe(Effect.scoped)

const role = process.env.ROLE
const { DATABASE_URL = "", NAME = "", PORT = "" } = process.env
if (role === "runner") {
  const ready = Layer.effectDiscard(Effect.sync(() => process.stdout.write("ready\n")))
  await Effect.runPromise(Layer.launch(Layer.provide(ready, runner(DATABASE_URL, NAME, Number(PORT)))))
} else if (role === "asleep") await Effect.runPromise(asleep(DATABASE_URL))
else await Effect.runPromise(main)
