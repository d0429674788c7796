import { assert, describe } from "@effect/vitest"
import { Deferred, Effect, Fiber } from "effect"
import { Flow, RunError, Runs } from "../../src/index.js"
import { Busy, busyLayer, plan } from "./flows.js"
import { contractTest, count, lines, open, recordOf, type StoreFactory, said, undosDone } from "./harness.js"

/** Closing an engine loses nothing. */
export const shutdownContract = (name: string, factory: StoreFactory): void => {
  const test = contractTest(factory)

  describe(`${name}: shutdown`, () => {
    test("closing the engine cuts the step, undoes nothing, and the run goes on in the next engine", (store) =>
      Effect.gen(function* () {
        const { gate, layer } = yield* busyLayer
        const first = yield* open(store, layer)
        yield* first.run(Runs.start(Busy, { id: "x", payload: plan }))
        yield* said("begin three")
        const waiter = yield* Effect.fork(first.run(Effect.flip(Runs.result(Busy, "x"))))
        yield* Effect.yieldNow()
        yield* first.close
        const error = yield* Fiber.join(waiter)
        assert.instanceOf(error, RunError.RunDetached)
        assert.strictEqual((yield* recordOf(store, "x")).state, "running")
        assert.deepStrictEqual(undosDone(yield* lines), [])
        assert.include(yield* lines, "cut three")
        const second = yield* open(store, layer)
        yield* Deferred.succeed(gate, undefined)
        assert.strictEqual(yield* second.run(Runs.result(Busy, "x")), "done")
        const all = yield* lines
        assert.strictEqual(count(all, "do one"), 1)
        assert.strictEqual(count(all, "look three"), 1, "the intent is not read again")
        assert.strictEqual(count(all, "begin three"), 2)
      }))

    test("a run of an unknown flow or version is left as it is, and listed as unknown", (store) =>
      Effect.gen(function* () {
        const { layer } = yield* busyLayer
        const first = yield* open(store, layer)
        yield* first.run(Runs.start(Busy, { id: "x", payload: plan }))
        yield* said("begin three")
        yield* first.close
        const Newer = Flow.make({ ...Busy, version: 2 })
        const second = yield* open(
          store,
          Newer.toLayer(() => Effect.succeed("new"))
        )
        const [info] = yield* second.run(Runs.list())
        assert.deepInclude(info, { id: "x", state: "running", known: false, version: 1 })
        const error = yield* second.run(Effect.flip(Runs.outcome(Newer, "x")))
        assert.deepInclude(error, { _tag: "RunDetached", reason: "not-implemented" })
        assert.strictEqual(yield* second.run(Runs.cancel("x")), "Requested")
        yield* second.close
        const third = yield* open(store, layer)
        assert.deepInclude(yield* third.run(Runs.outcome(Busy, "x")), { _tag: "Cancelled" })
        assert.strictEqual(count(yield* lines, "begin three"), 1)
      }))
  })
}
