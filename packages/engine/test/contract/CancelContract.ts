import { assert, describe } from "@effect/vitest"
import { Deferred, Effect } from "effect"
import { Flow, Runs, Step } from "../../src/index.js"
import { hung } from "./bodies.js"
import { Busy, busyLayer, Parallel, parallel, plan, Sleeper, sleeper, spoken } from "./flows.js"
import { contractTest, count, lines, open, recordOf, type StoreFactory, said, say, until, withLog } from "./harness.js"

/** A cancel cuts what is under way and undoes what was done. */
export const cancelContract = (name: string, factory: StoreFactory): void => {
  const test = contractTest(factory)

  describe(`${name}: cancel`, () => {
    test("a busy step is cut at once and what was done is undone in reverse order", (store) =>
      Effect.gen(function* () {
        const { layer } = yield* busyLayer
        const engine = yield* open(store, layer)
        yield* engine.run(Runs.start(Busy, { id: "x", payload: plan }))
        yield* said("begin three")
        assert.strictEqual(yield* engine.run(Runs.cancel("x")), "Requested")
        const error = yield* engine.run(Effect.flip(Runs.result(Busy, "x")))
        assert.deepInclude(error, { _tag: "RunCancelled", undo: { undone: ["three", "two", "one"], notUndone: [] } })
        const all = yield* lines
        assert.deepStrictEqual(all.slice(all.indexOf("cut three")), [
          "cut three",
          "undo three seen None",
          "undo two",
          "undo one"
        ])
        assert.strictEqual(yield* engine.run(Runs.cancel("x")), "AlreadyEnded")
      }))

    test("before the first step a run ends without undos", (store) =>
      Effect.gen(function* () {
        const { layer } = yield* busyLayer
        const engine = yield* open(store, layer)
        yield* engine.run(Effect.zipRight(Runs.start(Busy, { id: "x", payload: plan }), Runs.cancel("x")))
        const undo = { undone: [], notUndone: [] }
        assert.deepStrictEqual(yield* engine.run(Runs.outcome(Busy, "x")), { _tag: "Cancelled", undo })
        assert.deepStrictEqual(yield* lines, [])
      }))

    test("cancelled again while it is cut and while it is undone, it answers so and does nothing twice", (store) =>
      Effect.gen(function* () {
        const hold = yield* Deferred.make<void>()
        const Slow = Flow.make({ name: "slow", payload: Busy.payload })
        const body = yield* withLog(
          Effect.gen(function* () {
            yield* Step.make("one", {
              run: Effect.void,
              undo: () => Effect.zipRight(say("undo one"), Deferred.await(hold))
            })
            yield* Step.make("two", { run: Effect.zipRight(say("begin two"), Effect.never) })
          })
        )
        const engine = yield* open(
          store,
          Slow.toLayer(() => body)
        )
        yield* engine.run(Runs.start(Slow, { id: "x", payload: plan }))
        yield* said("begin two")
        assert.strictEqual(yield* engine.run(Runs.cancel("x")), "Requested")
        assert.strictEqual(yield* engine.run(Runs.cancel("x")), "AlreadyCancelling")
        yield* said("undo one")
        assert.strictEqual(yield* engine.run(Runs.cancel("x")), "AlreadyUndoing")
        yield* Deferred.succeed(hold, undefined)
        assert.deepInclude(yield* engine.run(Runs.outcome(Slow, "x")), { _tag: "Cancelled" })
        assert.strictEqual(count(yield* lines, "undo one"), 1)
      }))

    test("a parked run is undone without being woken", (store) =>
      Effect.gen(function* () {
        const body = yield* withLog(sleeper())
        const engine = yield* open(
          store,
          Sleeper.toLayer(() => body)
        )
        yield* engine.run(Runs.start(Sleeper, { id: "x", payload: undefined }))
        yield* until(
          "asleep",
          Effect.map(engine.run(Runs.get("x")), (info) => info.wakeAt !== null)
        )
        yield* engine.run(Runs.cancel("x"))
        assert.deepInclude(yield* engine.run(Runs.outcome(Sleeper, "x")), { _tag: "Cancelled" })
        assert.deepStrictEqual(yield* lines, ["do before", "undo before"])
      }))

    test("an undo that shutdown cuts runs again in the next engine, the ones before it do not", (store) =>
      Effect.gen(function* () {
        const hold = yield* Deferred.make<void>()
        const Slow = Flow.make({ name: "slow", payload: Busy.payload })
        const body = yield* withLog(
          Effect.gen(function* () {
            yield* Step.make("one", {
              run: Effect.void,
              undo: () => Effect.zipRight(say("undo one"), Deferred.await(hold))
            })
            yield* spoken("two")
            yield* Step.make("three", { run: Effect.zipRight(say("begin three"), Effect.never) })
          })
        )
        const layer = Slow.toLayer(() => body)
        const first = yield* open(store, layer)
        yield* first.run(Runs.start(Slow, { id: "x", payload: plan }))
        yield* said("begin three")
        yield* first.run(Runs.cancel("x"))
        yield* said("undo one")
        yield* first.close
        assert.strictEqual((yield* recordOf(store, "x")).state, "undoing")
        yield* Deferred.succeed(hold, undefined)
        const second = yield* open(store, layer)
        const undo = { undone: ["two", "one"], notUndone: [] }
        assert.deepStrictEqual(yield* second.run(Runs.outcome(Slow, "x")), { _tag: "Cancelled", undo })
        const all = yield* lines
        assert.deepStrictEqual([count(all, "undo one"), count(all, "undo two"), count(all, "begin three")], [2, 1, 1])
      }))

    test("parallel steps are undone in reverse order of the journal, also after a restart", (store) =>
      Effect.gen(function* () {
        const body = yield* withLog(parallel())
        const layer = Parallel.toLayer(() => body)
        const first = yield* open(store, layer)
        yield* first.run(Runs.start(Parallel, { id: "x", payload: undefined }))
        yield* said("hang")
        yield* first.close
        const second = yield* open(store, layer)
        yield* hung(2)
        yield* second.run(Runs.cancel("x"))
        const undo = { undone: ["2", "1", "3"], notUndone: [] }
        assert.deepStrictEqual(yield* second.run(Runs.outcome(Parallel, "x")), { _tag: "Cancelled", undo })
      }))

    test("a replay that looks for undos finds them in parallel branches, and lets no time pass", (store) =>
      Effect.gen(function* () {
        const Fork = Flow.make({ name: "fork", payload: Busy.payload })
        const branch = (name: string) =>
          Effect.zipRight(spoken(name), Step.make(`${name}-hang`, { run: Effect.zipRight(say("hang"), Effect.never) }))
        const body = yield* withLog(
          Effect.all([branch("1"), Effect.zipRight(spoken("2"), branch("3"))], { concurrency: 2, discard: true })
        )
        const layer = Fork.toLayer(() => body)
        const first = yield* open(store, layer)
        yield* first.run(Runs.start(Fork, { id: "x", payload: plan }))
        yield* hung(2)
        yield* first.close
        const idle = yield* open(
          store,
          Busy.toLayer(() => Effect.succeed(""))
        )
        yield* idle.run(Runs.cancel("x"))
        yield* idle.close
        const second = yield* open(store, layer)
        const outcome = yield* second.run(Runs.outcome(Fork, "x"))
        assert(outcome._tag === "Cancelled")
        assert.sameMembers(Array.from(outcome.undo.undone), ["1", "2", "3"])
        assert.strictEqual(count(yield* lines, "hang"), 2)
      }))
  })
}
