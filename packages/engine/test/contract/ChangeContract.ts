import { assert, describe } from "@effect/vitest"
import { Chunk, Deferred, Effect, Logger, Ref, Schema, Stream, TestClock } from "effect"
import { Flow, RunError, Runs, Step } from "../../src/index.js"
import { all, type Body, hang, hung, parallel } from "./bodies.js"
import { Refused, spoken } from "./flows.js"
import { contractTest, lines, open, recordOf, type StoreFactory, said, say, undosDone, withLog } from "./harness.js"

const Steps = Flow.make({ name: "steps", payload: Schema.Void, error: Refused })

const layerOf = (body: Body) => Effect.map(withLog(body), (provided) => Steps.toLayer(() => Effect.asVoid(provided)))

const nap = Step.sleep("nap", "1 second")
const look = Step.withIntent("b", {
  intent: Schema.Void,
  prepare: Effect.void,
  run: () => Effect.void,
  undo: () => say("undo b")
})

/** Waits for an effect while time passes. */
const inTime = Effect.raceFirst(Effect.forever(Effect.zipRight(Effect.yieldNow(), TestClock.adjust("1 second"))))

/** A flow in flight, and what it was changed to. */
const changes: ReadonlyArray<{
  readonly what: string
  readonly before?: Body
  readonly after: Body
  readonly recorded: string
  readonly met: string
}> = [
  {
    what: "a step with another name",
    after: all(spoken("a"), spoken("x"), hang),
    recorded: 'step "b"',
    met: 'step "x"'
  },
  {
    what: "a step in between",
    after: all(spoken("a"), spoken("x"), spoken("b"), hang),
    recorded: 'step "b"',
    met: 'step "x"'
  },
  { what: "another order", after: all(spoken("b"), spoken("a"), hang), recorded: 'step "a"', met: 'step "b"' },
  { what: "a step that is gone", after: all(spoken("b"), hang), recorded: 'step "a"', met: 'step "b"' },
  { what: "an earlier end", after: spoken("a"), recorded: 'step "b"', met: "its end" },
  {
    what: "an earlier failure",
    after: all(spoken("a"), new Refused({ at: "?" })),
    recorded: 'step "b"',
    met: "its end"
  },
  {
    what: "a step that is a sleep now",
    after: all(spoken("a"), Step.sleep("b", "1 hour"), hang),
    recorded: 'step "b"',
    met: 'sleep "b"'
  },
  {
    what: "a step that has an intent now",
    after: all(spoken("a"), look, hang),
    recorded: 'step "b"',
    met: 'step with intent "b"'
  },
  {
    what: "a sleep that is gone",
    before: all(nap, spoken("b"), hang),
    after: all(spoken("b"), hang),
    recorded: 'sleep "nap"',
    met: 'step "b"'
  }
]

/** A flow that is changed under runs that have not ended. */
export const changeContract = (name: string, factory: StoreFactory): void => {
  const test = contractTest(factory)

  describe(`${name}: changed flows`, () => {
    for (const { after, before = all(spoken("a"), spoken("b"), hang), met, recorded, what } of changes) {
      test(`${what}: the run is left as it was, saying so, and goes on under the flow it began with`, (store) =>
        Effect.gen(function* () {
          const old = yield* layerOf(before)
          const first = yield* open(store, old)
          yield* first.run(Runs.start(Steps, { id: "x", payload: undefined }))
          yield* inTime(said("do b"))
          yield* said("hang")
          yield* first.close
          const done = yield* lines
          const second = yield* open(store, yield* layerOf(after))
          const changed = new RunError.FlowChanged({ run: "x", flow: "steps", version: 1, recorded, met })
          assert.deepStrictEqual(yield* second.run(Effect.flip(Runs.result(Steps, "x"))), changed)
          const info = yield* second.run(Runs.get("x"))
          assert.deepStrictEqual([info.state, info.problem], ["running", changed])
          yield* second.close
          assert.deepStrictEqual(yield* lines, done, "nothing new is done, and nothing undone")
          const third = yield* open(store, old)
          yield* hung(2)
          yield* third.run(Runs.cancel("x"))
          yield* third.run(Runs.outcome(Steps, "x"))
          assert.deepStrictEqual(
            undosDone(yield* lines),
            before === changes[8]?.before ? ["undo b"] : ["undo b", "undo a"]
          )
        }))
    }

    test("what is new behind all that is recorded is done", (store) =>
      Effect.gen(function* () {
        const first = yield* open(store, yield* layerOf(all(spoken("a"), hang)))
        yield* first.run(Runs.start(Steps, { id: "x", payload: undefined }))
        yield* said("hang")
        yield* first.close
        const second = yield* open(store, yield* layerOf(all(spoken("a"), spoken("instead"), spoken("more"))))
        yield* second.run(Runs.result(Steps, "x"))
        assert.deepStrictEqual(yield* lines, ["do a", "hang", "do instead", "do more"])
      }))

    test("a run that is to be undone is not undone by a flow that has changed", (store) =>
      Effect.gen(function* () {
        const old = yield* layerOf(all(spoken("a"), spoken("b"), hang))
        const first = yield* open(store, old, { resume: "none" })
        yield* first.run(Runs.start(Steps, { id: "x", payload: undefined }))
        yield* said("hang")
        yield* first.run(Runs.detach("x"))
        yield* first.run(Runs.cancel("x"))
        yield* first.close
        const second = yield* open(store, yield* layerOf(all(spoken("a"), spoken("c"), spoken("b"), hang)))
        const error = yield* second.run(Effect.flip(Runs.outcome(Steps, "x")))
        assert.deepInclude(error, { _tag: "FlowChanged", recorded: 'step "b"', met: 'step "c"' })
        assert.strictEqual((yield* recordOf(store, "x")).state, "cancelling")
        yield* second.close
        assert.deepStrictEqual(undosDone(yield* lines), [])
        const third = yield* open(store, old)
        const undo = { undone: ["b", "a"], notUndone: [] }
        assert.deepStrictEqual(yield* third.run(Runs.outcome(Steps, "x")), { _tag: "Cancelled", undo })
      }))

    test("a change is told in the events and in the log", (store) =>
      Effect.gen(function* () {
        const logged = yield* Ref.make<ReadonlyArray<string>>([])
        const logger = Logger.make(({ message }) =>
          Effect.runSync(Ref.update(logged, (all) => [...all, String(message)]))
        )
        const gate = yield* Deferred.make<void>()
        const first = yield* open(store, yield* layerOf(all(spoken("a"), hang)))
        yield* first.run(Runs.start(Steps, { id: "x", payload: undefined }))
        yield* said("hang")
        yield* first.close
        const after = yield* layerOf(all(Deferred.await(gate), spoken("b")))
        const second = yield* Effect.provide(open(store, after), Logger.add(logger))
        const listener = yield* Effect.fork(second.run(Stream.runCollect(Runs.events("x"))))
        yield* Effect.yieldNow()
        yield* Deferred.succeed(gate, undefined)
        const [last] = Chunk.toReadonlyArray(yield* listener).toReversed()
        assert.deepInclude(last, { _tag: "Detached", reason: "flow-changed" })
        const message = 'run x: flow steps@1 has changed: it comes to step "b" where the journal has step "a"'
        assert.deepStrictEqual(yield* Ref.get(logged), [message])
      }))

    test("parallel branches may come in any order, and have an order of their own in a scope", (store) =>
      Effect.gen(function* () {
        const node = (name: string, ...steps: ReadonlyArray<string>) => Step.scope(name)(all(...steps.map(spoken)))
        const first = yield* open(
          store,
          yield* layerOf(all(parallel(node("1", "a", "b"), node("2", "c", "d"), spoken("e")), spoken("f"), hang))
        )
        yield* first.run(Runs.start(Steps, { id: "x", payload: undefined }))
        yield* said("hang")
        yield* first.close
        const turned = all(parallel(spoken("e"), node("2", "c", "d"), node("1", "a", "b")), spoken("f"), hang)
        const second = yield* open(store, yield* layerOf(turned))
        yield* hung(2)
        yield* second.close
        const done = yield* lines
        for (const [changed, recorded, met] of [
          [parallel(spoken("e"), node("2", "d", "c"), node("1", "a", "b")), 'step "2/c"', 'step "2/d"'],
          [parallel(spoken("e"), node("2", "c"), node("1", "a", "b")), 'step "2/d"', 'the end of scope "2/"'],
          [parallel(spoken("new"), node("2", "c", "d"), node("1", "a", "b")), 'step "f"', 'step "new"']
        ] as const) {
          const third = yield* open(store, yield* layerOf(all(changed, spoken("f"), hang)))
          assert.deepInclude(yield* inTime(third.run(Effect.flip(Runs.result(Steps, "x")))), {
            _tag: "FlowChanged",
            recorded,
            met
          })
          yield* third.close
        }
        assert.deepStrictEqual(yield* lines, done)
      }))
  })
}
