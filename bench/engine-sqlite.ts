/** Steps and runs per second on the journal in a file, beside the single commits the disk takes in the same minute. */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Engine, Flow, Runs, Step } from "@memstore-flows/engine"
import { SqliteJournal } from "@memstore-flows/engine-sqlite"
import { Effect, Layer, Schema } from "effect"
import Libsql from "libsql"

const rounds = 5
const steps = 5_000
const runs = 2_000
const folder = mkdtempSync(join(tmpdir(), "bench-sqlite-"))

const Work = Flow.make({
  name: "bench",
  payload: Schema.Struct({ steps: Schema.Number, id: Schema.String }),
  success: Schema.Number,
  resource: ({ id }) => `cluster/${id}`
})

const WorkLive = Work.toLayer(({ steps }) =>
  Effect.gen(function* () {
    let sum = 0
    for (let i = 0; i < steps; i++) {
      sum += yield* Step.make(`step-${i}`, { success: Schema.Number, run: Effect.succeed(1), undo: () => Effect.void })
    }
    return sum
  })
)

let made = 0
const run = (steps: number) => Effect.suspend(() => Runs.execute(Work, { payload: { steps, id: String(made++) } }))
const fifty = Effect.forEach(Array.from({ length: runs }), () => run(5), { concurrency: 50, discard: true })

const median = (numbers: ReadonlyArray<number>) =>
  Math.round([...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0)

const perSecond = <E, R>(count: number, effect: Effect.Effect<unknown, E, R>) =>
  Effect.gen(function* () {
    const measured: Array<number> = []
    for (let round = 0; round <= rounds; round++) {
      const begun = performance.now()
      yield* effect
      if (round > 0) measured.push((count * 1_000) / (performance.now() - begun))
    }
    return median(measured)
  })

const raw = (synchronous: "FULL" | "NORMAL") => {
  const db = new Libsql(join(folder, `raw-${synchronous}.db`))
  db.exec("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL")
  db.exec(`PRAGMA synchronous = ${synchronous}`)
  db.exec("CREATE TABLE entry (seq INTEGER PRIMARY KEY, value TEXT)")
  const insert = db.prepare("INSERT INTO entry (value) VALUES (?)")
  const commits = Effect.sync(() => {
    for (let i = 0; i < steps; i++) insert.run("x".repeat(60))
  })
  return Effect.ensuring(
    perSecond(steps, commits),
    Effect.sync(() => db.close())
  )
}

const on = (synchronous: "FULL" | "NORMAL") =>
  Effect.gen(function* () {
    const commits = yield* raw(synchronous)
    const journal = SqliteJournal.layer({ file: join(folder, `${synchronous}.db`), synchronous })
    const engine = Layer.provideMerge(WorkLive, Engine.layer({ retention: { maxRuns: 1_000 } }))
    const [oneRun, many] = yield* Effect.all([perSecond(steps, run(steps)), perSecond(runs, fifty)]).pipe(
      Effect.provide(Layer.provide(engine, journal))
    )
    return {
      synchronous,
      "raw single commits/s": commits,
      "steps/s, one run": oneRun,
      "steps per raw commit": Math.round((oneRun / commits) * 100) / 100,
      "runs/s of 5 steps, 50 at once": many
    }
  })

const main = Effect.gen(function* () {
  const rows = [yield* on("FULL"), yield* on("NORMAL")]
  yield* Effect.sync(() => console.table(rows))
  yield* Effect.sync(() => console.log(`median of ${rounds} rounds, after one to warm up`))
}).pipe(Effect.ensuring(Effect.sync(() => rmSync(folder, { recursive: true }))))

Effect.runPromise(main)
