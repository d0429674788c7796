import { assert, describe } from "@effect/vitest"
import { Effect, Ref, Schedule, Schema, TestClock } from "effect"
import { Flow, Runs, Signal, Step } from "../../src/index.js"
import { Refused, spoken } from "./flows.js"
import {
  contractTest,
  count,
  entriesOf,
  lines,
  open,
  type StoreFactory,
  said,
  say,
  undosDone,
  until,
  withLog
} from "./harness.js"

class TooSlow extends Schema.TaggedError<TooSlow>()("TooSlow", { after: Schema.Number }) {}

const Try = Flow.make({
  name: "try",
  payload: Schema.Void,
  success: Schema.String,
  error: Schema.Union(Refused, TooSlow)
})

/** Lets the time pass that somebody waits for, second by second. */
const passing = Effect.forever(Effect.zipRight(Effect.yieldNow(), TestClock.adjust("1 second")))

/** What a step does beside returning a value. */
export const stepContract = (name: string, factory: StoreFactory): void => {
  const test = contractTest(factory)

  describe(`${name}: steps`, () => {
    test("a step tries again inside itself, and is recorded once: with its last error, or with what it came to", (store) =>
      Effect.gen(function* () {
        const tries = yield* Ref.make(0)
        const schedule = Schedule.intersect(Schedule.spaced("1 second"), Schedule.recurs(2))
        const attempt = (succeedsAt: number) =>
          Effect.flatMap(
            Ref.updateAndGet(tries, (n) => n + 1),
            (n) => (n < succeedsAt ? new Refused({ at: `try ${n}` }) : Effect.succeed(`try ${n}`))
          )
        const made = (name: string, succeedsAt: number) =>
          Step.make(name, {
            success: Schema.String,
            error: Refused,
            run: Effect.retry(attempt(succeedsAt), schedule)
          })
        const body = Effect.zipRight(made("well", 3), made("badly", 9))
        const engine = yield* open(
          store,
          Try.toLayer(() => body)
        )
        yield* engine.run(Runs.start(Try, { id: "x", payload: undefined }))
        const outcome = yield* Effect.raceFirst(engine.run(Runs.outcome(Try, "x")), passing)
        const undo = { undone: [], notUndone: [] }
        assert.deepStrictEqual<unknown>(outcome, { _tag: "Failed", error: new Refused({ at: "try 6" }), undo })
        assert.deepStrictEqual(
          (yield* entriesOf(store, "x")).map(({ exit, name, value }) => [name, exit, value]),
          [
            ["well", "success", '"try 3"'],
            ["badly", "failure", '{"at":"try 6","_tag":"Refused"}']
          ]
        )
      }))

    test("a step that takes too long ends with its typed error, at its limit", (store) =>
      Effect.gen(function* () {
        const late = { duration: "5 seconds", onTimeout: () => new TooSlow({ after: 5 }) } as const
        const run = Effect.timeoutFail(Effect.zipRight(say("begin"), Effect.never), late)
        const body = yield* withLog(Effect.zipRight(spoken("a"), Step.make("slow", { error: TooSlow, run })))
        const engine = yield* open(
          store,
          Try.toLayer(() => Effect.as(body, ""))
        )
        yield* engine.run(Runs.start(Try, { id: "x", payload: undefined }))
        yield* said("begin")
        yield* TestClock.adjust("5 seconds")
        const error = yield* engine.run(Effect.flip(Runs.result(Try, "x")))
        assert.deepStrictEqual<unknown>(error, new TooSlow({ after: 5 }))
        assert.strictEqual((yield* engine.run(Runs.get("x"))).endedAt, 5_000)
        assert.deepStrictEqual(yield* lines, ["do a", "begin", "undo a"])
      }))

    test("a limit on several steps that is raced with a sleep holds over a restart", (store) =>
      Effect.gen(function* () {
        const steps = Effect.all([spoken("a"), Step.make("hang", { run: Effect.zipRight(say("hang"), Effect.never) })])
        const limit = Effect.zipRight(Step.sleep("limit", "1 hour"), new TooSlow({ after: 3600 }))
        const body = yield* withLog(Effect.as(Effect.raceFirst(steps, limit), ""))
        const layer = Try.toLayer(() => body)
        const first = yield* open(store, layer)
        yield* first.run(Runs.start(Try, { id: "x", payload: undefined }))
        yield* said("hang")
        yield* TestClock.adjust("40 minutes")
        yield* first.close
        const second = yield* open(store, layer)
        yield* until(
          "it hangs again",
          Effect.map(lines, (all) => count(all, "hang") === 2)
        )
        yield* TestClock.adjust("20 minutes")
        const error = yield* second.run(Effect.flip(Runs.result(Try, "x")))
        assert.deepStrictEqual<unknown>(error, new TooSlow({ after: 3600 }))
        assert.strictEqual((yield* second.run(Runs.get("x"))).endedAt, 3_600_000)
        assert.deepStrictEqual(undosDone(yield* lines), ["undo a"])
      }))

    test("an undo that fails is tried again, and then reported with its reason; the others are still made", (store) =>
      Effect.gen(function* () {
        const stubborn = Step.make("stubborn", {
          run: Effect.void,
          undo: () => Effect.zipRight(say("try"), new Refused({ at: "undo" })),
          undoRetry: Schedule.intersect(Schedule.spaced("1 second"), Schedule.recurs(2))
        })
        const refused = Step.make("refused", { error: Refused, run: new Refused({ at: "end" }) })
        const body = yield* withLog(Effect.as(Effect.all([spoken("a"), stubborn, refused]), ""))
        const engine = yield* open(
          store,
          Try.toLayer(() => body)
        )
        yield* engine.run(Runs.start(Try, { id: "x", payload: undefined }))
        const outcome = yield* Effect.raceFirst(engine.run(Runs.outcome(Try, "x")), passing)
        assert(outcome._tag === "Failed")
        assert.deepStrictEqual(outcome.undo.undone, ["a"])
        assert.deepStrictEqual(
          outcome.undo.notUndone.map(({ reason, step }) => [step, reason.name]),
          [["stubborn", "Refused"]]
        )
        assert.deepStrictEqual(yield* lines, ["do a", "try", "try", "try", "undo a"])
      }))

    test("a signal its schema refuses is not received, and the run goes on waiting", (store) =>
      Effect.gen(function* () {
        const Approval = Signal.make("approval", Schema.Struct({ share: Schema.Number.pipe(Schema.between(0, 1)) }))
        const body = Effect.map(Step.scope("in")(Signal.wait(Approval)), ({ share }) => String(share))
        const engine = yield* open(
          store,
          Try.toLayer(() => body)
        )
        yield* engine.run(Runs.start(Try, { id: "x", payload: undefined }))
        const send = (share: number) => engine.run(Runs.signal("x", Approval, { share }, { scope: "in" }))
        assert.deepInclude(yield* Effect.flip(send(2)), { _tag: "PayloadInvalid", of: "signal in/approval" })
        assert.deepInclude(yield* engine.run(Runs.get("x")), { state: "running" })
        yield* send(0.5)
        assert.strictEqual(yield* engine.run(Runs.result(Try, "x")), "0.5")
      }))
  })
}
