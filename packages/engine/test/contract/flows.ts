import { Deferred, Effect, Option, Schema } from "effect"
import { Flow, Signal, Step } from "../../src/index.js"
import { type Log, say, withLog } from "./harness.js"

export class Refused extends Schema.TaggedError<Refused>()("Refused", { at: Schema.String }) {}

/** How a flow of the tests is to go. */
export const Plan = Schema.Struct({
  fail: Schema.optionalWith(Schema.Boolean, { default: () => false }),
  resource: Schema.optionalWith(Schema.NullOr(Schema.String), { default: () => null })
})

/** A step that says when it runs and when it is undone. */
export const spoken = (name: string) =>
  Step.make(name, {
    success: Schema.String,
    run: Effect.as(say(`do ${name}`), name),
    undo: (value) => say(`undo ${value}`)
  })

export const Chain = Flow.make({
  name: "chain",
  payload: Plan,
  success: Schema.String,
  error: Refused,
  resource: ({ resource }) => resource ?? undefined
})

/** Steps of every kind, one after another. */
export const chain = ({ fail }: typeof Plan.Type) =>
  Effect.gen(function* () {
    const a = yield* spoken("a")
    const b = yield* Step.withIntent("b", {
      intent: Schema.String,
      success: Schema.String,
      error: Refused,
      prepare: Effect.as(say("look b"), "seen"),
      run: (seen) => Effect.as(say(`do b ${seen}`), "b"),
      undo: (seen, made) => say(`undo b ${seen} ${Option.getOrElse(made, () => "unknown")}`)
    })
    const [c, d] = yield* Effect.all([spoken("c"), spoken("d")], { concurrency: "unbounded" })
    const e = yield* Step.make("e", {
      success: Schema.String,
      error: Refused,
      run: Effect.zipRight(say("do e"), fail ? Effect.fail(new Refused({ at: "e" })) : Effect.succeed("e"))
    })
    const caught = yield* Step.make("f", {
      error: Refused,
      run: Effect.zipRight(say("do f"), new Refused({ at: "f" }))
    }).pipe(
      Effect.as("none"),
      Effect.catchTag("Refused", ({ at }) => Effect.succeed(at))
    )
    return [a, b, c, d, e, caught].join("")
  })

export const chainLayer = Effect.map(Effect.context<Log>(), (context) =>
  Chain.toLayer((payload) => Effect.provide(chain(payload), context))
)

export const Busy = Flow.make({
  name: "busy",
  payload: Plan,
  success: Schema.String,
  error: Refused,
  resource: ({ resource }) => resource ?? undefined
})

/** Two steps, then one that ends only when it is let go. */
export const busy = (gate: Deferred.Deferred<void>) => () =>
  Effect.gen(function* () {
    yield* spoken("one")
    yield* spoken("two")
    yield* Step.withIntent("three", {
      intent: Schema.String,
      prepare: Effect.as(say("look three"), "seen"),
      run: () =>
        say("begin three").pipe(
          Effect.zipRight(Deferred.await(gate)),
          Effect.onInterrupt(() => say("cut three"))
        ),
      undo: (seen, made) => say(`undo three ${seen} ${made._tag}`)
    })
    yield* say("after three")
    return "done"
  })

/** The plan of a run that goes well and holds nothing. */
export const plan = { fail: false, resource: null }

export const busyLayer = Effect.gen(function* () {
  const gate = yield* Deferred.make<void>()
  const body = yield* withLog(busy(gate)())
  return { gate, layer: Busy.toLayer(() => body) }
})

export const Sleeper = Flow.make({ name: "sleeper", payload: Schema.Void, success: Schema.String })

export const sleeper = () =>
  Effect.gen(function* () {
    yield* spoken("before")
    yield* Step.sleep("nap", "1 hour")
    yield* spoken("after")
    return "woken"
  })

export const Approval = Signal.make("approval", Schema.Struct({ by: Schema.String }))

export const Asking = Flow.make({
  name: "asking",
  payload: Schema.NullOr(Schema.Number),
  success: Schema.String,
  error: Signal.SignalTimedOut
})

export const asking = (hours: number | null) =>
  Effect.gen(function* () {
    yield* spoken("ask")
    const { by } = yield* hours === null ? Signal.wait(Approval) : Signal.waitWithin(Approval, `${hours} hours`)
    yield* spoken("go")
    return by
  })

export const Parallel = Flow.make({ name: "parallel", payload: Schema.Void })

/** Three branches that end in the order 3, 1, 2, and then a step that never ends. */
export const parallel = () =>
  Effect.gen(function* () {
    const first = yield* Deferred.make<void>()
    const third = yield* Deferred.make<void>()
    const branch = (name: string, after: Effect.Effect<void>, then: Effect.Effect<unknown>) =>
      Effect.zipLeft(
        Step.make(name, {
          success: Schema.String,
          run: Effect.as(Effect.zipRight(after, say(`do ${name}`)), name),
          undo: () => say(`undo ${name}`)
        }),
        then
      )
    yield* Effect.all(
      [
        branch("1", Deferred.await(third), Deferred.succeed(first, undefined)),
        branch("2", Deferred.await(first), Effect.void),
        branch("3", Effect.void, Deferred.succeed(third, undefined))
      ],
      { concurrency: "unbounded" }
    )
    yield* Step.make("hang", { run: Effect.zipRight(say("hang"), Effect.never) })
  })
