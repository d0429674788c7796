import type { Flow } from "@memstore-flows/engine"
import { Runs } from "@memstore-flows/engine"
import { Effect, Layer, Metric, MetricState } from "effect"
import * as Child from "./Child.js"
import { fiftyAtOnce, perSecond, type Rate } from "./Measure.js"
import { Busy, execute, Notes, Sleep } from "./Work.js"

/** What is asked of every journal. */
export interface Figures {
  readonly steps: Rate
  readonly runs: Rate
  readonly megabytes: number
  readonly resumed: ReadonlyArray<number> | undefined
  readonly cut: ReadonlyArray<number>
  readonly undo: ReadonlyArray<number>
  /** Commits of one row each, one after the other, by the same driver on the same disk. */
  readonly commits: Rate | undefined
}

export type Service = Runs.Runs | Flow.Implemented<"count"> | Flow.Implemented<"sleep"> | Flow.Implemented<"busy">

export const sleepers = 10_000

/** Steps and runs per second. */
export const throughput = <E>(runs: Layer.Layer<Service, E>, size: { readonly steps: number; readonly runs: number }) =>
  Effect.gen(function* () {
    const one = yield* perSecond(size.steps, execute(size.steps))
    const many = yield* perSecond(size.runs, fiftyAtOnce(size.runs, execute(5)))
    return { steps: one, runs: many }
  }).pipe(Effect.provide(runs))

const asleep = Effect.sync(
  () =>
    Metric.unsafeSnapshot().flatMap(({ metricKey, metricState }) =>
      metricKey.name === "memstore_runs" &&
      metricKey.tags.some(({ value }) => value === "sleep") &&
      metricKey.tags.some(({ value }) => value === "waiting") &&
      MetricState.isCounterState(metricState)
        ? [Number(metricState.count)]
        : []
    )[0] ?? 0
)

/** Says how much memory this process takes with so many runs asleep, and waits to be killed. */
export const sleeping = Effect.gen(function* () {
  const ids = Array.from({ length: sleepers }, (_, i) => `sleeper-${i}`)
  yield* Effect.forEach(ids, (id) => Runs.start(Sleep, { id, payload: undefined }), { concurrency: 100, discard: true })
  yield* Effect.repeat(Effect.delay(asleep, "50 millis"), { until: (count) => count === sleepers })
  yield* Effect.sleep("3 seconds")
  yield* Child.say(String(Math.round(process.memoryUsage().rss / 2 ** 20)))
  return yield* Effect.never
})

/** How long after a cancel in this process a busy step was cut, and the first undo began. */
export const cancelling = <E>(runs: Layer.Layer<Service, E, Notes>, times: number) =>
  Effect.gen(function* () {
    const seen = new Map<string, number>()
    const notes = Layer.succeed(Notes, (run, what) =>
      Effect.sync(() => void seen.set(`${what} ${run}`, performance.now()))
    )
    const cut: Array<number> = []
    const undo: Array<number> = []
    yield* Effect.gen(function* () {
      for (let i = 0; i < times; i++) {
        const id = `cancel-${i}`
        yield* Runs.start(Busy, { id, payload: id })
        yield* Effect.repeat(Effect.yieldNow(), { until: () => seen.has(`busy ${id}`) })
        const asked = performance.now()
        yield* Runs.cancel(id)
        yield* Runs.outcome(Busy, id)
        cut.push((seen.get(`cut ${id}`) ?? Number.NaN) - asked)
        undo.push((seen.get(`undo ${id}`) ?? Number.NaN) - asked)
      }
    }).pipe(Effect.provide(Layer.provide(runs, notes)))
    return { cut, undo }
  })
