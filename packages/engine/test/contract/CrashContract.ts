import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Ref } from "effect"
import { type Journal, Runs } from "../../src/index.js"
import { Busy, busyLayer, Chain, chainLayer, plan, Refused } from "./flows.js"
import {
  type Crash,
  count,
  crashing,
  entriesOf,
  fresh,
  type JournalFactory,
  type Log,
  lines,
  open,
  recordOf,
  said,
  stepsDone,
  undosDone,
  until
} from "./harness.js"

/** The crash points: before and after each write, until one is never reached. */
const everyCrash = <R>(
  body: (crash: Crash, writes: Ref.Ref<number>) => Effect.Effect<void, unknown, R>
): Effect.Effect<number, unknown, Exclude<R, Log>> =>
  Effect.gen(function* () {
    for (let at = 1; ; at++) {
      for (const when of ["before", "after"] as const) {
        const writes = yield* Ref.make(0)
        yield* body({ at, when }, writes).pipe(fresh)
        if ((yield* Ref.get(writes)) < at) return at - 1
      }
    }
  })

const once = (entries: ReadonlyArray<Journal.Entry>) => {
  const keys = entries.map((entry) => `${entry.kind}/${entry.name}`)
  assert.deepStrictEqual(keys, Array.from(new Set(keys)), "an entry was written twice")
}

/** A run that crashed at any write ends as if it had not. */
export const crashContract = (name: string, factory: JournalFactory): void => {
  describe(`${name}: crashes`, () => {
    it.scoped("a run that crashed at any write ends as if it had not, each record written once", () =>
      Effect.gen(function* () {
        const points = yield* everyCrash((crash, writes) =>
          Effect.gen(function* () {
            const journal = yield* factory
            const layer = yield* chainLayer
            const first = yield* open(crashing(journal, crash, writes), layer)
            yield* Effect.exit(first.run(Runs.execute(Chain, { id: "x", payload: plan })))
            yield* first.close
            const before = yield* lines
            const second = yield* open(journal, layer)
            yield* second.run(Runs.start(Chain, { id: "x", payload: plan }))
            assert.deepStrictEqual(yield* second.run(Runs.outcome(Chain, "x")), { _tag: "Succeeded", value: "abcdef" })
            once(yield* entriesOf(journal, "x"))
            const all = yield* lines
            assert.deepStrictEqual(undosDone(all), [])
            const repeated = stepsDone(all.slice(before.length)).filter((line) => before.includes(line))
            assert.isAtMost(repeated.length, 2, "only what was not recorded runs again")
            if (crash.when === "after") assert.strictEqual(count(all, "do a"), 1)
          })
        )
        assert.isAtLeast(points, 9)
      })
    )

    it.scoped("a run that fails is undone whole and in reverse order, wherever it crashed", () =>
      Effect.gen(function* () {
        const payload = { fail: true, resource: null }
        const points = yield* everyCrash((crash, writes) =>
          Effect.gen(function* () {
            const journal = yield* factory
            const layer = yield* chainLayer
            const first = yield* open(crashing(journal, crash, writes), layer)
            yield* Effect.exit(first.run(Runs.execute(Chain, { id: "x", payload })))
            yield* first.close
            const before = yield* lines
            const undoing = before.some((line) => line.startsWith("undo "))
            const second = yield* open(journal, layer)
            yield* second.run(Runs.start(Chain, { id: "x", payload }))
            assert.deepStrictEqual(yield* second.run(Runs.outcome(Chain, "x")), {
              _tag: "Failed",
              error: new Refused({ at: "e" }),
              undo: { undone: ["d", "c", "b", "a"], notUndone: [] }
            })
            once(yield* entriesOf(journal, "x"))
            const all = yield* lines
            if (undoing) assert.deepStrictEqual(stepsDone(all.slice(before.length)), [], "nothing runs forward")
            assert.isAtMost(undosDone(all).length, 5, "at most the undo that was not recorded runs again")
            assert.include(all, "undo b seen b")
          })
        )
        assert.isAtLeast(points, 13)
      })
    )

    it.scoped("a cancelled run is undone whole and in reverse order, wherever it crashed", () =>
      Effect.gen(function* () {
        const points = yield* everyCrash((crash, writes) =>
          Effect.gen(function* () {
            const journal = yield* factory
            const { layer } = yield* busyLayer
            const first = yield* open(crashing(journal, crash, writes), layer)
            const started = yield* Effect.exit(first.run(Runs.start(Busy, { id: "x", payload: plan })))
            if (Exit.isSuccess(started)) {
              const waiting = first
                .run(Runs.outcome(Busy, "x"))
                .pipe(Effect.exit, Effect.raceFirst(said("begin three")))
              yield* waiting
              yield* Effect.exit(first.run(Runs.cancel("x")))
              const known = yield* recordOf(journal, "x")
              if (known.state !== "running") yield* Effect.exit(first.run(Runs.outcome(Busy, "x")))
            }
            yield* first.close
            const asked = Exit.isSuccess(started) && (yield* recordOf(journal, "x")).state !== "running"
            const before = yield* lines
            const second = yield* open(journal, layer)
            yield* second.run(Runs.start(Busy, { id: "x", payload: plan }))
            if (!asked) {
              const begun = count(before, "begin three")
              yield* until(
                "three again",
                Effect.map(lines, (all) => count(all, "begin three") > begun)
              )
              yield* second.run(Runs.cancel("x"))
            }
            assert.deepStrictEqual(yield* second.run(Runs.outcome(Busy, "x")), {
              _tag: "Cancelled",
              undo: { undone: ["three", "two", "one"], notUndone: [] }
            })
            once(yield* entriesOf(journal, "x"))
            const all = yield* lines
            assert.notInclude(all, "after three")
            if (asked) assert.deepStrictEqual(stepsDone(all.slice(before.length)), [], "nothing runs forward")
            assert.include(all, "undo three seen None")
          })
        )
        assert.isAtLeast(points, 8)
      })
    )
  })
}
