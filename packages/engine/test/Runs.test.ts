import { assert, it } from "@effect/vitest"
import { Chunk, Context, Data, Deferred, Effect, Fiber, Layer, Option, Ref, Schema, type Scope, Stream } from "effect"
import { Engine, type Event, Flow, Journal, Run, Runs, type StartPlan, Step } from "../src/index.js"
import { Log, lines, memory, open, said, say, until } from "./contract/harness.js"

const Gate = Flow.make({ name: "gate", payload: Schema.Void })

const gated = Effect.gen(function* () {
  const gate = yield* Deferred.make<void>()
  const context = yield* Effect.context<Log>()
  const body = Effect.gen(function* () {
    yield* Step.make("before", { run: Effect.void, undo: () => say("undo before") })
    yield* Step.make("copy", {
      run: Effect.all(
        [Run.progress({ message: "copying", done: 1, total: 2, unit: "keys" }), say("begin"), Deferred.await(gate)],
        { concurrency: "unbounded", discard: true }
      )
    })
  })
  return { gate, layer: Gate.toLayer(() => Effect.provide(body, context)) }
})

const test = (what: string, body: () => Effect.Effect<void, unknown, Log | Scope.Scope>) =>
  it.scoped(what, () => Effect.provideServiceEffect(body(), Log, Ref.make<ReadonlyArray<string>>([])))

const named = (event: Event.Event) => ("step" in event ? `${event._tag} ${event.step}` : event._tag)

test("a late listener gets the history, what is under way, and then each event once", () =>
  Effect.gen(function* () {
    const { gate, layer } = yield* gated
    const engine = yield* open(yield* memory, layer)
    yield* engine.run(Runs.start(Gate, { id: "x", payload: undefined }))
    yield* said("begin")
    const info = yield* engine.run(Runs.get("x"))
    assert.deepStrictEqual(info.steps, ["copy"])
    assert.deepInclude(info.progress, { _tag: "Progress", step: "copy" })
    const heard = yield* Ref.make<ReadonlyArray<Event.Event>>([])
    const listen = Stream.runForEach(Runs.events("x"), (event) => Ref.update(heard, (all) => [...all, event]))
    const listener = yield* Effect.fork(engine.run(listen))
    yield* until(
      "history",
      Effect.map(Ref.get(heard), (all) => all.some((event) => event._tag === "Progress"))
    )
    yield* Deferred.succeed(gate, undefined)
    yield* Fiber.join(listener)
    assert.deepStrictEqual((yield* Ref.get(heard)).map(named), [
      "RunStarted",
      "StepStarted before",
      "StepSucceeded before",
      "StepStarted copy",
      "Progress copy",
      "StepSucceeded copy",
      "RunSucceeded"
    ])
  }))

test("every event fits its schema", () =>
  Effect.gen(function* () {
    const { layer } = yield* gated
    const engine = yield* open(yield* memory, layer)
    yield* engine.run(Runs.start(Gate, { id: "x", payload: undefined }))
    yield* said("begin")
    const stream = yield* Effect.fork(engine.run(Stream.runCollect(Runs.events("x"))))
    yield* Effect.yieldNow()
    yield* engine.run(Runs.cancel("x"))
    const { EventSchema } = yield* Effect.map(
      Effect.promise(() => import("../src/Event.js")),
      (module) => ({
        EventSchema: module.Event
      })
    )
    const events = Chunk.toReadonlyArray(yield* Fiber.join(stream))
    for (const event of events) yield* Schema.encode(EventSchema)(event)
    assert.deepStrictEqual(
      Option.map(Option.fromNullable(events[events.length - 1]), named),
      Option.some("RunCancelled")
    )
  }))

test("interrupting execute leaves the run going, unless it is to cancel it", () =>
  Effect.gen(function* () {
    const { gate, layer } = yield* gated
    const engine = yield* open(yield* memory, layer)
    const left = yield* Effect.fork(engine.run(Runs.execute(Gate, { id: "left", payload: undefined })))
    yield* said("begin")
    yield* Fiber.interrupt(left)
    assert.deepInclude(yield* engine.run(Runs.get("left")), { state: "running" })
    const options = { id: "cut", payload: undefined, cancelOnInterrupt: true } as const
    const cut = yield* Effect.fork(engine.run(Runs.execute(Gate, options)))
    yield* until(
      "two",
      Effect.map(lines, (all) => all.filter((line) => line === "begin").length === 2)
    )
    yield* Fiber.interrupt(cut)
    assert.deepInclude(yield* engine.run(Runs.outcome(Gate, "cut")), { _tag: "Cancelled" })
    assert.deepStrictEqual(yield* lines, ["begin", "begin", "undo before"])
    yield* Deferred.succeed(gate, undefined)
    yield* engine.run(Runs.result(Gate, "left"))
  }))

test("a run whose journal failed for a while is detached, and goes on after resume", () =>
  Effect.gen(function* () {
    const broken = yield* Ref.make(false)
    const store = (yield* memory).over((inner) => ({
      ...inner,
      append: (entry) =>
        Effect.flatMap(Ref.get(broken), (fails) =>
          fails ? new Journal.JournalError({ operation: "append", reason: "disk full" }) : inner.append(entry)
        )
    }))
    const { gate, layer } = yield* gated
    const engine = yield* open(store, layer)
    yield* engine.run(Runs.start(Gate, { id: "x", payload: undefined }))
    yield* said("begin")
    yield* Ref.set(broken, true)
    yield* Deferred.succeed(gate, undefined)
    const error = yield* engine.run(Effect.flip(Runs.result(Gate, "x")))
    assert.deepInclude(error, { _tag: "RunDetached", reason: "journal" })
    assert.include((yield* engine.run(Runs.get("x"))).problem?.message ?? "", "disk full")
    yield* Ref.set(broken, false)
    yield* engine.run(Runs.resume("x"))
    yield* engine.run(Runs.result(Gate, "x"))
    assert.deepStrictEqual(yield* lines, ["begin", "begin"])
  }))

test("a payload its schema refuses starts nothing", () =>
  Effect.gen(function* () {
    const Small = Flow.make({ name: "small", payload: Schema.Number.pipe(Schema.lessThan(3)) })
    const engine = yield* open(
      yield* memory,
      Small.toLayer(() => Effect.void)
    )
    const error = yield* engine.run(Effect.flip(Runs.start(Small, { payload: 4 })))
    assert.deepInclude(error, { _tag: "PayloadInvalid", of: "flow small" })
    assert.deepStrictEqual(yield* engine.run(Runs.list()), [])
  }))

it.effect("ids are made up, different, and sort by time", () =>
  Effect.gen(function* () {
    const first = yield* Runs.start(Gate, { payload: undefined })
    const second = yield* Runs.start(Gate, { payload: undefined })
    assert.notStrictEqual(first.id, second.id)
    assert.isAbove(second.seq, first.seq)
  }).pipe(
    Effect.provide(
      Gate.toLayer(() => Effect.void).pipe(Layer.provideMerge(Engine.layer()), Layer.provide(Journal.layerMemory))
    )
  )
)

class Stale extends Data.TaggedError("Stale")<{ readonly asked: number }> {}
class Unfit extends Data.TaggedError("Unfit")<{ readonly flow: string }> {}

/** Holds until it is asked for the third time, and is of the flow "planned" alone. */
const saved = () => {
  let asked = 0
  const plan: StartPlan.StartPlan<Stale | Unfit> = {
    payload: ({ name }) => (name === "planned" ? Effect.succeed("as planned") : new Unfit({ flow: name })),
    holds: Effect.suspend(() => (++asked > 2 ? new Stale({ asked }) : Effect.void))
  }
  return plan
}

test("a plan starts a run with its payload while it holds, and is not asked of a run that is there", () =>
  Effect.gen(function* () {
    const flow = Flow.make({ name: "planned", payload: Schema.String, success: Schema.String })
    const engine = yield* open(yield* memory, flow.toLayer(Effect.succeed))
    const plan = saved()
    for (const id of ["a", "a", "a", "b"]) {
      assert.strictEqual(yield* engine.run(Runs.execute(flow, { plan, id })), "as planned")
    }
    const stale = yield* engine.run(Effect.flip(Runs.start(flow, { plan, id: "c" })))
    assert.deepStrictEqual(stale, new Stale({ asked: 3 }))
    assert.strictEqual((yield* engine.run(Runs.list())).length, 2)
  }))

test("a plan of another flow starts nothing, and the id of another run is not taken", () =>
  Effect.gen(function* () {
    const flow = Flow.make({ name: "planned", payload: Schema.String })
    const other = Flow.make({ name: "other", payload: Schema.String })
    const layer = Layer.merge(
      flow.toLayer(() => Effect.void),
      other.toLayer(() => Effect.void)
    )
    const engine = yield* open(yield* memory, layer)
    const plan = saved()
    const unfit = yield* engine.run(Effect.flip(Runs.start(other, { plan })))
    assert.deepStrictEqual(unfit, new Unfit({ flow: "other" }))
    yield* engine.run(Runs.start(other, { id: "a", payload: "" }))
    const taken = yield* engine.run(Effect.flip(Runs.start(flow, { plan, id: "a" })))
    assert.strictEqual(taken._tag, "RunIdTaken")
  }))

test("a payload that does not fit is refused with every fault at once", () =>
  Effect.gen(function* () {
    const payload = Schema.Struct({ name: Schema.NonEmptyString, port: Schema.Int.pipe(Schema.positive()) })
    const flow = Flow.make({ name: "strict", payload })
    const engine = yield* open(
      yield* memory,
      flow.toLayer(() => Effect.void)
    )
    const error = yield* engine.run(Effect.flip(Runs.start(flow, { payload: { name: "", port: -1 } })))
    assert.strictEqual(error._tag, "PayloadInvalid")
    assert.include(error.message, '["name"]')
    assert.include(error.message, '["port"]')
  }))

test("an engine made in a scope works until the scope closes, and leaves its runs to the next", () =>
  Effect.gen(function* () {
    const { gate, layer } = yield* gated
    const journal = yield* Journal.makeMemory
    const engine = Engine.make().pipe(Effect.provideService(Journal.Journal, journal))
    const closed = yield* Effect.scoped(
      Effect.gen(function* () {
        const inside = yield* engine
        const flow = yield* Effect.provide(Layer.build(layer), inside)
        yield* Effect.provide(Runs.start(Gate, { id: "x", payload: undefined }), Context.merge(inside, flow))
        yield* said("begin")
        return Context.get(inside, Runs.Runs)
      })
    )
    assert.strictEqual(Option.getOrThrow(yield* journal.get("x")).state, "running")
    assert.deepInclude(yield* Effect.flip(closed.result(Gate, "x")), { _tag: "RunDetached" })
    const inside = yield* engine
    const flow = yield* Effect.provide(Layer.build(layer), inside)
    yield* Deferred.succeed(gate, undefined)
    yield* Effect.provide(Runs.result(Gate, "x"), Context.merge(inside, flow))
  }))
