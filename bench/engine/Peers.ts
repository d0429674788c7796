import { createRequire } from "node:module"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import { Console, Effect } from "effect"
import { fiftyAtOnce, perSecond, type Rate, shownRate } from "./Measure.js"

/** Where they are installed, if they are: `npm install --prefix bench/peers @dbos-inc/dbos-sdk openworkflow postgres`. */
const folder = join(process.cwd(), "bench", "peers", "package.json")

type Run = (steps: number) => Promise<unknown>

/** The part of DBOS used here. */
interface Dbos {
  readonly setConfig: (config: Readonly<Record<string, unknown>>) => void
  readonly launch: () => Promise<void>
  readonly shutdown: () => Promise<void>
  readonly registerWorkflow: (body: Run, options: { readonly name: string }) => Run
  readonly runStep: (body: () => Promise<number>, options: { readonly name: string }) => Promise<number>
}

interface Stored {
  readonly id: string
  readonly status: string
}

/** The part of openworkflow used here. */
interface Backend {
  readonly getWorkflowRun: (of: { readonly workflowRunId: string }) => Promise<Stored | null>
  readonly stop: () => Promise<void>
}

interface Body {
  readonly input: { readonly steps: number }
  readonly step: { readonly run: (of: { readonly name: string }, body: () => Promise<number>) => Promise<number> }
}

interface OpenWorkflow {
  readonly defineWorkflow: (
    of: { readonly name: string },
    body: (of: Body) => Promise<number>
  ) => { readonly run: (input: { readonly steps: number }) => Promise<{ readonly workflowRun: Stored }> }
  readonly newWorker: (options: { readonly concurrency: number }) => {
    readonly start: () => Promise<void>
    readonly stop: () => Promise<void>
  }
}

const load = async (name: string): Promise<Readonly<Record<string, unknown>> | undefined> => {
  try {
    return await import(pathToFileURL(createRequire(folder).resolve(name)).href)
  } catch {
    return undefined
  }
}

const sumOf = async (steps: number, step: (name: string) => Promise<number>): Promise<number> => {
  let sum = 0
  for (let i = 0; i < steps; i++) sum += await step(`step-${i}`)
  return sum
}

const rates = (run: Run, size: { readonly steps: number; readonly runs: number }) =>
  Effect.gen(function* () {
    const execute = (steps: number) => Effect.promise(() => run(steps))
    const steps = yield* perSecond(size.steps, execute(size.steps))
    const runs = yield* perSecond(size.runs, fiftyAtOnce(size.runs, execute(5)))
    return column(steps, runs)
  })

const column = (steps: Rate, runs: Rate) => ({
  "steps/s in one run": shownRate(steps),
  "steps per s of CPU": String(Math.round(steps.perCpu)),
  "runs/s of 5 steps, 50 at once": shownRate(runs),
  "runs per s of CPU": String(Math.round(runs.perCpu))
})

const dbos = (url: string) =>
  Effect.gen(function* () {
    const loaded = yield* Effect.promise(() => load("@dbos-inc/dbos-sdk"))
    if (!loaded) return {}
    // The package is not there when this is type-checked.
    const engine = loaded.DBOS as Dbos
    engine.setConfig({ name: "bench", systemDatabaseUrl: url, systemDatabasePoolSize: 20, logLevel: "error" })
    const run = engine.registerWorkflow((steps) => sumOf(steps, (name) => engine.runStep(async () => 1, { name })), {
      name: "count"
    })
    yield* Effect.acquireRelease(
      Effect.promise(() => engine.launch()),
      () => Effect.promise(() => engine.shutdown())
    )
    return { "DBOS, PostgreSQL": yield* rates(run, { steps: 1_000, runs: 200 }) }
  }).pipe(Effect.scoped)

const ended = new Set(["completed", "succeeded"])

/** Asks every 5 ms whether a run has ended: its own handle asks once a second. */
const seen = async (backend: Backend, id: string): Promise<void> => {
  for (;;) {
    const run = await backend.getWorkflowRun({ workflowRunId: id })
    if (run && ended.has(run.status)) return
    if (run?.status === "failed") throw new Error(`openworkflow: ${JSON.stringify(run)}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

const openworkflow = (url: string) =>
  Effect.gen(function* () {
    const main = yield* Effect.promise(() => load("openworkflow"))
    const postgres = yield* Effect.promise(() => load("openworkflow/postgres"))
    if (!main || !postgres) return {}
    // The package is not there when this is type-checked.
    const { BackendPostgres } = postgres as { BackendPostgres: { connect: (url: string) => Promise<Backend> } }
    const { OpenWorkflow } = main as { OpenWorkflow: new (of: { readonly backend: Backend }) => OpenWorkflow }
    const backend = yield* Effect.acquireRelease(
      Effect.promise(() => BackendPostgres.connect(url)),
      (open) => Effect.promise(() => open.stop())
    )
    const engine = new OpenWorkflow({ backend })
    const count = engine.defineWorkflow({ name: "count" }, ({ input, step }) =>
      sumOf(input.steps, (name) => step.run({ name }, async () => 1))
    )
    const worker = engine.newWorker({ concurrency: 50 })
    yield* Effect.acquireRelease(
      Effect.promise(() => worker.start()),
      () => Effect.promise(() => worker.stop())
    )
    const run = async (steps: number) => seen(backend, (await count.run({ steps })).workflowRun.id)
    // It takes no run of more than 1,000 steps.
    return { "openworkflow, PostgreSQL": yield* rates(run, { steps: 500, runs: 200 }) }
  }).pipe(Effect.scoped)

/** What other engines do on the same PostgreSQL in the same minutes, of those that are installed. */
export const measure = (database: (name: string) => Effect.Effect<string, unknown>) =>
  Effect.gen(function* () {
    const columns = {
      ...(yield* dbos(yield* database("dbos"))),
      ...(yield* openworkflow(yield* database("openworkflow")))
    }
    if (Object.keys(columns).length === 0) yield* Console.log("DBOS and openworkflow are not installed in bench/peers")
    return columns
  })
