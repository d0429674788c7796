import { assert, describe } from "@effect/vitest"
import { DateTime, Effect, TestClock } from "effect"
import { Flow, Runs, Step } from "../../src/index.js"
import { Approval, Asking, asking, Busy, busyLayer, plan, Sleeper, sleeper, spoken } from "./flows.js"
import {
  contractTest,
  type Log,
  lines,
  type Opened,
  open,
  recordOf,
  type StoreFactory,
  said,
  until,
  withLog
} from "./harness.js"

const waiting = <I>({ run }: Opened<I>, wakeAt: number) =>
  until(
    `the run waits for ${wakeAt}`,
    Effect.map(run(Runs.get("x")), (info) => info.wakeAt === wakeAt)
  )

/** Sleeps, deadlines and signals are durable. */
export const timeContract = (name: string, factory: StoreFactory): void => {
  const test = contractTest(factory)

  describe(`${name}: time and signals`, () => {
    test("a sleep ends at the time first recorded, however often the engine restarts", (store) =>
      Effect.gen(function* () {
        const body = yield* withLog(sleeper())
        const layer = Sleeper.toLayer(() => body)
        const first = yield* open(store, layer)
        yield* first.run(Runs.start(Sleeper, { id: "x", payload: undefined }))
        yield* waiting(first, 3_600_000)
        yield* TestClock.adjust("40 minutes")
        yield* first.close
        const second = yield* open(store, layer)
        yield* TestClock.adjust("19 minutes")
        yield* waiting(second, 3_600_000)
        assert.notInclude(yield* lines, "do after")
        yield* TestClock.adjust("1 minute")
        assert.strictEqual(yield* second.run(Runs.result(Sleeper, "x")), "woken")
        assert.strictEqual((yield* recordOf(store, "x")).endedAt, 3_600_000)
        assert.deepStrictEqual(yield* lines, ["do before", "do after"])
      }))

    test("a sleep in a parallel branch lets the other branches go on", (store) =>
      Effect.gen(function* () {
        const Both = Flow.make({ name: "both", payload: Sleeper.payload })
        const body = yield* withLog(
          Effect.all(
            [
              Effect.zipRight(Step.sleepUntil("nap", DateTime.unsafeMake(60_000)), spoken("late")),
              Effect.zipRight(spoken("early"), Effect.void)
            ],
            { concurrency: "unbounded", discard: true }
          )
        )
        const engine = yield* open(
          store,
          Both.toLayer(() => body)
        )
        yield* engine.run(Runs.start(Both, { id: "x", payload: undefined }))
        yield* said("do early")
        assert.notInclude(yield* lines, "do late")
        yield* TestClock.adjust("1 minute")
        yield* engine.run(Runs.result(Both, "x"))
        assert.deepStrictEqual(yield* lines, ["do early", "do late"])
      }))

    test("a signal is received once, before or after the flow waits for it and across a restart", (store) =>
      Effect.gen(function* () {
        const context = yield* Effect.context<Log>()
        const layer = Asking.toLayer((hours) => Effect.provide(asking(hours), context))
        const first = yield* open(store, layer)
        yield* first.run(Runs.start(Asking, { id: "x", payload: null }))
        yield* said("do ask")
        yield* first.close
        const second = yield* open(store, layer)
        yield* second.run(Runs.signal("x", Approval, { by: "Ada" }))
        assert.strictEqual(yield* second.run(Runs.result(Asking, "x")), "Ada")
        yield* second.run(Runs.start(Asking, { id: "y", payload: null }))
        yield* second.run(Runs.signal("y", Approval, { by: "Ada" }))
        assert.strictEqual(yield* second.run(Runs.result(Asking, "y")), "Ada")
        const late = yield* second.run(Effect.flip(Runs.signal("y", Approval, { by: "Bob" })))
        assert.deepInclude(late, { _tag: "SignalRefused", reason: "run-ended" })
      }))

    test("a signal sent again is the same one; with another payload it is refused", (store) =>
      Effect.gen(function* () {
        const { layer } = yield* busyLayer
        const engine = yield* open(store, layer)
        yield* engine.run(Runs.start(Busy, { id: "x", payload: plan }))
        yield* engine.run(Runs.signal("x", Approval, { by: "Ada" }))
        yield* engine.run(Runs.signal("x", Approval, { by: "Ada" }))
        const error = yield* engine.run(Effect.flip(Runs.signal("x", Approval, { by: "Bob" })))
        assert.deepInclude(error, { _tag: "SignalRefused", reason: "already-received" })
      }))

    test("a deadline passes at the time first recorded, and its failure undoes the run", (store) =>
      Effect.gen(function* () {
        const context = yield* Effect.context<Log>()
        const layer = Asking.toLayer((hours) => Effect.provide(asking(hours), context))
        const first = yield* open(store, layer)
        yield* first.run(Runs.start(Asking, { id: "x", payload: 2 }))
        yield* waiting(first, 7_200_000)
        yield* TestClock.adjust("1 hour")
        yield* first.close
        const second = yield* open(store, layer)
        yield* waiting(second, 7_200_000)
        yield* TestClock.adjust("1 hour")
        assert.deepInclude(yield* second.run(Effect.flip(Runs.result(Asking, "x"))), { _tag: "SignalTimedOut" })
        assert.deepStrictEqual(yield* lines, ["do ask", "undo ask"])
      }))
  })
}
