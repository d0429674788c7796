import { assert, describe } from "@effect/vitest"
import { Deferred, Effect, Schema, Stream, TestClock } from "effect"
import { Flow, Runs, Signal, Step } from "../../src/index.js"
import { all, type Body, hang, hung, parallel } from "./bodies.js"
import { Refused, spoken } from "./flows.js"
import {
  contractTest,
  count,
  type Log,
  lines,
  open,
  type Store,
  type StoreFactory,
  said,
  say,
  until,
  withLog
} from "./harness.js"

const Racing = Flow.make({ name: "racing", payload: Schema.Void, error: Refused })

const layerOf = (body: Body) => Effect.map(withLog(body), (provided) => Racing.toLayer(() => Effect.asVoid(provided)))

/** Who won a race has won it in every replay. */
export const raceContract = (name: string, factory: StoreFactory): void => {
  const test = contractTest(factory)

  describe(`${name}: races`, () => {
    const afterRestart = (body: Body, before: string) => (store: Store) =>
      Effect.gen(function* () {
        const layer = yield* layerOf(body)
        const first = yield* open(store, layer)
        yield* first.run(Runs.start(Racing, { id: "x", payload: undefined }))
        yield* said(before)
        yield* first.close
        const second = yield* open(store, layer)
        yield* until(
          `${before} again`,
          Effect.map(lines, (all) => count(all, before) === 2)
        )
        yield* second.run(Runs.cancel("x"))
        const outcome = yield* second.run(Runs.outcome(Racing, "x"))
        assert(outcome._tag === "Cancelled")
        return { lines: yield* lines, undo: outcome.undo }
      })

    const slow = Step.make("slow", { run: Effect.zipRight(say("do slow"), Effect.never), undo: () => say("undo slow") })

    test("the step that lost is not begun again when the run resumes, and is not undone", (store) =>
      Effect.gen(function* () {
        const { lines, undo } = yield* afterRestart(all(Effect.race(slow, spoken("quick")), hang), "hang")(store)
        assert.deepStrictEqual(lines, ["do slow", "do quick", "hang", "hang", "undo quick"])
        assert.deepStrictEqual(undo, { undone: ["quick"], notUndone: [] })
      }))

    test("what a step that lost may have done is undone from its intent", (store) =>
      Effect.gen(function* () {
        const lost = Step.withIntent("lost", {
          intent: Schema.String,
          prepare: Effect.as(say("look"), "seen"),
          run: () => Effect.zipRight(say("do lost"), Effect.never),
          undo: (seen, made) => say(`undo lost ${seen} ${made._tag}`)
        })
        const quick = Effect.zipRight(said("do lost"), spoken("quick"))
        const { lines, undo } = yield* afterRestart(all(Effect.race(lost, quick), hang), "hang")(store)
        assert.deepStrictEqual(lines, [
          "look",
          "do lost",
          "do quick",
          "hang",
          "hang",
          "undo quick",
          "undo lost seen None"
        ])
        assert.deepStrictEqual(undo, { undone: ["quick", "lost"], notUndone: [] })
      }))

    test("a branch that failed has cut the others for good", (store) =>
      Effect.gen(function* () {
        const refused = Step.make("refused", {
          error: Refused,
          run: Effect.zipRight(said("do slow"), new Refused({ at: "here" }))
        })
        const caught = Effect.ignore(parallel(slow, refused))
        const { lines } = yield* afterRestart(all(caught, spoken("next"), hang), "hang")(store)
        assert.deepStrictEqual(lines, ["do slow", "do next", "hang", "hang", "undo next"])
      }))

    test("a deadline that lost does not win because it has passed by the time of the replay", (store) =>
      Effect.gen(function* () {
        const limited = Effect.race(Effect.as(Step.sleep("limit", "1 hour"), "late"), spoken("quick"))
        const body = yield* withLog(Effect.flatMap(limited, (who) => all(say(`${who} won`), hang)))
        const layer = Racing.toLayer(() => body)
        const first = yield* open(store, layer)
        yield* first.run(Runs.start(Racing, { id: "x", payload: undefined }))
        yield* said("hang")
        yield* first.close
        yield* TestClock.adjust("2 hours")
        yield* open(store, layer)
        yield* hung(2)
        assert.deepStrictEqual(yield* lines, ["do quick", "quick won", "hang", "quick won", "hang"])
      }))

    test("of two signals the one that came first stays the one that was received", (store) =>
      Effect.gen(function* () {
        const [left, right] = [Signal.make("left"), Signal.make("right")]
        const either = Effect.race(Effect.as(Signal.wait(left), "left"), Effect.as(Signal.wait(right), "right"))
        const layer = yield* layerOf(Effect.flatMap(either, (which) => all(say(which), hang)))
        const first = yield* open(store, layer)
        yield* first.run(Runs.start(Racing, { id: "x", payload: undefined }))
        yield* first.run(Runs.signal("x", right, undefined))
        yield* said("hang")
        yield* first.run(Runs.signal("x", left, undefined))
        yield* first.close
        yield* open(store, layer)
        yield* hung(2)
        assert.deepStrictEqual(yield* lines, ["right", "hang", "right", "hang"])
      }))

    test("of two steps that both ended, the one that ended first wins again", (store) =>
      Effect.gen(function* () {
        const both = yield* Deferred.make<void>()
        const one = (name: string, run: Effect.Effect<unknown, never, Log>) =>
          Effect.uninterruptible(Step.make(name, { success: Schema.String, run: Effect.as(run, name) }))
        const second = one("second", Deferred.await(both))
        const started = one("first", Effect.asVoid(Deferred.succeed(both, undefined)))
        const layer = yield* layerOf(Effect.flatMap(Effect.race(second, started), (who) => all(say(who), hang)))
        const before = yield* open(store, layer)
        yield* before.run(Runs.start(Racing, { id: "x", payload: undefined }))
        yield* said("hang")
        yield* before.close
        yield* open(store, layer)
        yield* hung(2)
        const [winner = ""] = yield* lines
        assert.deepStrictEqual(yield* lines, [winner, "hang", winner, "hang"])
      }))

    test("a run sleeps in its fiber as long as a parallel branch sleeps less", (store) =>
      Effect.gen(function* () {
        const branch = Effect.zipRight(Step.sleep("nap", "1 minute"), spoken("short"))
        const body = Effect.flatMap(Effect.fork(branch), (fiber) => all(Step.sleep("long", "1 hour"), fiber))
        const engine = yield* open(store, yield* layerOf(body))
        yield* engine.run(Runs.start(Racing, { id: "x", payload: undefined }))
        yield* until(
          "both sleep",
          Effect.map(engine.run(Stream.runCollect(Stream.take(Runs.events("x"), 3))), (events) => events.length === 3)
        )
        yield* TestClock.adjust("1 minute")
        yield* said("do short")
        assert.deepInclude(yield* engine.run(Runs.get("x")), { state: "running" })
      }))
  })
}
