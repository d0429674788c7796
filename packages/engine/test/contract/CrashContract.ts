import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Ref, type Scope } from "effect"
import { type Journal, Runs } from "../../src/index.js"
import { Busy, busyLayer, Chain, chainLayer, plan, Refused } from "./flows.js"
import {
  type Crash,
  count,
  crashing,
  entriesOf,
  fresh,
  type Log,
  lines,
  open,
  recordOf,
  type StoreFactory,
  said,
  stepsDone,
  undosDone,
  until
} from "./harness.js"

/** The crash points: before and after each write, or each n-th, until one is never reached. Returns the writes there were. */
const everyCrash = <R>(
  each: number,
  body: (crash: Crash, writes: Ref.Ref<number>) => Effect.Effect<void, unknown, R>
): Effect.Effect<number, unknown, Exclude<Exclude<R, Log>, Scope.Scope>> =>
  Effect.gen(function* () {
    for (let at = 1; ; at += each) {
      for (const when of ["before", "after"] as const) {
        const writes = yield* Ref.make(0)
        yield* body({ at, when }, writes).pipe(fresh, Effect.scoped)
        const reached = yield* Ref.get(writes)
        if (reached < at) return reached
      }
    }
  })

/** Waits for an effect, or until the journal has died. */
const whileAlive = <A, E, R>(effect: Effect.Effect<A, E, R>, { at }: Crash, writes: Ref.Ref<number>) =>
  Effect.raceFirst(
    Effect.exit(effect),
    until(
      "the journal dies",
      Effect.map(Ref.get(writes), (n) => n >= at)
    )
  )

const once = (entries: ReadonlyArray<Journal.Entry>) => {
  const keys = entries.map((entry) => `${entry.kind}/${entry.name}`)
  assert.deepStrictEqual(keys, Array.from(new Set(keys)), "an entry was written twice")
}

/** A run that crashed at any write ends as if it had not. */
export const crashContract = (name: string, factory: StoreFactory, each = 1): void => {
  describe(`${name}: crashes`, () => {
    it.scoped("a run that crashed at any write ends as if it had not, each record written once", () =>
      Effect.gen(function* () {
        const points = yield* everyCrash(each, (crash, writes) =>
          Effect.gen(function* () {
            const store = yield* factory
            const layer = yield* chainLayer
            const first = yield* open(crashing(store, crash, writes), layer)
            yield* whileAlive(first.run(Runs.execute(Chain, { id: "x", payload: plan })), crash, writes)
            yield* first.close
            const before = yield* lines
            const second = yield* open(store, layer)
            yield* second.run(Runs.start(Chain, { id: "x", payload: plan }))
            assert.deepStrictEqual(yield* second.run(Runs.outcome(Chain, "x")), { _tag: "Succeeded", value: "abcdef" })
            once(yield* entriesOf(store, "x"))
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
        const points = yield* everyCrash(each, (crash, writes) =>
          Effect.gen(function* () {
            const store = yield* factory
            const layer = yield* chainLayer
            const first = yield* open(crashing(store, crash, writes), layer)
            yield* whileAlive(first.run(Runs.execute(Chain, { id: "x", payload })), crash, writes)
            yield* first.close
            const before = yield* lines
            const undoing = before.some((line) => line.startsWith("undo "))
            const second = yield* open(store, layer)
            yield* second.run(Runs.start(Chain, { id: "x", payload }))
            assert.deepStrictEqual(yield* second.run(Runs.outcome(Chain, "x")), {
              _tag: "Failed",
              error: new Refused({ at: "e" }),
              undo: { undone: ["d", "c", "b", "a"], notUndone: [] }
            })
            once(yield* entriesOf(store, "x"))
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
        const points = yield* everyCrash(each, (crash, writes) =>
          Effect.gen(function* () {
            const store = yield* factory
            const { layer } = yield* busyLayer
            const first = yield* open(crashing(store, crash, writes), layer)
            const started = yield* Effect.exit(first.run(Runs.start(Busy, { id: "x", payload: plan })))
            if (Exit.isSuccess(started)) {
              yield* whileAlive(said("begin three"), crash, writes)
              yield* Effect.exit(first.run(Runs.cancel("x")))
              const known = yield* recordOf(store, "x")
              if (known.state !== "running") yield* whileAlive(first.run(Runs.outcome(Busy, "x")), crash, writes)
            }
            yield* first.close
            const asked = Exit.isSuccess(started) && (yield* recordOf(store, "x")).state !== "running"
            const before = yield* lines
            const second = yield* open(store, layer)
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
            once(yield* entriesOf(store, "x"))
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
