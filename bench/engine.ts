/** Steps and runs per second on the journal in memory, beside `@effect/workflow` on its engine in memory. */

import { Activity, Workflow, WorkflowEngine } from "@effect/workflow"
import { Engine, Flow, Journal, Runs, Step } from "@memstore-flows/engine"
import { Console, Effect, Layer, Schema } from "effect"

const rounds = 7
const steps = 20_000
const runs = 2_000
const stockSteps = 2_000
const stockRuns = 500
const Count = Schema.Struct({ steps: Schema.Number, id: Schema.String })

const Ours = Flow.make({
  name: "bench",
  payload: Count,
  success: Schema.Number,
  resource: ({ id }) => `cluster/${id}`
})

const OursLive = Ours.toLayer(({ steps }) =>
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
).pipe(Layer.provideMerge(Engine.layer({ retention: { maxRuns: 1_000 } })), Layer.provide(Journal.layerMemory))

const Stock = Workflow.make({ name: "bench", payload: Count, success: Schema.Number, idempotencyKey: ({ id }) => id })

const StockLive = Stock.toLayer(({ steps }) =>
  Effect.gen(function* () {
    let sum = 0
    for (let i = 0; i < steps; i++) {
      sum += yield* Activity.make({ name: `step-${i}`, success: Schema.Number, execute: Effect.succeed(1) })
    }
    return sum
  })
).pipe(Layer.provideMerge(WorkflowEngine.layerMemory))

let made = 0
const id = () => String(made++)

const ours = (steps: number) => Effect.suspend(() => Runs.execute(Ours, { payload: { steps, id: id() } }))
const stock = (steps: number) => Effect.suspend(() => Stock.execute({ steps, id: id() }))

const median = (numbers: ReadonlyArray<number>) => {
  const sorted = [...numbers].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? 0
}

const perSecond = <E, R>(count: number, effect: Effect.Effect<unknown, E, R>) =>
  Effect.gen(function* () {
    const measured: Array<number> = []
    const perCpu: Array<number> = []
    for (let round = 0; round <= rounds; round++) {
      const cpu = process.cpuUsage()
      const begun = performance.now()
      yield* effect
      const lasted = performance.now() - begun
      const { system, user } = process.cpuUsage(cpu)
      if (round === 0) continue
      measured.push((count * 1_000) / lasted)
      perCpu.push((count * 1_000_000) / (user + system))
    }
    return {
      median: median(measured),
      least: Math.min(...measured),
      most: Math.max(...measured),
      cpu: median(perCpu)
    }
  })

const fifty = <E, R>(count: number, run: Effect.Effect<unknown, E, R>) =>
  Effect.forEach(Array.from({ length: count }), () => run, { concurrency: 50, discard: true })

const whole = Math.round
interface Figure {
  readonly median: number
  readonly least: number
  readonly most: number
  /** Per second of processor time, garbage collection included: what a busy machine does not change much. */
  readonly cpu: number
}

const range = ({ least, most }: Figure) => `${whole(least)}-${whole(most)}`

const row = (what: string, mine: Figure, theirs: Figure) => ({
  what,
  engine: whole(mine.median),
  range: range(mine),
  "per cpu s": whole(mine.cpu),
  "@effect/workflow": whole(theirs.median),
  "its range": range(theirs),
  "its per cpu s": whole(theirs.cpu),
  ratio: Math.round((mine.median / theirs.median) * 10) / 10
})

const main = Effect.gen(function* () {
  const oneRun = yield* perSecond(steps, ours(steps)).pipe(Effect.provide(OursLive))
  const stockRun = yield* perSecond(stockSteps, stock(stockSteps)).pipe(Effect.provide(StockLive))
  const many = yield* perSecond(runs, fifty(runs, ours(5))).pipe(Effect.provide(OursLive))
  const stockMany = yield* perSecond(stockRuns, fifty(stockRuns, stock(5))).pipe(Effect.provide(StockLive))
  yield* Effect.sync(() =>
    console.table([row("steps/s, one run", oneRun, stockRun), row("runs/s of 5 steps, 50 at once", many, stockMany)])
  )
  yield* Console.log(`median of ${rounds} rounds, after one to warm up`)
})

Effect.runPromise(main)
