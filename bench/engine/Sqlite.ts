import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Engine, Runs } from "@memstore-flows/engine"
import { SqliteJournal } from "@memstore-flows/engine-sqlite"
import { Effect, Layer } from "effect"
import Libsql from "libsql"
import * as Child from "./Child.js"
import { cancelling, type Figures, sleeping, throughput } from "./Figures.js"
import { perSecond } from "./Measure.js"
import { Busy, flows, Notes } from "./Work.js"

export const bars = { steps: 5_000, orCommits: true, runs: 4_000, megabytes: 250, resumed: 50, cut: 10, undo: 20 }

type Synchronous = "FULL" | "NORMAL"

const kills = 10
const steps = 3_000
const nobody = Layer.succeed(Notes, () => Effect.void)

const on = (file: string, synchronous: Synchronous = "FULL") =>
  Layer.provide(Engine.layer({ retention: { maxRuns: 20_000 } }), SqliteJournal.layer({ file, synchronous }))

const opened = (file: string, synchronous?: Synchronous) => Layer.provideMerge(flows, on(file, synchronous))

const folder = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "bench-sqlite-"))),
  (made) => Effect.sync(() => rmSync(made, { recursive: true }))
)

const stamp = () => performance.timeOrigin + performance.now()

/** One run, begun if there is none, that says when the engine was ready and when its step is busy. */
const busy = Effect.suspend(() => {
  const notes = Layer.succeed(Notes, (_, what) => Effect.suspend(() => Child.say(`${what} ${stamp()}`)))
  const engine = Layer.tap(on(process.env.FILE ?? ""), () => Child.say(`ready ${stamp()}`))
  return Effect.zipRight(Runs.start(Busy, { id: "busy", payload: "busy" }), Effect.never).pipe(
    Effect.provide(flows.pipe(Layer.provideMerge(engine), Layer.provide(notes)))
  )
})

export const roles = {
  "asleep sqlite": Effect.suspend(() =>
    Effect.provide(sleeping, Layer.provide(opened(process.env.FILE ?? ""), nobody))
  ),
  "busy sqlite": busy
}

const timeOf = (line: string) => Number(line.split(" ")[1])

/** Milliseconds from a ready engine, in the process after the killed one, to the busy step running again. */
const resumed = (file: string) =>
  Effect.gen(function* () {
    const first = yield* Child.start("busy sqlite", { FILE: file })
    yield* first.line
    yield* first.line
    yield* first.kill
    const second = yield* Child.start("busy sqlite", { FILE: file })
    const ready = timeOf(yield* second.line)
    const again = timeOf(yield* second.line)
    yield* second.kill
    return again - ready
  }).pipe(Effect.scoped)

const commits = (file: string, synchronous: Synchronous) => {
  const db = new Libsql(file)
  db.exec("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL")
  db.exec(`PRAGMA synchronous = ${synchronous}`)
  db.exec("CREATE TABLE entry (seq INTEGER PRIMARY KEY, value TEXT)")
  const insert = db.prepare("INSERT INTO entry (value) VALUES (?)")
  const all = Effect.sync(() => {
    for (let i = 0; i < steps; i++) insert.run("x".repeat(60))
  })
  return Effect.ensuring(
    perSecond(steps, all),
    Effect.sync(() => db.close())
  )
}

/** Steps and runs per second, and the single commits of the same minute. */
export const rates = (synchronous: Synchronous) =>
  Effect.gen(function* () {
    const at = yield* folder
    const single = yield* commits(join(at, "commits.db"), synchronous)
    const engine = Layer.provide(opened(join(at, "rates.db"), synchronous), nobody)
    return { commits: single, ...(yield* throughput(engine, { steps, runs: 2_000 })) }
  }).pipe(Effect.scoped)

export const measure = Effect.gen(function* () {
  const at = yield* folder
  const measured = yield* rates("FULL")
  const cancels = yield* cancelling(opened(join(at, "cancels.db")), 500)
  const megabytes = Number(yield* Child.answer("asleep sqlite", { FILE: join(at, "asleep.db") }))
  const times = yield* Effect.forEach(Array.from({ length: kills }), (_, i) => resumed(join(at, `kill-${i}.db`)))
  const figures: Figures = { ...measured, ...cancels, megabytes, resumed: times }
  return figures
}).pipe(Effect.scoped)
