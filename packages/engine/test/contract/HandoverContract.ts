import { assert, describe } from "@effect/vitest"
import { Chunk, Deferred, Effect, Fiber, Option, Ref, Stream } from "effect"
import { Flow, Journal, Runs, Step } from "../../src/index.js"
import { Busy, busyLayer, plan, spoken } from "./flows.js"
import {
  contractTest,
  count,
  lines,
  open,
  recordOf,
  type Store,
  type StoreFactory,
  said,
  say,
  undosDone,
  until,
  withLog
} from "./harness.js"

/** A store whose writes are fenced once the switch is on. `writes` counts those tried after that. */
const fencedWhen = (store: Store, on: Ref.Ref<boolean>, writes: Ref.Ref<number>): Store => {
  const refuse = (operation: string) =>
    Effect.zipRight(
      Ref.update(writes, (n) => n + 1),
      new Journal.JournalError({ operation, reason: "another owner", fenced: true })
    )
  const write = <A>(operation: string, effect: Effect.Effect<A, Journal.JournalError>) =>
    Effect.flatMap(Ref.get(on), (fenced) => (fenced ? refuse(operation) : effect))
  return store.over((inner) => ({
    ...inner,
    update: (id, change) => write("update", inner.update(id, change)),
    finish: (id, end) => write("finish", inner.finish(id, end)),
    append: (entry) => write("append", inner.append(entry))
  }))
}

/** What an engine does for whoever passes runs from one engine to another. */
export const handoverContract = (name: string, factory: StoreFactory): void => {
  const test = contractTest(factory)

  const fenced = (store: Store) =>
    Effect.gen(function* () {
      const on = yield* Ref.make(false)
      const writes = yield* Ref.make(0)
      return { on, writes, store: fencedWhen(store, on, writes) }
    })

  describe(`${name}: handing over`, () => {
    test("an engine told to resume nothing leaves runs alone until it is told to take one up", (store) =>
      Effect.gen(function* () {
        const { gate, layer } = yield* busyLayer
        const first = yield* open(store, layer)
        yield* first.run(Runs.start(Busy, { id: "x", payload: plan }))
        yield* said("begin three")
        yield* first.close
        const second = yield* open(store, layer, { resume: "none" })
        assert.deepInclude(yield* second.run(Runs.get("x")), { state: "running", known: true, steps: [] })
        const error = yield* second.run(Effect.flip(Runs.result(Busy, "x")))
        assert.deepInclude(error, { _tag: "RunDetached", reason: "detached" })
        assert.strictEqual(count(yield* lines, "begin three"), 1)
        yield* second.run(Runs.resume("x"))
        const events = yield* Effect.fork(second.run(Stream.runCollect(Runs.events("x"))))
        yield* Effect.yieldNow()
        yield* Deferred.succeed(gate, undefined)
        assert.strictEqual(yield* second.run(Runs.result(Busy, "x")), "done")
        const tags = Chunk.toReadonlyArray(yield* Fiber.join(events)).map((event) => event._tag)
        assert.strictEqual(count(tags, "Resumed"), 1)
      }))

    test("a detached run is cut, not undone, and goes on when it is resumed, also by another engine", (store) =>
      Effect.gen(function* () {
        const { gate, layer } = yield* busyLayer
        const first = yield* open(store, layer, { resume: "none" })
        yield* first.run(Runs.start(Busy, { id: "x", payload: plan }))
        yield* said("begin three")
        const waiter = yield* Effect.fork(first.run(Effect.flip(Runs.result(Busy, "x"))))
        yield* Effect.yieldNow()
        yield* first.run(Runs.detach("x"))
        assert.include(yield* lines, "cut three")
        assert.deepInclude(yield* Fiber.join(waiter), { _tag: "RunDetached", reason: "detached" })
        yield* first.run(Runs.resume("x"))
        yield* until(
          "three again",
          Effect.map(lines, (all) => count(all, "begin three") === 2)
        )
        yield* first.run(Runs.detach("x"))
        yield* first.run(Runs.detach("x"))
        assert.strictEqual((yield* recordOf(store, "x")).state, "running")
        yield* first.close
        const second = yield* open(store, layer)
        yield* Deferred.succeed(gate, undefined)
        assert.strictEqual(yield* second.run(Runs.result(Busy, "x")), "done")
        assert.deepStrictEqual(undosDone(yield* lines), [])
        assert.strictEqual(count(yield* lines, "do one"), 1)
      }))

    test("a write that is fenced cuts the run at once: nothing more goes out, is written or is undone", (store) =>
      Effect.gen(function* () {
        const gate = yield* Deferred.make<void>()
        const Fork = Flow.make({ name: "fork", payload: Busy.payload })
        const stubborn = Effect.uninterruptible(Effect.zipRight(Deferred.await(gate), Effect.yieldNow()))
        const body = yield* withLog(
          Effect.gen(function* () {
            yield* spoken("one")
            const hang = say("hang").pipe(
              Effect.zipRight(Effect.never),
              Effect.onInterrupt(() => say("cut"))
            )
            yield* Effect.all(
              [
                Step.make("go", { run: Effect.zipRight(say("go"), Deferred.await(gate)) }),
                Step.make("stubborn", { run: stubborn }),
                Step.make("hang", { run: hang })
              ],
              { concurrency: "unbounded" }
            )
            yield* spoken("after")
          })
        )
        const layer = Fork.toLayer(() => body)
        const { on, store: narrow, writes } = yield* fenced(store)
        const engine = yield* open(narrow, layer)
        yield* engine.run(Runs.start(Fork, { id: "x", payload: plan }))
        yield* said("hang")
        yield* Ref.set(on, true)
        const waiter = yield* Effect.fork(engine.run(Effect.flip(Runs.result(Fork, "x"))))
        yield* Effect.yieldNow()
        yield* Deferred.succeed(gate, undefined)
        assert.deepInclude(yield* Fiber.join(waiter), { _tag: "RunDetached", reason: "fenced" })
        yield* said("cut")
        yield* engine.close
        assert.strictEqual(yield* Ref.get(writes), 1)
        assert.deepStrictEqual(yield* lines, ["do one", "go", "hang", "cut"])
        assert.strictEqual((yield* recordOf(store, "x")).state, "running")
      }))

    test("a cancel that is fenced detaches the run as well", (store) =>
      Effect.gen(function* () {
        const { layer } = yield* busyLayer
        const { on, store: narrow, writes } = yield* fenced(store)
        const engine = yield* open(narrow, layer)
        yield* engine.run(Runs.start(Busy, { id: "x", payload: plan }))
        yield* said("begin three")
        yield* Ref.set(on, true)
        assert.deepInclude(yield* engine.run(Effect.flip(Runs.cancel("x"))), { _tag: "JournalError", fenced: true })
        assert.deepInclude(yield* engine.run(Effect.flip(Runs.result(Busy, "x"))), { _tag: "RunDetached" })
        yield* said("cut three")
        assert.deepStrictEqual([yield* Ref.get(writes), undosDone(yield* lines)], [1, []])
        assert.isTrue(Option.isSome(yield* Effect.option(engine.run(Runs.get("x")))))
      }))
  })
}
