import { assert, describe } from "@effect/vitest"
import { Deferred, Effect, TestClock } from "effect"
import { Flow, Run, RunError, Runs, Step } from "../../src/index.js"
import { Busy, busyLayer, Chain, chainLayer, plan, spoken } from "./flows.js"
import { contractTest, count, lines, open, recordOf, type StoreFactory, say, withLog } from "./harness.js"

/** A resource has one run at a time, an id one payload. */
export const lockContract = (name: string, factory: StoreFactory): void => {
  const test = contractTest(factory)

  describe(`${name}: locks and ids`, () => {
    const held = { fail: false, resource: "cluster/1" }

    test("a resource has one run at a time, across a restart, until its undos have ended", (store) =>
      Effect.gen(function* () {
        const { layer } = yield* busyLayer
        yield* TestClock.adjust("5 seconds")
        const first = yield* open(store, layer)
        yield* first.run(Runs.start(Busy, { id: "x", payload: held }))
        const busyError = yield* first.run(Effect.flip(Runs.start(Busy, { id: "y", payload: held })))
        const holder = { run: "x", flow: "busy", since: 5_000 }
        assert.deepStrictEqual(busyError, new RunError.Busy({ resource: "cluster/1", holder }))
        yield* first.close
        const second = yield* open(store, layer)
        const again = yield* second.run(Effect.flip(Runs.start(Busy, { id: "y", payload: held })))
        assert.deepInclude(again, { _tag: "Busy" })
        yield* second.run(Runs.cancel("x"))
        yield* second.run(Runs.outcome(Busy, "x"))
        assert.deepInclude(yield* second.run(Runs.start(Busy, { id: "y", payload: held })), { state: "running" })
      }))

    test("runs that wait in line begin first come, first served, and one that is cancelled leaves the line", (store) =>
      Effect.gen(function* () {
        const { gate, layer } = yield* busyLayer
        const first = yield* open(store, layer)
        yield* first.run(Runs.start(Busy, { id: "1", payload: held }))
        for (const id of ["2", "3", "4"]) {
          const info = yield* first.run(Runs.start(Busy, { id, payload: held, waitForLock: true }))
          assert.strictEqual(info.state, "queued")
        }
        yield* first.run(Runs.cancel("3"))
        assert.deepInclude(yield* first.run(Runs.outcome(Busy, "3")), { _tag: "Cancelled" })
        yield* first.close
        const second = yield* open(store, layer)
        assert.deepInclude(yield* second.run(Runs.get("2")), { state: "queued" })
        yield* Deferred.succeed(gate, undefined)
        for (const id of ["1", "2", "4"]) assert.strictEqual(yield* second.run(Runs.result(Busy, id)), "done")
        const started = yield* Effect.forEach(["1", "2", "4"], (id) => recordOf(store, id))
        assert.isTrue(started.every((record) => record.startedAt !== null && record.state === "succeeded"))
        const after = yield* second.run(Runs.start(Busy, { id: "5", payload: held }))
        assert.strictEqual(after.state, "running")
      }))

    test("the line is fair: runs take their turn in the order in which they came", (store) =>
      Effect.gen(function* () {
        const gate = yield* Deferred.make<void>()
        const Turn = Flow.make({ name: "turn", payload: Busy.payload, resource: () => "one" })
        const body = yield* withLog(
          Effect.flatMap(Run.id, (id) => Step.make("take", { run: Effect.zipRight(Deferred.await(gate), say(id)) }))
        )
        const engine = yield* open(
          store,
          Turn.toLayer(() => body)
        )
        const ids = ["d", "a", "c", "b", "e"]
        for (const id of ids) yield* engine.run(Runs.start(Turn, { id, payload: plan, waitForLock: true }))
        yield* Deferred.succeed(gate, undefined)
        yield* engine.run(Runs.result(Turn, "e"))
        assert.deepStrictEqual(yield* lines, ids)
      }))

    test("start is idempotent by id, and an id means one payload", (store) =>
      Effect.gen(function* () {
        const layer = yield* chainLayer
        const engine = yield* open(store, layer)
        yield* engine.run(Runs.execute(Chain, { id: "x", payload: plan }))
        assert.deepInclude(yield* engine.run(Runs.start(Chain, { id: "x", payload: plan })), { state: "succeeded" })
        const error = yield* engine.run(Effect.flip(Runs.start(Chain, { id: "x", payload: { ...plan, fail: true } })))
        assert.deepStrictEqual(error, new RunError.RunIdTaken({ run: "x", flow: "chain", version: 1 }))
        yield* engine.close
        const Next = Flow.make({ ...Chain, version: 2 })
        const newer = yield* open(
          store,
          Next.toLayer(() => Effect.succeed(""))
        )
        assert.deepStrictEqual(yield* newer.run(Effect.flip(Runs.start(Next, { id: "x", payload: plan }))), error)
        assert.strictEqual(count(yield* lines, "do a"), 1)
      }))

    test("what a run was started with can be read back", (store) =>
      Effect.gen(function* () {
        const { layer } = yield* busyLayer
        const engine = yield* open(store, layer)
        yield* engine.run(Runs.start(Busy, { id: "x", payload: plan }))
        assert.deepStrictEqual(yield* engine.run(Runs.payload(Busy, "x")), plan)
        const other = Flow.make({ name: "other", payload: Busy.payload })
        assert.deepInclude(yield* engine.run(Effect.flip(Runs.payload(other, "x"))), { _tag: "RunNotFound" })
      }))

    test("a step name used twice ends the run as died, saying so, and what was done is undone", (store) =>
      Effect.gen(function* () {
        const Twice = Flow.make({ name: "twice", payload: Busy.payload })
        const body = yield* withLog(Effect.asVoid(Effect.zipRight(spoken("same"), spoken("same"))))
        const engine = yield* open(
          store,
          Twice.toLayer(() => body)
        )
        const error = yield* engine.run(Effect.flip(Runs.execute(Twice, { id: "x", payload: plan })))
        assert(error._tag === "RunDied")
        assert.deepStrictEqual(error.defect, {
          name: "StepNameReused",
          message: new RunError.StepNameReused({ run: "x", step: "same" }).message
        })
        assert.deepStrictEqual(error.undo.undone, ["same"])
        assert.deepStrictEqual(yield* lines, ["do same", "undo same"])
      }))
  })
}
