import { assert, it } from "@effect/vitest"
import { Deferred, Duration, Effect, Metric, MetricState, Option, Schema, TestClock } from "effect"
import { Flow, Journal, Runs, Step } from "../src/index.js"
import { memory, open, until } from "./contract/harness.js"
import { make, type Recorded, tree } from "./support/RecordedSpans.js"

class Full extends Schema.TaggedError<Full>()("Full", { shown: Schema.String }) {}

const Move = Flow.make({
  name: "move",
  payload: Schema.Void,
  error: Full,
  resource: () => "cluster/1"
})

/** Two steps, one that stands still until the gate opens, and one that fails. */
const flow = (gate: Deferred.Deferred<void>, at: Deferred.Deferred<void>) =>
  Move.toLayer(() =>
    Effect.gen(function* () {
      yield* Step.make("read", { run: Effect.void })
      yield* Step.scope("shard-1")(
        Step.withIntent("add", {
          intent: Schema.Void,
          prepare: Effect.void,
          run: () => Effect.withSpan(Effect.void, "call"),
          undo: () => Effect.withSpan(Effect.void, "call back")
        })
      )
      yield* Step.make("gate", { run: Effect.zipRight(Deferred.succeed(at, undefined), Deferred.await(gate)) })
      yield* Step.make("check", { error: Full, run: Effect.fail(new Full({ shown: "to-nobody" })) })
    })
  )

const states = (spans: ReadonlyArray<Recorded>) =>
  spans.filter(({ name }) => name === "run move").map(({ attributes }) => attributes.get("memstore.run.state"))

it.scoped("spans of a run make one tree, before and after a restart, and name errors without what they say", () =>
  Effect.gen(function* () {
    const { spans, tracer } = make()
    const gate = yield* Deferred.make<void>()
    const at = yield* Deferred.make<void>()
    const store = yield* memory
    const traced = Effect.gen(function* () {
      const first = yield* open(store, flow(gate, at))
      yield* Effect.withSpan(first.run(Runs.start(Move, { id: "m", payload: undefined })), "request")
      yield* Deferred.await(at)
      yield* first.close
      yield* Deferred.succeed(gate, undefined)
      const second = yield* open(store, flow(gate, at))
      return yield* second.run(Runs.outcome(Move, "m"))
    })
    const outcome = yield* Effect.withTracer(traced, tracer)
    assert.strictEqual(outcome._tag, "Failed")
    assert.deepStrictEqual(tree(spans), [
      "request",
      "  start move",
      "    run move",
      "      step read",
      "      prepare add",
      "      step add",
      "        call",
      "      step gate",
      "    run move",
      "      step gate",
      "      step check",
      "      undo add",
      "        call back"
    ])
    assert.strictEqual(new Set(spans.map(({ traceId }) => traceId)).size, 1)
    assert.isTrue(spans.every(({ exit }) => exit !== undefined))
    assert.deepStrictEqual(states(spans), ["detached", "failed"])
    const check = spans.find(({ name }) => name === "step check")
    assert.deepStrictEqual(Array.from(check?.attributes ?? []), [
      ["memstore.run.id", "m"],
      ["memstore.step", "check"],
      ["error.type", "Full"]
    ])
    assert.strictEqual(spans.find(({ name }) => name === "step add")?.attributes.get("memstore.step"), "shard-1/add")
    assert.notInclude(JSON.stringify(spans.map(({ exit }) => exit)), "to-nobody")
  })
)

it.scoped(
  "the journal holds where the run began, which a resumed run is under; without a tracer it holds nothing",
  () =>
    Effect.gen(function* () {
      const { spans, tracer } = make()
      const gate = yield* Deferred.make<void>()
      const store = yield* memory
      const at = yield* Deferred.make<void>()
      const traceOf = (id: string) =>
        Effect.flatMap(Journal.Journal, (service) => service.get(id)).pipe(
          Effect.map(Option.map(({ trace }) => trace)),
          Effect.provide(store.journal)
        )
      const plain = yield* open(store, flow(gate, at))
      yield* plain.run(Runs.start(Move, { id: "plain", payload: undefined }))
      assert.deepStrictEqual(yield* traceOf("plain"), Option.some(null))
      const late = Runs.start(Move, { id: "late", payload: undefined, waitForLock: true })
      yield* Effect.withTracer(plain.run(late), tracer)
      const [start] = spans
      assert.deepStrictEqual(yield* traceOf("late"), Option.some(`00-${start?.traceId}-${start?.spanId}-01`))
      assert.deepStrictEqual(tree(spans), ["start move"])
      yield* plain.close
      yield* Deferred.succeed(gate, undefined)
      const traced = yield* Effect.withTracer(open(store, flow(gate, at)), tracer)
      yield* traced.run(Runs.outcome(Move, "late"))
      const run = spans.filter(({ name }) => name === "run move")
      assert.deepStrictEqual(
        run.map(({ parent }) => parent?.spanId),
        [undefined, start?.spanId]
      )
      assert.deepStrictEqual(
        run.map(({ parent }) => parent?._tag),
        [undefined, "ExternalSpan"]
      )
    })
)

const Nap = Flow.make({ name: "nap", payload: Schema.Void })

it.scoped("a run that sleeps has a span before and one after, linked", () =>
  Effect.gen(function* () {
    const { spans, tracer } = make()
    const layer = Nap.toLayer(() => Step.sleep("hour", "1 hour"))
    const engine = yield* Effect.withTracer(open(yield* memory, layer), tracer)
    const run = engine.run(Runs.execute(Nap, { id: "n", payload: undefined }))
    const fiber = yield* Effect.fork(Effect.withTracer(run, tracer))
    const asleep = Effect.sync(() => spans.some(({ attributes }) => attributes.get("memstore.run.state") === "waiting"))
    yield* until("asleep", asleep)
    yield* TestClock.adjust("1 hour")
    yield* fiber
    const [before, after] = spans.filter(({ name }) => name === "run nap")
    assert.deepStrictEqual(
      after?.links.map(({ span }) => span.spanId),
      [before?.spanId]
    )
  })
)

/** What a metric has counted, and the sum of what it measured. */
const valueOf = (name: string, labels: Readonly<Record<string, string>>) => {
  const found = Metric.unsafeSnapshot().find(
    ({ metricKey }) =>
      metricKey.name === name &&
      Object.entries(labels).every(([key, value]) =>
        metricKey.tags.some((label) => label.key === key && label.value === value)
      )
  )?.metricState
  if (found && MetricState.isHistogramState(found)) return { count: found.count, sum: found.sum }
  return { count: found && MetricState.isCounterState(found) ? Number(found.count) : 0, sum: 0 }
}

const Count = Flow.make({ name: "counted", payload: Schema.Void, error: Full, resource: () => "cluster/2" })

it.scoped("runs are counted where they stand and how they end, steps and waits for a lock by their time", () =>
  Effect.gen(function* () {
    const gate = yield* Deferred.make<void>()
    const body = Effect.gen(function* () {
      yield* Step.make("slow", { run: Effect.sleep("2 seconds"), undo: () => Effect.void })
      yield* Step.sleep("nap", "3 seconds")
      yield* Deferred.await(gate)
      yield* Step.make("fails", { error: Full, run: Effect.fail(new Full({ shown: "" })) })
    })
    const engine = yield* open(
      yield* memory,
      Count.toLayer(() => body)
    )
    const of = (state: string) => valueOf("memstore_runs", { flow: "counted", state })
    const standing = (counts: Readonly<Record<string, number>>) =>
      until(
        JSON.stringify(counts),
        Effect.sync(() => Object.entries(counts).every(([state, count]) => of(state).count === count))
      )
    const start = (id: string, waitForLock: boolean) =>
      engine.run(Runs.start(Count, { id, payload: undefined, waitForLock }))
    yield* start("a", false)
    yield* start("b", true)
    assert.strictEqual((yield* Effect.flip(start("c", false)))._tag, "Busy")
    yield* standing({ running: 1, queued: 1, waiting: 0 })
    yield* TestClock.adjust("2 seconds")
    yield* standing({ running: 0, queued: 1, waiting: 1 })
    yield* TestClock.adjust(Duration.seconds(3))
    yield* standing({ running: 1, queued: 1, waiting: 0 })
    yield* Deferred.succeed(gate, undefined)
    yield* engine.run(Runs.outcome(Count, "a"))
    yield* standing({ running: 1, queued: 0 })
    yield* engine.run(Runs.cancel("b"))
    yield* engine.run(Runs.outcome(Count, "b"))
    yield* standing({ running: 0, queued: 0, waiting: 0, cancelling: 0, undoing: 0 })
    assert.include(valueOf("memstore_runs_ended", { flow: "counted", outcome: "failed" }), { count: 1 })
    assert.include(valueOf("memstore_runs_ended", { flow: "counted", outcome: "cancelled" }), { count: 1 })
    assert.include(valueOf("memstore_undos", { flow: "counted", outcome: "success" }), { count: 1 })
    assert.include(valueOf("memstore_lock_refusals", { flow: "counted" }), { count: 1 })
    assert.include(valueOf("memstore_lock_wait", { flow: "counted" }), { count: 1, sum: 5 })
    assert.include(valueOf("memstore_step_duration", { flow: "counted", outcome: "success" }), { count: 1, sum: 2 })
    assert.include(valueOf("memstore_step_duration", { flow: "counted", outcome: "failure" }), { count: 1, sum: 0 })
  })
)
