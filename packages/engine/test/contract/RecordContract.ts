import { assert, describe } from "@effect/vitest"
import { Deferred, Effect, Ref, Schema } from "effect"
import { Flow, Runs, Step } from "../../src/index.js"
import { spoken } from "./flows.js"
import { contractTest, count, lines, open, type StoreFactory, said, say, undosDone, until, withLog } from "./harness.js"

/** What is recorded is kept, also where it cannot be read. */
export const recordContract = (name: string, factory: StoreFactory): void => {
  const test = contractTest(factory)

  describe(`${name}: records`, () => {
    const Reading = Flow.make({ name: "reading", payload: Schema.Unknown, success: Schema.Unknown })

    test("a step's record that no longer decodes detaches the run, which resumes when its schema fits again", (store) =>
      Effect.gen(function* () {
        const gate = yield* Deferred.make<void>()
        const flow = <A, I>(schema: Schema.Schema<A, I>, value: A) =>
          Effect.map(
            withLog(
              Effect.zipRight(
                Step.make("a", { success: schema, run: Effect.as(say("a"), value) }),
                Step.make("b", { run: Effect.zipRight(say("b"), Deferred.await(gate)) })
              )
            ),
            (body) => Reading.toLayer(() => body)
          )
        const first = yield* open(store, yield* flow(Schema.String, "one"))
        yield* first.run(Runs.start(Reading, { id: "x", payload: null }))
        yield* said("b")
        yield* first.close
        const second = yield* open(store, yield* flow(Schema.Number, 1))
        const error = yield* second.run(Effect.flip(Runs.outcome(Reading, "x")))
        assert.deepInclude(error, { _tag: "RecordUnreadable", run: "x", record: "step a" })
        const info = yield* second.run(Runs.get("x"))
        assert.strictEqual(info.state, "running")
        assert.deepStrictEqual<unknown>(info.problem, error)
        yield* second.close
        const third = yield* open(store, yield* flow(Schema.String, "one"))
        yield* Deferred.succeed(gate, undefined)
        assert.deepInclude(yield* third.run(Runs.outcome(Reading, "x")), { _tag: "Succeeded" })
        assert.strictEqual(count(yield* lines, "a"), 1)
      }))

    test("a payload that no longer decodes detaches the run, which resumes when its schema fits again", (store) =>
      Effect.gen(function* () {
        const Narrow = Flow.make({ name: "reading", payload: Schema.Number, success: Schema.Unknown })
        const gate = yield* Deferred.make<void>()
        const body = yield* withLog(
          Effect.zipRight(spoken("a"), Step.make("b", { run: Effect.zipRight(say("b"), Deferred.await(gate)) }))
        )
        const first = yield* open(
          store,
          Reading.toLayer(() => body)
        )
        yield* first.run(Runs.start(Reading, { id: "x", payload: "text" }))
        yield* said("b")
        yield* first.close
        const second = yield* open(
          store,
          Narrow.toLayer(() => body)
        )
        const error = yield* second.run(Effect.flip(Runs.outcome(Narrow, "x")))
        assert.deepInclude(error, { _tag: "RecordUnreadable", run: "x", record: "payload" })
        assert.deepInclude(yield* second.run(Effect.flip(Runs.payload(Narrow, "x"))), { record: "payload" })
        assert.deepInclude(yield* second.run(Runs.get("x")), { state: "running" })
        yield* second.close
        const third = yield* open(
          store,
          Reading.toLayer(() => body)
        )
        yield* Deferred.succeed(gate, undefined)
        assert.deepInclude(yield* third.run(Runs.outcome(Reading, "x")), { _tag: "Succeeded" })
        assert.deepStrictEqual(undosDone(yield* lines), [])
      }))

    test("an outcome that no longer decodes is told so, and stays", (store) =>
      Effect.gen(function* () {
        const Other = Flow.make({ name: "reading", payload: Schema.Unknown, success: Schema.Number })
        const first = yield* open(
          store,
          Reading.toLayer(() => Effect.succeed("text"))
        )
        yield* first.run(Runs.execute(Reading, { id: "x", payload: null }))
        const error = yield* first.run(Effect.flip(Runs.result(Other, "x")))
        assert.deepInclude(error, { _tag: "RecordUnreadable", run: "x", record: "outcome" })
        assert.strictEqual(yield* first.run(Runs.result(Reading, "x")), "text")
      }))

    test("a cancel that comes in the middle of a replay still undoes everything", (store) =>
      Effect.gen(function* () {
        const passes = yield* Ref.make(0)
        const stuck = Effect.flatMap(
          Ref.updateAndGet(passes, (n) => n + 1),
          (n) => (n === 2 ? Effect.zipRight(say("stuck"), Effect.never) : Effect.void)
        )
        const hang = Step.make("hang", { run: Effect.zipRight(say("hang"), Effect.never) })
        const body = yield* withLog(Effect.all([spoken("a"), stuck, spoken("b"), hang], { discard: true }))
        const layer = Reading.toLayer(() => body)
        const first = yield* open(store, layer)
        yield* first.run(Runs.start(Reading, { id: "x", payload: null }))
        yield* said("hang")
        yield* first.close
        const second = yield* open(store, layer)
        yield* until(
          "the replay is stuck",
          Effect.map(lines, (all) => all.includes("stuck"))
        )
        yield* second.run(Runs.cancel("x"))
        const undo = { undone: ["b", "a"], notUndone: [] }
        assert.deepStrictEqual(yield* second.run(Runs.outcome(Reading, "x")), { _tag: "Cancelled", undo })
        assert.strictEqual(count(yield* lines, "hang"), 1)
      }))
  })
}
