import { assert, describe } from "@effect/vitest"
import { Chunk, Deferred, Effect, Option, Stream, TestClock } from "effect"
import { Flow, Runs, Step } from "../../src/index.js"
import { Busy, busyLayer, plan } from "./flows.js"
import { contractTest, entriesOf, open, type StoreFactory, said, until } from "./harness.js"

/** Runs are listed, told and kept. */
export const listContract = (name: string, factory: StoreFactory): void => {
  const test = contractTest(factory)

  describe(`${name}: listing and keeping`, () => {
    const Quick = Flow.make({ name: "quick", payload: Busy.payload })
    const quick = Quick.toLayer(() => Effect.void)

    test("runs are listed newest first, by flow, resource and state, in pages", (store) =>
      Effect.gen(function* () {
        const engine = yield* open(store, quick)
        for (const id of ["1", "2", "3", "4"]) {
          const resource = id === "4" ? null : `cluster/${id}`
          yield* engine.run(
            Runs.execute(Flow.make({ ...Quick, resource: (p) => p.resource ?? undefined }), {
              id,
              payload: { fail: false, resource }
            })
          )
        }
        const ids = (options?: Runs.ListOptions) =>
          Effect.map(engine.run(Runs.list(options)), (infos) => infos.map((info) => info.id))
        assert.deepStrictEqual(yield* ids(), ["4", "3", "2", "1"])
        assert.deepStrictEqual(yield* ids({ resource: "cluster/2" }), ["2"])
        assert.deepStrictEqual(yield* ids({ state: ["running", "failed"] }), [])
        assert.deepStrictEqual(yield* ids({ flow: "other" }), [])
        const page = yield* engine.run(Runs.list({ limit: 2 }))
        assert.deepStrictEqual(yield* ids({ after: page[1]?.seq ?? 0, limit: 2 }), ["2", "1"])
      }))

    test("runs are listed by when they were made, the first moment included and the last not", (store) =>
      Effect.gen(function* () {
        const engine = yield* open(store, quick)
        for (const id of ["0", "60000", "120000", "180000"]) {
          yield* engine.run(Runs.execute(Quick, { id, payload: plan }))
          yield* TestClock.adjust("1 minute")
        }
        const ids = (options: Runs.ListOptions) =>
          Effect.map(engine.run(Runs.list(options)), (infos) => infos.map((info) => info.id))
        assert.deepStrictEqual(yield* ids({ from: 60_000, until: 180_000 }), ["120000", "60000"])
        assert.deepStrictEqual(yield* ids({ from: 60_001, state: "succeeded", limit: 1 }), ["180000"])
        assert.deepStrictEqual(yield* ids({ until: 1, flow: "quick" }), ["0"])
      }))

    test("runs that ended are kept for a time and up to a number; others stay", (store) =>
      Effect.gen(function* () {
        const gate = yield* Deferred.make<void>()
        const Held = Flow.make({ name: "held", payload: Busy.payload })
        const held = Held.toLayer(() => Step.make("wait", { run: Deferred.await(gate) }))
        const retention = { maxRuns: 2, maxAge: "1 hour" } as const
        const both = yield* open(store, quick, { retention })
        for (const id of ["1", "2", "3"]) yield* both.run(Runs.execute(Quick, { id, payload: plan }))
        yield* both.close
        const engine = yield* open(store, held, { retention })
        yield* engine.run(Runs.start(Held, { id: "open", payload: plan }))
        yield* TestClock.adjust("2 minutes")
        yield* until(
          "one evicted",
          Effect.map(engine.run(Runs.list()), (infos) => infos.length === 3)
        )
        assert.deepInclude(yield* engine.run(Effect.flip(Runs.get("1"))), { _tag: "RunNotFound" })
        assert.deepStrictEqual(yield* entriesOf(store, "1"), [])
        yield* TestClock.adjust("2 hours")
        yield* until(
          "all evicted",
          Effect.map(engine.run(Runs.list()), (infos) => infos.length === 1)
        )
        assert.deepInclude(yield* engine.run(Runs.get("open")), { state: "running" })
      }))

    test("the history after a restart is what the journal holds, in order", (store) =>
      Effect.gen(function* () {
        const { layer } = yield* busyLayer
        const first = yield* open(store, layer)
        yield* first.run(Runs.start(Busy, { id: "x", payload: plan }))
        yield* said("begin three")
        yield* first.run(Runs.cancel("x"))
        const live = yield* first.run(Stream.runCollect(Runs.events("x")))
        yield* first.close
        const second = yield* open(store, layer)
        const told = yield* second.run(Stream.runCollect(Runs.events("x")))
        const names = Chunk.toReadonlyArray(told).map((event) =>
          "step" in event ? `${event._tag} ${event.step}` : event._tag
        )
        const expected = [
          "RunStarted",
          "StepStarted one",
          "StepSucceeded one",
          "StepStarted two",
          "StepSucceeded two",
          "StepStarted three",
          "StepPrepared three",
          "CancelRequested",
          "UndoStarted three",
          "Undone three",
          "UndoStarted two",
          "Undone two",
          "UndoStarted one",
          "Undone one",
          "RunCancelled"
        ]
        assert.deepStrictEqual(names, expected)
        assert.strictEqual(Option.getOrThrow(Chunk.last(live))._tag, "RunCancelled")
      }))
  })
}
