import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Fiber, Layer, Option, Redacted, Ref, Schedule, Schema, TestClock } from "effect"
import { Flow, type Run, RunError, Runs, Step } from "../src/index.js"
import { Refused, spoken } from "./contract/flows.js"
import { Log, lines, memory, open, said, say, until } from "./contract/harness.js"

const Any = Flow.make({ name: "any", payload: Schema.Void, success: Schema.Unknown, error: Refused })

const engineOf = <E>(body: Effect.Effect<unknown, E extends Refused ? E : never, Run.Run | Log>) =>
  Effect.gen(function* () {
    const context = yield* Effect.context<Log>()
    return yield* open(
      yield* memory,
      Any.toLayer(() => Effect.provide(body, context))
    )
  })

const outcomeOf = (body: Effect.Effect<unknown, Refused, Run.Run | Log>) =>
  Effect.gen(function* () {
    const engine = yield* engineOf(body)
    return yield* engine.run(Effect.zipRight(Runs.start(Any, { id: "x", payload: undefined }), Runs.outcome(Any, "x")))
  })

const test = (what: string, body: () => Effect.Effect<void, unknown, Log | import("effect").Scope.Scope>) =>
  it.scoped(what, () => Effect.provideServiceEffect(body(), Log, Ref.make<ReadonlyArray<string>>([])))

const nothing = { undone: [], notUndone: [] }

describe("make", () => {
  test("a typed failure can be caught by the flow, which then succeeds and is not undone", () =>
    Effect.gen(function* () {
      const refused = Step.make("b", { error: Refused, run: new Refused({ at: "b" }) })
      const body = Effect.zipRight(
        spoken("a"),
        Effect.catchTag(refused, "Refused", ({ at }) => Effect.succeed(at))
      )
      assert.deepStrictEqual(yield* outcomeOf(body), { _tag: "Succeeded", value: "b" })
      assert.deepStrictEqual(yield* lines, ["do a"])
    }))

  test("a defect ends the run as died and undoes it", () =>
    Effect.gen(function* () {
      const body = Effect.zipRight(spoken("a"), Step.make("b", { run: Effect.die(new RangeError("too far")) }))
      assert.deepStrictEqual(yield* outcomeOf(body), {
        _tag: "Died",
        defect: { name: "RangeError", message: "too far" },
        undo: { undone: ["a"], notUndone: [] }
      })
    }))

  test("a result its schema refuses is a defect that names the step", () =>
    Effect.gen(function* () {
      const body = Step.make("small", { success: Schema.Number.pipe(Schema.lessThan(3)), run: Effect.succeed(4) })
      const outcome = yield* outcomeOf(body)
      assert(outcome._tag === "Died")
      assert.include(outcome.defect.message, 'the result of step "small" does not fit its schema')
    }))

  test("a step inside a step is a defect, also in a fiber the step forked", () =>
    Effect.gen(function* () {
      const inner = spoken("inner")
      const outer = Step.make("outer", { run: Effect.asVoid(Effect.all([inner], { concurrency: 2 })) })
      const message = new RunError.StepNested({ run: "x", step: "inner", inside: "outer" }).message
      const defect = { name: "StepNested", message }
      assert.deepStrictEqual(yield* outcomeOf(outer), { _tag: "Died", defect, undo: nothing })
    }))

  it("a schema that holds Schema.Redacted is refused, however deep", () => {
    const secret = Schema.Struct({ users: Schema.Array(Schema.Struct({ password: Schema.Redacted(Schema.String) })) })
    const make = () =>
      Step.make("s", { success: secret, run: Effect.succeed({ users: [{ password: Redacted.make("x") }] }) })
    assert.throws(make, /would write the raw secret/)
    assert.throws(make, /would write the raw secret/)
    assert.throws(() => Flow.make({ name: "f", payload: secret }), /would write the raw secret/)
  })
})

describe("undo", () => {
  const stubborn = (failures: number, undoRetry?: Schedule.Schedule<unknown, Refused>) =>
    Effect.gen(function* () {
      const tries = yield* Ref.make(0)
      const undo = () =>
        Effect.flatMap(
          Ref.updateAndGet(tries, (n) => n + 1),
          (n) => (n <= failures ? Effect.fail(new Refused({ at: `try ${n}` })) : say(`undone after ${n}`))
        )
      return Effect.gen(function* () {
        yield* spoken("first")
        yield* undoRetry
          ? Step.make("stubborn", { run: Effect.void, undo, undoRetry })
          : Step.make("stubborn", { run: Effect.void, undo })
        return yield* Step.make("last", { error: Refused, run: new Refused({ at: "last" }) })
      })
    })

  test("one that fails is tried again with growing pauses", () =>
    Effect.gen(function* () {
      const body = yield* stubborn(4)
      const fiber = yield* Effect.fork(outcomeOf(body))
      yield* TestClock.adjust("14 seconds")
      assert.notInclude(yield* lines, "undone after 5")
      yield* TestClock.adjust("1 seconds")
      const outcome = yield* Fiber.join(fiber)
      assert(outcome._tag === "Failed")
      assert.deepStrictEqual(outcome.undo, { undone: ["stubborn", "first"], notUndone: [] })
    }))

  test("one that never works is reported with its reason, and the others are still undone", () =>
    Effect.gen(function* () {
      const body = yield* stubborn(Number.POSITIVE_INFINITY, Schedule.recurs(2))
      const outcome = yield* outcomeOf(body)
      assert(outcome._tag === "Failed")
      assert.deepStrictEqual(outcome.error, new Refused({ at: "last" }))
      assert.deepStrictEqual(outcome.undo.undone, ["first"])
      assert.deepStrictEqual(
        outcome.undo.notUndone.map(({ reason, step }) => [step, reason.name]),
        [["stubborn", "Refused"]]
      )
    }))

  test("a parallel step the flow no longer comes to is reported as not undone", () =>
    Effect.gen(function* () {
      const journal = yield* memory
      const layerOf = (body: Effect.Effect<unknown, never, Run.Run | Log>) =>
        Effect.map(Effect.context<Log>(), (context) => Any.toLayer(() => Effect.provide(body, context)))
      const both = Effect.all([spoken("kept"), spoken("dropped")], { concurrency: 2 })
      const hang = Step.make("hang", { run: Effect.zipRight(say("hang"), Effect.never) })
      const first = yield* open(journal, yield* layerOf(Effect.zipRight(both, hang)))
      yield* first.run(Runs.start(Any, { id: "x", payload: undefined }))
      yield* said("hang")
      yield* first.close
      const idle = yield* open(journal, Layer.empty)
      yield* idle.run(Runs.cancel("x"))
      yield* idle.close
      const one = Effect.all([spoken("kept")], { concurrency: 2 })
      const after = Effect.zipRight(one, Step.make("new", { run: say("new") }))
      const second = yield* open(journal, yield* layerOf(after))
      const outcome = yield* second.run(Runs.outcome(Any, "x"))
      assert(outcome._tag === "Cancelled")
      assert.deepStrictEqual(outcome.undo.undone, ["kept"])
      assert.deepStrictEqual(
        outcome.undo.notUndone.map(({ step }) => step),
        ["dropped"]
      )
      assert.notInclude(yield* lines, "new")
    }))
})

describe("withIntent", () => {
  const apply = (run: Effect.Effect<string, Refused>) =>
    Step.withIntent("apply", {
      intent: Schema.Number,
      success: Schema.String,
      error: Refused,
      prepare: Effect.as(say("look"), 7),
      run: () => run,
      undo: (seen, made) => say(`undo ${seen} ${Option.getOrElse(made, () => "?")}`)
    })

  test("its undo gets what was read, also when it failed", () =>
    Effect.gen(function* () {
      yield* outcomeOf(apply(new Refused({ at: "apply" })))
      assert.deepStrictEqual(yield* lines, ["look", "undo 7 ?"])
    }))

  test("its undo gets the result when there is one", () =>
    Effect.gen(function* () {
      yield* outcomeOf(Effect.zipRight(apply(Effect.succeed("made")), new Refused({ at: "later" })))
      assert.deepStrictEqual(yield* lines, ["look", "undo 7 made"])
    }))

  test("nothing is undone when its reading failed", () =>
    Effect.gen(function* () {
      const body = Step.withIntent("apply", {
        intent: Schema.Number,
        error: Refused,
        prepare: new Refused({ at: "look" }),
        run: () => say("apply"),
        undo: () => say("undo")
      })
      const outcome = yield* outcomeOf(body)
      assert.deepStrictEqual(outcome, { _tag: "Failed", error: new Refused({ at: "look" }), undo: nothing })
      assert.deepStrictEqual(yield* lines, [])
    }))
})

describe("scope and each", () => {
  test("a body can be used again under another name, and over many items", () =>
    Effect.gen(function* () {
      const body = Effect.gen(function* () {
        yield* Step.scope("left")(spoken("a"))
        yield* Step.scope("right")(spoken("a"))
        return yield* Step.each([1, 2], { name: (n) => `node-${n}`, concurrency: 2 }, (n) => Effect.as(spoken("b"), n))
      })
      const engine = yield* engineOf(body)
      assert.deepStrictEqual(yield* engine.run(Runs.execute(Any, { id: "x", payload: undefined })), [1, 2])
    }))

  test("undos are reported under the full name", () =>
    Effect.gen(function* () {
      const body = Step.each([1, 2], { name: (n) => `node-${n}` }, () => spoken("b"))
      const outcome = yield* outcomeOf(Effect.zipRight(body, new Refused({ at: "end" })))
      assert(outcome._tag === "Failed")
      assert.deepStrictEqual(outcome.undo.undone, ["node-2/b", "node-1/b"])
    }))
})

describe("sleep", () => {
  test("a sleep at the root ends the body, and with it the scopes in it, until it wakes", () =>
    Effect.gen(function* () {
      const body = Effect.scoped(
        Effect.gen(function* () {
          yield* Effect.acquireRelease(say("acquire"), () => say("release"))
          yield* Step.sleep("nap", "1 day")
          yield* spoken("a")
        })
      )
      const engine = yield* engineOf(body)
      yield* engine.run(Runs.start(Any, { id: "x", payload: undefined }))
      yield* said("release")
      yield* TestClock.adjust("1 day")
      yield* engine.run(Runs.result(Any, "x"))
      assert.deepStrictEqual(yield* lines, ["acquire", "release", "acquire", "do a", "release"])
    }))

  test("a sleep of three months is slept in full", () =>
    Effect.gen(function* () {
      const engine = yield* engineOf(Step.sleep("long", "90 days"))
      yield* engine.run(Runs.start(Any, { id: "x", payload: undefined }))
      yield* until(
        "asleep",
        Effect.map(engine.run(Runs.get("x")), (info) => info.wakeAt !== null)
      )
      for (let day = 0; day < 9; day++) yield* TestClock.adjust("10 days")
      yield* engine.run(Runs.result(Any, "x"))
      assert.strictEqual((yield* engine.run(Runs.get("x"))).endedAt, Duration.toMillis("90 days"))
    }))

  test("many runs asleep wake each at its time, whatever the order they began in", () =>
    Effect.gen(function* () {
      const Nap = Flow.make({ name: "nap", payload: Schema.Number })
      const context = yield* Effect.context<Log>()
      const layer = Nap.toLayer((minutes) =>
        Effect.provide(
          Effect.zipRight(Step.sleep("nap", `${minutes} minutes`), Step.make("up", { run: say(`${minutes}`) })),
          context
        )
      )
      const engine = yield* open(yield* memory, layer)
      const order = [5, 3, 8, 1, 9, 2, 7, 4, 6]
      for (const minutes of order) yield* engine.run(Runs.start(Nap, { id: `${minutes}`, payload: minutes }))
      yield* engine.run(Effect.zipRight(Effect.yieldNow(), Runs.cancel("3")))
      for (const minutes of order.toSorted()) {
        yield* TestClock.adjust("1 minute")
        yield* engine.run(Runs.outcome(Nap, `${minutes}`))
      }
      assert.deepStrictEqual(yield* lines, ["1", "2", "4", "5", "6", "7", "8", "9"])
    }))
})
