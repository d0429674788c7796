import { assert, describe, it } from "@effect/vitest"
import {
  Chunk,
  DateTime,
  Deferred,
  Effect,
  Exit,
  Fiber,
  type Layer,
  Option,
  Ref,
  type Scope,
  Stream,
  TestClock
} from "effect"
import { Flow, type Journal, Run, RunError, Runs, Step } from "../../src/index.js"
import {
  Approval,
  Asking,
  asking,
  Busy,
  busy,
  Chain,
  chain,
  Parallel,
  parallel,
  Refused,
  Sleeper,
  sleeper,
  spoken
} from "./flows.js"
import {
  type Crash,
  count,
  crashing,
  entriesOf,
  type JournalFactory,
  Log,
  lines,
  open,
  recordOf,
  said,
  say,
  until
} from "./harness.js"

const plan = { fail: false, resource: null }

const fresh = Effect.provideServiceEffect(Log, Ref.make<ReadonlyArray<string>>([]))

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

const stepsDone = (all: ReadonlyArray<string>) => all.filter((line) => line.startsWith("do "))
const undosDone = (all: ReadonlyArray<string>) => all.filter((line) => line.startsWith("undo "))

/** What every journal must do for an engine. `factory` makes an empty store; every engine opens it anew. */
export const journalContract = (name: string, factory: JournalFactory): void => {
  const test = (
    what: string,
    body: (journal: Layer.Layer<Journal.Journal>) => Effect.Effect<void, unknown, Log | Scope.Scope>
  ) => it.scoped(what, () => Effect.flatMap(factory, body).pipe(fresh))

  const chainLayer = Effect.map(Effect.context<Log>(), (context) =>
    Chain.toLayer((payload) => Effect.provide(chain(payload), context))
  )
  const withLog = <A, E, R>(effect: Effect.Effect<A, E, R | Log>) =>
    Effect.map(
      Effect.context<Log>(),
      (context) => Effect.provide(effect, context) as Effect.Effect<A, E, Exclude<R, Log>>
    )

  const busyLayer = Effect.gen(function* () {
    const gate = yield* Deferred.make<void>()
    const body = yield* withLog(busy(gate)())
    return { gate, layer: Busy.toLayer(() => body) }
  })

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

  describe(`${name}: shutdown`, () => {
    test("closing the engine cuts the step, undoes nothing, and the run goes on in the next engine", (journal) =>
      Effect.gen(function* () {
        const { gate, layer } = yield* busyLayer
        const first = yield* open(journal, layer)
        yield* first.run(Runs.start(Busy, { id: "x", payload: plan }))
        yield* said("begin three")
        const waiter = yield* Effect.fork(first.run(Effect.flip(Runs.result(Busy, "x"))))
        yield* Effect.yieldNow()
        yield* first.close
        const error = yield* Fiber.join(waiter)
        assert.instanceOf(error, RunError.RunDetached)
        assert.strictEqual((yield* recordOf(journal, "x")).state, "running")
        assert.deepStrictEqual(undosDone(yield* lines), [])
        assert.include(yield* lines, "cut three")
        const second = yield* open(journal, layer)
        yield* Deferred.succeed(gate, undefined)
        assert.strictEqual(yield* second.run(Runs.result(Busy, "x")), "done")
        const all = yield* lines
        assert.strictEqual(count(all, "do one"), 1)
        assert.strictEqual(count(all, "look three"), 1, "the intent is not read again")
        assert.strictEqual(count(all, "begin three"), 2)
      }))

    test("a run of an unknown flow or version is left as it is, and listed as unknown", (journal) =>
      Effect.gen(function* () {
        const { layer } = yield* busyLayer
        const first = yield* open(journal, layer)
        yield* first.run(Runs.start(Busy, { id: "x", payload: plan }))
        yield* said("begin three")
        yield* first.close
        const Newer = Flow.make({ ...Busy, version: 2 })
        const second = yield* open(
          journal,
          Newer.toLayer(() => Effect.succeed("new"))
        )
        const [info] = yield* second.run(Runs.list())
        assert.deepInclude(info, { id: "x", state: "running", known: false, version: 1 })
        const error = yield* second.run(Effect.flip(Runs.outcome(Newer, "x")))
        assert.deepInclude(error, { _tag: "RunDetached", reason: "not-implemented" })
        assert.strictEqual(yield* second.run(Runs.cancel("x")), "Requested")
        yield* second.close
        const third = yield* open(journal, layer)
        assert.deepInclude(yield* third.run(Runs.outcome(Busy, "x")), { _tag: "Cancelled" })
        assert.strictEqual(count(yield* lines, "begin three"), 1)
      }))
  })

  describe(`${name}: cancel`, () => {
    test("a busy step is cut at once and what was done is undone in reverse order", (journal) =>
      Effect.gen(function* () {
        const { layer } = yield* busyLayer
        const engine = yield* open(journal, layer)
        yield* engine.run(Runs.start(Busy, { id: "x", payload: plan }))
        yield* said("begin three")
        assert.strictEqual(yield* engine.run(Runs.cancel("x")), "Requested")
        const error = yield* engine.run(Effect.flip(Runs.result(Busy, "x")))
        assert.deepInclude(error, { _tag: "RunCancelled", undo: { undone: ["three", "two", "one"], notUndone: [] } })
        const all = yield* lines
        assert.deepStrictEqual(all.slice(all.indexOf("cut three")), [
          "cut three",
          "undo three seen None",
          "undo two",
          "undo one"
        ])
        assert.strictEqual(yield* engine.run(Runs.cancel("x")), "AlreadyEnded")
      }))

    test("before the first step a run ends without undos", (journal) =>
      Effect.gen(function* () {
        const { layer } = yield* busyLayer
        const engine = yield* open(journal, layer)
        yield* engine.run(Effect.zipRight(Runs.start(Busy, { id: "x", payload: plan }), Runs.cancel("x")))
        const undo = { undone: [], notUndone: [] }
        assert.deepStrictEqual(yield* engine.run(Runs.outcome(Busy, "x")), { _tag: "Cancelled", undo })
        assert.deepStrictEqual(yield* lines, [])
      }))

    test("cancelled again while it is cut and while it is undone, it answers so and does nothing twice", (journal) =>
      Effect.gen(function* () {
        const hold = yield* Deferred.make<void>()
        const Slow = Flow.make({ name: "slow", payload: Busy.payload })
        const body = yield* withLog(
          Effect.gen(function* () {
            yield* Step.make("one", {
              run: Effect.void,
              undo: () => Effect.zipRight(say("undo one"), Deferred.await(hold))
            })
            yield* Step.make("two", { run: Effect.zipRight(say("begin two"), Effect.never) })
          })
        )
        const engine = yield* open(
          journal,
          Slow.toLayer(() => body)
        )
        yield* engine.run(Runs.start(Slow, { id: "x", payload: plan }))
        yield* said("begin two")
        assert.strictEqual(yield* engine.run(Runs.cancel("x")), "Requested")
        assert.strictEqual(yield* engine.run(Runs.cancel("x")), "AlreadyCancelling")
        yield* said("undo one")
        assert.strictEqual(yield* engine.run(Runs.cancel("x")), "AlreadyUndoing")
        yield* Deferred.succeed(hold, undefined)
        assert.deepInclude(yield* engine.run(Runs.outcome(Slow, "x")), { _tag: "Cancelled" })
        assert.strictEqual(count(yield* lines, "undo one"), 1)
      }))

    test("a parked run is undone without being woken", (journal) =>
      Effect.gen(function* () {
        const body = yield* withLog(sleeper())
        const engine = yield* open(
          journal,
          Sleeper.toLayer(() => body)
        )
        yield* engine.run(Runs.start(Sleeper, { id: "x", payload: undefined }))
        yield* until(
          "asleep",
          Effect.map(engine.run(Runs.get("x")), (info) => info.wakeAt !== null)
        )
        yield* engine.run(Runs.cancel("x"))
        assert.deepInclude(yield* engine.run(Runs.outcome(Sleeper, "x")), { _tag: "Cancelled" })
        assert.deepStrictEqual(yield* lines, ["do before", "undo before"])
      }))

    test("an undo that shutdown cuts runs again in the next engine, the ones before it do not", (journal) =>
      Effect.gen(function* () {
        const hold = yield* Deferred.make<void>()
        const Slow = Flow.make({ name: "slow", payload: Busy.payload })
        const body = yield* withLog(
          Effect.gen(function* () {
            yield* Step.make("one", {
              run: Effect.void,
              undo: () => Effect.zipRight(say("undo one"), Deferred.await(hold))
            })
            yield* spoken("two")
            yield* Step.make("three", { run: Effect.zipRight(say("begin three"), Effect.never) })
          })
        )
        const layer = Slow.toLayer(() => body)
        const first = yield* open(journal, layer)
        yield* first.run(Runs.start(Slow, { id: "x", payload: plan }))
        yield* said("begin three")
        yield* first.run(Runs.cancel("x"))
        yield* said("undo one")
        yield* first.close
        assert.strictEqual((yield* recordOf(journal, "x")).state, "undoing")
        yield* Deferred.succeed(hold, undefined)
        const second = yield* open(journal, layer)
        const undo = { undone: ["two", "one"], notUndone: [] }
        assert.deepStrictEqual(yield* second.run(Runs.outcome(Slow, "x")), { _tag: "Cancelled", undo })
        const all = yield* lines
        assert.deepStrictEqual([count(all, "undo one"), count(all, "undo two"), count(all, "begin three")], [2, 1, 1])
      }))

    test("parallel steps are undone in reverse order of the journal, also after a restart", (journal) =>
      Effect.gen(function* () {
        const body = yield* withLog(parallel())
        const layer = Parallel.toLayer(() => body)
        const first = yield* open(journal, layer)
        yield* first.run(Runs.start(Parallel, { id: "x", payload: undefined }))
        yield* said("hang")
        yield* first.close
        const second = yield* open(journal, layer)
        yield* until(
          "hang again",
          Effect.map(lines, (all) => count(all, "hang") === 2)
        )
        yield* second.run(Runs.cancel("x"))
        const undo = { undone: ["2", "1", "3"], notUndone: [] }
        assert.deepStrictEqual(yield* second.run(Runs.outcome(Parallel, "x")), { _tag: "Cancelled", undo })
      }))

    test("a replay that looks for undos finds them in parallel branches, and lets no time pass", (journal) =>
      Effect.gen(function* () {
        const Fork = Flow.make({ name: "fork", payload: Busy.payload })
        const branch = (name: string) =>
          Effect.zipRight(spoken(name), Step.make(`${name}-hang`, { run: Effect.zipRight(say("hang"), Effect.never) }))
        const body = yield* withLog(
          Effect.all([branch("1"), Effect.zipRight(spoken("2"), branch("3"))], { concurrency: 2, discard: true })
        )
        const layer = Fork.toLayer(() => body)
        const first = yield* open(journal, layer)
        yield* first.run(Runs.start(Fork, { id: "x", payload: plan }))
        yield* until(
          "both hang",
          Effect.map(lines, (all) => count(all, "hang") === 2)
        )
        yield* first.close
        const idle = yield* open(
          journal,
          Busy.toLayer(() => Effect.succeed(""))
        )
        yield* idle.run(Runs.cancel("x"))
        yield* idle.close
        const second = yield* open(journal, layer)
        const outcome = yield* second.run(Runs.outcome(Fork, "x"))
        assert(outcome._tag === "Cancelled")
        assert.sameMembers(Array.from(outcome.undo.undone), ["1", "2", "3"])
        assert.strictEqual(count(yield* lines, "hang"), 2)
      }))
  })

  describe(`${name}: time and signals`, () => {
    test("a sleep ends at the time first recorded, however often the engine restarts", (journal) =>
      Effect.gen(function* () {
        const body = yield* withLog(sleeper())
        const layer = Sleeper.toLayer(() => body)
        const first = yield* open(journal, layer)
        yield* first.run(Runs.start(Sleeper, { id: "x", payload: undefined }))
        yield* said("do before")
        yield* TestClock.adjust("40 minutes")
        yield* first.close
        const second = yield* open(journal, layer)
        yield* TestClock.adjust("19 minutes")
        yield* until(
          "asleep",
          Effect.map(second.run(Runs.get("x")), (info) => info.wakeAt === 3_600_000)
        )
        assert.notInclude(yield* lines, "do after")
        yield* TestClock.adjust("1 minute")
        assert.strictEqual(yield* second.run(Runs.result(Sleeper, "x")), "woken")
        assert.strictEqual((yield* recordOf(journal, "x")).endedAt, 3_600_000)
        assert.deepStrictEqual(yield* lines, ["do before", "do after"])
      }))

    test("a sleep in a parallel branch lets the other branches go on", (journal) =>
      Effect.gen(function* () {
        const Both = Flow.make({ name: "both", payload: Sleeper.payload })
        const body = yield* withLog(
          Effect.all(
            [
              Effect.zipRight(Step.sleepUntil("nap", DateTime.unsafeMake(60_000)), spoken("late")),
              Effect.zipRight(spoken("early"), Effect.void)
            ],
            { concurrency: "unbounded", discard: true }
          )
        )
        const engine = yield* open(
          journal,
          Both.toLayer(() => body)
        )
        yield* engine.run(Runs.start(Both, { id: "x", payload: undefined }))
        yield* said("do early")
        assert.notInclude(yield* lines, "do late")
        yield* TestClock.adjust("1 minute")
        yield* engine.run(Runs.result(Both, "x"))
        assert.deepStrictEqual(yield* lines, ["do early", "do late"])
      }))

    test("a signal is received once, before or after the flow waits for it and across a restart", (journal) =>
      Effect.gen(function* () {
        const context = yield* Effect.context<Log>()
        const layer = Asking.toLayer((hours) => Effect.provide(asking(hours), context))
        const first = yield* open(journal, layer)
        yield* first.run(Runs.start(Asking, { id: "x", payload: null }))
        yield* said("do ask")
        yield* first.close
        const second = yield* open(journal, layer)
        yield* second.run(Runs.signal("x", Approval, { by: "Ada" }))
        assert.strictEqual(yield* second.run(Runs.result(Asking, "x")), "Ada")
        yield* second.run(Runs.start(Asking, { id: "y", payload: null }))
        yield* second.run(Runs.signal("y", Approval, { by: "Ada" }))
        yield* second.run(Runs.signal("y", Approval, { by: "Ada" }))
        assert.strictEqual(yield* second.run(Runs.result(Asking, "y")), "Ada")
        const late = yield* second.run(Effect.flip(Runs.signal("y", Approval, { by: "Bob" })))
        assert.deepInclude(late, { _tag: "SignalRefused", reason: "run-ended" })
      }))

    test("a second signal with another payload is refused", (journal) =>
      Effect.gen(function* () {
        const { layer } = yield* busyLayer
        const engine = yield* open(journal, layer)
        yield* engine.run(Runs.start(Busy, { id: "x", payload: plan }))
        yield* engine.run(Runs.signal("x", Approval, { by: "Ada" }))
        const error = yield* engine.run(Effect.flip(Runs.signal("x", Approval, { by: "Bob" })))
        assert.deepInclude(error, { _tag: "SignalRefused", reason: "already-received" })
      }))

    test("a deadline passes at the time first recorded, and its failure undoes the run", (journal) =>
      Effect.gen(function* () {
        const context = yield* Effect.context<Log>()
        const layer = Asking.toLayer((hours) => Effect.provide(asking(hours), context))
        const first = yield* open(journal, layer)
        yield* first.run(Runs.start(Asking, { id: "x", payload: 2 }))
        yield* said("do ask")
        yield* TestClock.adjust("1 hour")
        yield* first.close
        const second = yield* open(journal, layer)
        yield* until(
          "parked",
          Effect.map(second.run(Runs.get("x")), (info) => info.wakeAt === 7_200_000)
        )
        yield* TestClock.adjust("1 hour")
        assert.deepInclude(yield* second.run(Effect.flip(Runs.result(Asking, "x"))), { _tag: "SignalTimedOut" })
        assert.deepStrictEqual(yield* lines, ["do ask", "undo ask"])
      }))
  })

  describe(`${name}: locks and ids`, () => {
    const held = { fail: false, resource: "cluster/1" }

    test("a resource has one run at a time, across a restart, until its undos have ended", (journal) =>
      Effect.gen(function* () {
        const { layer } = yield* busyLayer
        yield* TestClock.adjust("5 seconds")
        const first = yield* open(journal, layer)
        yield* first.run(Runs.start(Busy, { id: "x", payload: held }))
        const busyError = yield* first.run(Effect.flip(Runs.start(Busy, { id: "y", payload: held })))
        const holder = { run: "x", flow: "busy", since: 5_000 }
        assert.deepStrictEqual(busyError, new RunError.Busy({ resource: "cluster/1", holder }))
        yield* first.close
        const second = yield* open(journal, layer)
        const again = yield* second.run(Effect.flip(Runs.start(Busy, { id: "y", payload: held })))
        assert.deepInclude(again, { _tag: "Busy" })
        yield* second.run(Runs.cancel("x"))
        yield* second.run(Runs.outcome(Busy, "x"))
        assert.deepInclude(yield* second.run(Runs.start(Busy, { id: "y", payload: held })), { state: "running" })
      }))

    test("runs that wait in line begin first come, first served, and one that is cancelled leaves the line", (journal) =>
      Effect.gen(function* () {
        const { gate, layer } = yield* busyLayer
        const first = yield* open(journal, layer)
        yield* first.run(Runs.start(Busy, { id: "1", payload: held }))
        for (const id of ["2", "3", "4"]) {
          const info = yield* first.run(Runs.start(Busy, { id, payload: held, waitForLock: true }))
          assert.strictEqual(info.state, "queued")
        }
        yield* first.run(Runs.cancel("3"))
        assert.deepInclude(yield* first.run(Runs.outcome(Busy, "3")), { _tag: "Cancelled" })
        yield* first.close
        const second = yield* open(journal, layer)
        assert.deepInclude(yield* second.run(Runs.get("2")), { state: "queued" })
        yield* Deferred.succeed(gate, undefined)
        for (const id of ["1", "2", "4"]) assert.strictEqual(yield* second.run(Runs.result(Busy, id)), "done")
        const started = yield* Effect.forEach(["1", "2", "4"], (id) => recordOf(journal, id))
        assert.isTrue(started.every((record) => record.startedAt !== null && record.state === "succeeded"))
        const after = yield* second.run(Runs.start(Busy, { id: "5", payload: held }))
        assert.strictEqual(after.state, "running")
      }))

    test("the line is fair: runs take their turn in the order in which they came", (journal) =>
      Effect.gen(function* () {
        const gate = yield* Deferred.make<void>()
        const Turn = Flow.make({ name: "turn", payload: Busy.payload, resource: () => "one" })
        const body = yield* withLog(
          Effect.flatMap(Run.id, (id) => Step.make("take", { run: Effect.zipRight(Deferred.await(gate), say(id)) }))
        )
        const engine = yield* open(
          journal,
          Turn.toLayer(() => body)
        )
        const ids = ["d", "a", "c", "b", "e"]
        for (const id of ids) yield* engine.run(Runs.start(Turn, { id, payload: plan, waitForLock: true }))
        yield* Deferred.succeed(gate, undefined)
        yield* engine.run(Runs.result(Turn, "e"))
        assert.deepStrictEqual(yield* lines, ids)
      }))

    test("start is idempotent by id, and an id means one payload", (journal) =>
      Effect.gen(function* () {
        const layer = yield* chainLayer
        const engine = yield* open(journal, layer)
        yield* engine.run(Runs.execute(Chain, { id: "x", payload: plan }))
        assert.deepInclude(yield* engine.run(Runs.start(Chain, { id: "x", payload: plan })), { state: "succeeded" })
        const error = yield* engine.run(Effect.flip(Runs.start(Chain, { id: "x", payload: { ...plan, fail: true } })))
        assert.deepStrictEqual(error, new RunError.RunIdTaken({ run: "x", flow: "chain", version: 1 }))
        assert.strictEqual(count(yield* lines, "do a"), 1)
      }))

    test("a step name used twice ends the run as died, saying so, and what was done is undone", (journal) =>
      Effect.gen(function* () {
        const Twice = Flow.make({ name: "twice", payload: Busy.payload })
        const body = yield* withLog(Effect.asVoid(Effect.zipRight(spoken("same"), spoken("same"))))
        const engine = yield* open(
          journal,
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

  describe(`${name}: listing and keeping`, () => {
    const Quick = Flow.make({ name: "quick", payload: Busy.payload })
    const quick = Quick.toLayer(() => Effect.void)

    test("runs are listed newest first, by flow, resource and state, in pages", (journal) =>
      Effect.gen(function* () {
        const engine = yield* open(journal, quick)
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

    test("runs that ended are kept for a time and up to a number; others stay", (journal) =>
      Effect.gen(function* () {
        const gate = yield* Deferred.make<void>()
        const Held = Flow.make({ name: "held", payload: Busy.payload })
        const held = Held.toLayer(() => Step.make("wait", { run: Deferred.await(gate) }))
        const retention = { maxRuns: 2, maxAge: "1 hour" } as const
        const both = yield* open(journal, quick, { retention })
        for (const id of ["1", "2", "3"]) yield* both.run(Runs.execute(Quick, { id, payload: plan }))
        yield* both.close
        const engine = yield* open(journal, held, { retention })
        yield* engine.run(Runs.start(Held, { id: "open", payload: plan }))
        yield* TestClock.adjust("2 minutes")
        yield* until(
          "one evicted",
          Effect.map(engine.run(Runs.list()), (infos) => infos.length === 3)
        )
        assert.deepInclude(yield* engine.run(Effect.flip(Runs.get("1"))), { _tag: "RunNotFound" })
        assert.deepStrictEqual(yield* entriesOf(journal, "1"), [])
        yield* TestClock.adjust("2 hours")
        yield* until(
          "all evicted",
          Effect.map(engine.run(Runs.list()), (infos) => infos.length === 1)
        )
        assert.deepInclude(yield* engine.run(Runs.get("open")), { state: "running" })
      }))

    test("the history after a restart is what the journal holds, in order", (journal) =>
      Effect.gen(function* () {
        const { layer } = yield* busyLayer
        const first = yield* open(journal, layer)
        yield* first.run(Runs.start(Busy, { id: "x", payload: plan }))
        yield* said("begin three")
        yield* first.run(Runs.cancel("x"))
        const live = yield* first.run(Stream.runCollect(Runs.events("x")))
        yield* first.close
        const second = yield* open(journal, layer)
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
