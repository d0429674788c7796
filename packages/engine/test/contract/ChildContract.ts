import { assert, describe } from "@effect/vitest"
import { Deferred, Effect, Exit, Layer, Ref, Schema, type Scope } from "effect"
import { Flow, Run, RunError, Runs, Step } from "../../src/index.js"
import { hung } from "./bodies.js"
import { Refused, spoken } from "./flows.js"
import {
  contractTest,
  count,
  crashing,
  fresh,
  type Log,
  lines,
  open,
  type StoreFactory,
  said,
  say,
  until
} from "./harness.js"

const Part = Flow.make({
  name: "part",
  payload: Schema.Struct({
    of: Schema.String,
    ends: Schema.Literal("well", "badly", "never"),
    resource: Schema.NullOr(Schema.String)
  }),
  success: Schema.String,
  error: Refused,
  resource: ({ resource }) => resource ?? undefined
})

const Whole = Flow.make({
  name: "whole",
  payload: Schema.NullOr(Schema.String),
  success: Schema.Unknown,
  error: Schema.Union(Refused, RunError.RunCancelled, RunError.RunDied, RunError.Busy, RunError.RunIdTaken),
  resource: (resource) => resource ?? undefined
})

type Failure = (typeof Whole.error)["Type"]

const part = ({ ends, of }: typeof Part.payload.Type) =>
  Effect.gen(function* () {
    yield* spoken(of)
    if (ends === "never") yield* Step.make("hang", { run: Effect.zipRight(say(`hang ${of}`), Effect.never) })
    if (ends === "badly") yield* Step.make("fail", { error: Refused, run: new Refused({ at: of }) })
    return of
  })

type Body = Effect.Effect<unknown, Failure, Effect.Effect.Context<ReturnType<typeof childOf>> | Log | Scope.Scope>

const childOf = (of: string, ends: "well" | "badly" | "never", resource: string | null = null, waitForLock = false) =>
  Step.child(of, Part, { payload: { of, ends, resource }, waitForLock })

const layerOf = (body: Body) =>
  Effect.map(Effect.context<Log>(), (context) =>
    Layer.provideMerge(
      Whole.toLayer(() => Effect.provide(Effect.scoped(body), context)),
      Part.toLayer((payload) => Effect.provide(part(payload), context))
    )
  )

const fail = Step.make("fail", { error: Refused, run: new Refused({ at: "whole" }) })

/** A flow starts runs of others, and answers for them. */
export const childContract = (name: string, factory: StoreFactory, each = 1): void => {
  const test = contractTest(factory)

  describe(`${name}: children`, () => {
    test("a child is a run of its own, and its typed result is that of its step", (store) =>
      Effect.gen(function* () {
        const engine = yield* open(store, yield* layerOf(Step.scope("both")(childOf("a", "well"))))
        assert.strictEqual(yield* engine.run(Runs.execute(Whole, { id: "x", payload: null })), "a")
        assert.strictEqual(yield* engine.run(Runs.result(Part, "x~both/a")), "a")
        assert.deepStrictEqual(yield* lines, ["do a"])
      }))

    test("a child's typed failure is that of its step, and all that was done is undone", (store) =>
      Effect.gen(function* () {
        const body = Effect.zipRight(spoken("before"), childOf("a", "badly"))
        const engine = yield* open(store, yield* layerOf(body))
        yield* engine.run(Runs.start(Whole, { id: "x", payload: null }))
        assert.deepStrictEqual(yield* engine.run(Runs.outcome(Whole, "x")), {
          _tag: "Failed",
          error: new Refused({ at: "a" }),
          undo: { undone: ["a/start", "before"], notUndone: [] }
        })
        assert.deepStrictEqual(yield* lines, ["do before", "do a", "undo a", "undo before"])
      }))

    test("a child that somebody cancels fails its step with that, also where the flow goes on", (store) =>
      Effect.gen(function* () {
        const body = Effect.catchTag(childOf("a", "never"), "RunCancelled", ({ run }) => Effect.succeed(`no ${run}`))
        const engine = yield* open(store, yield* layerOf(body))
        yield* engine.run(Runs.start(Whole, { id: "x", payload: null }))
        yield* said("hang a")
        yield* engine.run(Runs.cancel("x~a"))
        assert.strictEqual(yield* engine.run(Runs.result(Whole, "x")), "no x~a")
      }))

    test("while it waits for a child a run is parked; both go on after a restart, the child is started once", (store) =>
      Effect.gen(function* () {
        const gate = yield* Deferred.make<void>()
        const context = yield* Effect.context<Log>()
        const payloads = yield* Ref.make(0)
        const body = Effect.gen(function* () {
          yield* Effect.acquireRelease(say("acquire"), () => say("release"))
          const of = `part ${yield* Ref.updateAndGet(payloads, (n) => n + 1)}`
          return yield* Step.child("a", Part, { payload: { of, ends: "well", resource: null } })
        })
        const slow = Part.toLayer(({ of }) =>
          Effect.zipRight(
            Step.make("wait", { run: Effect.zipRight(Deferred.await(gate), Effect.provide(say(of), context)) }),
            Effect.succeed(of)
          )
        )
        const layer = Layer.provideMerge(
          Whole.toLayer(() => Effect.provide(Effect.scoped(body), context)),
          slow
        )
        const first = yield* open(store, layer)
        yield* first.run(Runs.start(Whole, { id: "x", payload: null }))
        yield* said("release")
        yield* first.close
        const second = yield* open(store, layer)
        yield* until(
          "parked again",
          Effect.map(lines, (all) => count(all, "release") === 2)
        )
        yield* Deferred.succeed(gate, undefined)
        assert.strictEqual(yield* second.run(Runs.result(Whole, "x")), "part 1")
        assert.deepStrictEqual(
          (yield* lines).filter((line) => line.startsWith("part")),
          ["part 1"]
        )
      }))

    test("a cancel goes on to the child, and waits until it is undone, over a restart", (store) =>
      Effect.gen(function* () {
        const hold = yield* Deferred.make<void>()
        const context = yield* Effect.context<Log>()
        const slowly = () => Effect.all([say("begin undo a"), Deferred.await(hold), say("undo a")])
        const stubborn = Part.toLayer(() =>
          Effect.gen(function* () {
            yield* Step.make("a", { run: say("do a"), undo: () => Effect.asVoid(slowly()) })
            yield* Step.make("hang", { run: Effect.zipRight(say("hang a"), Effect.never) })
            return "a"
          }).pipe(Effect.provide(context))
        )
        const body = Effect.zipRight(spoken("before"), childOf("a", "never"))
        const layer = Layer.provideMerge(
          Whole.toLayer(() => Effect.provide(body, context)),
          stubborn
        )
        const first = yield* open(store, layer)
        yield* first.run(Runs.start(Whole, { id: "x", payload: null }))
        yield* said("hang a")
        yield* first.run(Runs.cancel("x"))
        yield* said("begin undo a")
        assert.deepInclude(yield* first.run(Runs.get("x")), { state: "undoing" })
        yield* first.close
        assert.notInclude(yield* lines, "undo before")
        const second = yield* open(store, layer)
        yield* Deferred.succeed(hold, undefined)
        const undo = { undone: ["a/start", "before"], notUndone: [] }
        assert.deepStrictEqual(yield* second.run(Runs.outcome(Whole, "x")), { _tag: "Cancelled", undo })
        assert.deepInclude(yield* second.run(Runs.get("x~a")), { state: "cancelled" })
        assert.deepStrictEqual((yield* lines).slice(-2), ["undo a", "undo before"])
      }))

    test("a child that has succeeded is undone as its step says; without that it stays, and is reported", (store) =>
      Effect.gen(function* () {
        const undone = Step.child("a", Part, {
          payload: { of: "a", ends: "well", resource: null },
          undo: (value) => Effect.provide(say(`take back ${value}`), context)
        })
        const context = yield* Effect.context<Log>()
        const engine = yield* open(store, yield* layerOf(Effect.all([undone, childOf("b", "well"), fail])))
        yield* engine.run(Runs.start(Whole, { id: "x", payload: null }))
        const outcome = yield* engine.run(Runs.outcome(Whole, "x"))
        const { message } = new RunError.RunStays({ run: "x~b", reason: "it has succeeded" })
        assert.deepStrictEqual(outcome, {
          _tag: "Failed",
          error: new Refused({ at: "whole" }),
          undo: { undone: ["a/start"], notUndone: [{ step: "b/start", reason: { name: "RunStays", message } }] }
        })
        assert.deepStrictEqual(yield* lines, ["do a", "do b", "take back a"])
      }))

    test("what another run holds is not begun, or waited for in line; what a run above holds is lent, to one at a time", (store) =>
      Effect.gen(function* () {
        const siblings = Effect.all([childOf("b", "never", "c/1", true), childOf("c", "never", "c/1", true)], {
          concurrency: 2
        })
        const engine = yield* open(store, yield* layerOf(siblings))
        const other = { of: "o", ends: "never", resource: "c/2" } as const
        yield* engine.run(Runs.start(Part, { id: "o", payload: other }))
        yield* engine.run(Runs.start(Whole, { id: "x", payload: "c/1" }))
        yield* said("hang b")
        yield* until(
          "the other stands in line",
          Effect.map(
            Effect.option(engine.run(Runs.get("x~c"))),
            (info) => info._tag === "Some" && info.value.state === "queued"
          )
        )
        assert.notInclude(yield* lines, "do c")
        const busy = yield* engine.run(Effect.flip(Runs.start(Part, { payload: { ...other, resource: "c/1" } })))
        assert.deepInclude(busy, { _tag: "Busy", holder: { run: "x", flow: "whole", since: 0 } })
        yield* engine.run(Runs.cancel("x~b"))
        assert.deepInclude(yield* engine.run(Effect.flip(Runs.result(Whole, "x"))), {
          _tag: "RunCancelled",
          run: "x~b"
        })
        yield* engine.close
        const waiting = yield* open(store, yield* layerOf(childOf("d", "well", "c/2")))
        const refused = yield* waiting.run(Effect.flip(Runs.execute(Whole, { id: "y", payload: null })))
        assert.deepInclude(refused, { _tag: "Busy", resource: "c/2" })
      }))

    test("a run that is lent a lock, and one below it, are told what it covers", (store) =>
      Effect.gen(function* () {
        const { error } = Whole
        const told = { payload: Schema.Void, success: Schema.Array(Schema.String), error, resource: () => "c/1 in c/2" }
        const Lower = Flow.make({ name: "lower", ...told })
        const Upper = Flow.make({ name: "upper", ...told })
        const Top = Flow.make({ name: "top", ...told })
        const held = Effect.map(Run.Run, ({ resource }) => resource ?? "none")
        const above = <E, R>(below: Effect.Effect<ReadonlyArray<string>, E, R>) =>
          Effect.zipWith(held, below, (own, rest) => [own, ...rest])
        const layer = Top.toLayer(() => above(Step.child("upper", Upper, { payload: undefined }))).pipe(
          Layer.provideMerge(Upper.toLayer(() => above(Step.child("lower", Lower, { payload: undefined })))),
          Layer.provideMerge(Lower.toLayer(() => Effect.map(held, (own) => [own])))
        )
        const engine = yield* open(store, layer)
        const resources = yield* engine.run(Runs.execute(Top, { id: "x", payload: undefined }))
        assert.deepStrictEqual(resources, ["c/1 in c/2", "c/1 in c/2", "c/1 in c/2"])
        const { resource } = yield* engine.run(Runs.get("x~upper~lower"))
        assert.strictEqual(resource, "c/1 in c/2 in x in x~upper")
      }))

    test("what a run further above holds is lent as well", (store) =>
      Effect.gen(function* () {
        const Middle = Flow.make({ name: "middle", payload: Schema.Void, success: Schema.Unknown, error: Whole.error })
        const context = yield* Effect.context<Log>()
        const parts = Part.toLayer((payload) => Effect.provide(part(payload), context))
        const middle = Middle.toLayer(() => childOf("a", "well", "c/1", true))
        const whole = Whole.toLayer(() => Step.child("middle", Middle, { payload: undefined }))
        const engine = yield* open(store, whole.pipe(Layer.provideMerge(middle), Layer.provideMerge(parts)))
        assert.strictEqual(yield* engine.run(Runs.execute(Whole, { id: "x", payload: "c/1" })), "a")
        assert.deepInclude(yield* engine.run(Runs.get("x~middle~a")), { resource: "c/1 in x" })
      }))

    test("a child that lost a race is cancelled, and not begun again when the run resumes", (store) =>
      Effect.gen(function* () {
        const quick = Effect.zipRight(said("hang a"), spoken("quick"))
        const hang = Step.make("hang", { run: Effect.zipRight(say("hang"), Effect.never) })
        const layer = yield* layerOf(Effect.zipRight(Effect.race(childOf("a", "never"), quick), hang))
        const first = yield* open(store, layer)
        yield* first.run(Runs.start(Whole, { id: "x", payload: null }))
        yield* said("hang")
        assert.deepInclude(yield* first.run(Runs.outcome(Part, "x~a")), { _tag: "Cancelled" })
        yield* first.close
        const second = yield* open(store, layer)
        yield* hung(2)
        assert.strictEqual(count(yield* lines, "do a"), 1)
        assert.deepInclude(yield* second.run(Runs.get("x~a")), { state: "cancelled" })
      }))

    test("an engine that dies at any write: in the end parent and child have each done what they do once", (store) =>
      Effect.gen(function* () {
        const layer = yield* layerOf(Effect.zipRight(spoken("before"), childOf("a", "well")))
        let points = 0
        for (const when of ["before", "after"] as const) {
          for (let at = 1; ; at += each) {
            const id = `${when}-${at}`
            const writes = yield* Ref.make(0)
            const dying = yield* open(crashing(store, { at, when }, writes), layer)
            const running = Effect.exit(dying.run(Runs.execute(Whole, { id, payload: null })))
            const dead = until(
              "it dies",
              Effect.map(Ref.get(writes), (count) => count >= at)
            )
            const begun = yield* Effect.raceFirst(running, Effect.interruptible(dead))
            if (begun && Exit.isSuccess(begun)) assert.strictEqual(begun.value, "a")
            yield* dying.close
            const next = yield* open(store, layer)
            assert.strictEqual(yield* next.run(Runs.execute(Whole, { id, payload: null })), "a")
            assert.deepInclude(yield* next.run(Runs.get(`${id}~a`)), { state: "succeeded" })
            yield* next.close
            points = Math.max(points, yield* Ref.get(writes))
            if (points < at) break
          }
        }
        assert.isAtLeast(points, 8)
        assert.deepStrictEqual(
          (yield* lines).filter((line) => line.startsWith("undo")),
          []
        )
      }).pipe(fresh))
  })
}
