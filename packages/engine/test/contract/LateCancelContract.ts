import { assert, describe } from "@effect/vitest"
import { Deferred, Effect } from "effect"
import { Flow, Runs, Step } from "../../src/index.js"
import { Asking, asking, Busy, Chain, chainLayer, plan, Refused } from "./flows.js"
import { contractTest, lines, open, type StoreFactory, said, say, until, withLog } from "./harness.js"

/** A cancel changes nothing of what has ended, or is on its way to an end. */
export const lateCancelContract = (name: string, factory: StoreFactory): void => {
  const test = contractTest(factory)

  describe(`${name}: cancel that comes late`, () => {
    test("after a run has ended, well or badly, it says so and changes nothing", (store) =>
      Effect.gen(function* () {
        const engine = yield* open(store, yield* chainLayer)
        for (const fail of [false, true]) {
          const id = String(fail)
          yield* engine.run(Runs.start(Chain, { id, payload: { ...plan, fail } }))
          const outcome = yield* engine.run(Runs.outcome(Chain, id))
          const done = yield* lines
          assert.strictEqual(yield* engine.run(Runs.cancel(id)), "AlreadyEnded")
          assert.deepStrictEqual(yield* engine.run(Runs.outcome(Chain, id)), outcome)
          assert.deepInclude(yield* engine.run(Runs.get(id)), { cancelRequestedAt: null })
          assert.deepStrictEqual(yield* lines, done)
        }
      }))

    test("while a run that failed is undone, it says so, and the run ends as failed", (store) =>
      Effect.gen(function* () {
        const hold = yield* Deferred.make<void>()
        const Failing = Flow.make({ name: "failing", payload: Busy.payload, error: Refused })
        const slowly = Effect.zipRight(say("undo one"), Deferred.await(hold))
        const one = Step.make("one", { run: Effect.void, undo: () => slowly })
        const body = yield* withLog(Effect.zipRight(one, new Refused({ at: "end" })))
        const layer = Failing.toLayer(() => body)
        const first = yield* open(store, layer)
        yield* first.run(Runs.start(Failing, { id: "x", payload: plan }))
        yield* said("undo one")
        assert.strictEqual(yield* first.run(Runs.cancel("x")), "AlreadyUndoing")
        yield* first.close
        const second = yield* open(store, layer)
        assert.strictEqual(yield* second.run(Runs.cancel("x")), "AlreadyUndoing")
        yield* Deferred.succeed(hold, undefined)
        assert.deepStrictEqual(yield* second.run(Runs.outcome(Failing, "x")), {
          _tag: "Failed",
          error: new Refused({ at: "end" }),
          undo: { undone: ["one"], notUndone: [] }
        })
      }))

    test("a run that waits for a signal is undone at once, and takes the signal no more", (store) =>
      Effect.gen(function* () {
        const body = yield* withLog(asking(null))
        const engine = yield* open(
          store,
          Asking.toLayer(() => body)
        )
        yield* engine.run(Runs.start(Asking, { id: "x", payload: null }))
        yield* said("do ask")
        yield* until(
          "it waits",
          Effect.map(engine.run(Runs.get("x")), ({ steps }) => steps.length === 0)
        )
        yield* engine.run(Runs.cancel("x"))
        const undo = { undone: ["ask"], notUndone: [] }
        assert.deepStrictEqual(yield* engine.run(Runs.outcome(Asking, "x")), { _tag: "Cancelled", undo })
        assert.deepStrictEqual(yield* lines, ["do ask", "undo ask"])
      }))

    test("a run that nobody knows cannot be cancelled", (store) =>
      Effect.gen(function* () {
        const engine = yield* open(store, yield* chainLayer)
        assert.deepInclude(yield* engine.run(Effect.flip(Runs.cancel("none"))), { _tag: "RunNotFound", run: "none" })
      }))
  })
}
