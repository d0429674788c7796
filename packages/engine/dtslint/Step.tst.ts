import { Context, Effect, type Layer, Option, Schema } from "effect"
import { describe, expect, it } from "tstyche"
import {
  type Engine,
  Flow,
  type Journal,
  Run,
  type RunError,
  Runs,
  Signal,
  type StartPlan,
  Step
} from "../src/index.js"

class Cloud extends Context.Tag("Cloud")<Cloud, { readonly make: Effect.Effect<string, Refused> }>() {}
class Trash extends Context.Tag("Trash")<Trash, { readonly remove: (id: string) => Effect.Effect<void, Stuck> }>() {}
class Refused extends Schema.TaggedError<Refused>()("Refused", {}) {}
class Stuck extends Schema.TaggedError<Stuck>()("Stuck", {}) {}

const make = Effect.flatMap(Cloud, (cloud) => cloud.make)
const remove = (id: string) => Effect.flatMap(Trash, (trash) => trash.remove(id))
const create = Step.make("create", { success: Schema.String, error: Refused, run: make, undo: remove })

describe("Step", () => {
  it("has the error of its run and the requirements of its run and its undo", () => {
    expect(create).type.toBe<Effect.Effect<string, Refused, Cloud | Trash | Run.Run>>()
  })

  it("returns nothing and cannot fail unless it has schemas", () => {
    expect(Step.make("wait", { run: Effect.void })).type.toBe<Effect.Effect<void, never, Run.Run>>()
    expect(Step.make).type.not.toBeCallableWith("wait", { run: Effect.fail(new Refused()) })
    expect(Step.make).type.not.toBeCallableWith("n", { success: Schema.Number, run: Effect.succeed("one") })
  })

  it("gives the undo what was read, and the result if there is one", () => {
    const step = Step.withIntent("create", {
      intent: Schema.Number,
      success: Schema.String,
      error: Refused,
      prepare: Effect.succeed(1),
      run: (seen) => {
        expect(seen).type.toBe<number>()
        return make
      },
      undo: (seen, made) => {
        expect(seen).type.toBe<number>()
        expect(made).type.toBe<Option.Option<string>>()
        return remove(Option.getOrElse(made, () => ""))
      }
    })
    expect(step).type.toBe<Effect.Effect<string, Refused, Cloud | Trash | Run.Run>>()
  })

  it("adds only the run when scoped, and keeps the rest over items", () => {
    expect(Step.scope("a")(make)).type.toBe<Effect.Effect<string, Refused, Cloud | Run.Run>>()
    expect(Step.each([1], { name: String }, () => create)).type.toBe<
      Effect.Effect<Array<string>, Refused, Cloud | Trash | Run.Run>
    >()
  })
})

describe("Signal", () => {
  const approval = Signal.make("approval", Schema.Struct({ by: Schema.String }))

  it("fails only where there is a deadline", () => {
    expect(Signal.wait(approval)).type.toBe<Effect.Effect<{ readonly by: string }, never, Run.Run>>()
    expect(Signal.waitWithin(approval, "1 hour")).type.toBe<
      Effect.Effect<{ readonly by: string }, Signal.SignalTimedOut, Run.Run>
    >()
  })
})

describe("Flow", () => {
  const Provision = Flow.make({ name: "provision", payload: Schema.Number, success: Schema.String, error: Refused })

  it("needs what its body needs but the run, and the engine", () => {
    expect(Provision.toLayer(() => create)).type.toBe<
      Layer.Layer<Flow.Implemented<"provision">, Journal.JournalError, Cloud | Trash | Engine.Engine>
    >()
  })

  it("takes only bodies that end as the contract says", () => {
    expect(Provision.toLayer).type.not.toBeCallableWith(() => Effect.succeed(1))
    expect(Provision.toLayer).type.not.toBeCallableWith(() => Effect.fail(new Stuck()))
  })

  it("is a child only where it is implemented, with the services of its undo, and fails as the child or its start does", () => {
    const child = Step.child("part", Provision, { payload: 1, undo: (made) => remove(made) })
    expect(child).type.toBe<
      Effect.Effect<
        string,
        Refused | RunError.RunCancelled | RunError.RunDied | RunError.Busy | RunError.RunIdTaken,
        Run.Run | Runs.Runs | Flow.Implemented<"provision"> | Trash
      >
    >()
    expect(Step.child).type.not.toBeCallableWith("part", Provision, { payload: "one" })
  })

  it("is started only where it is implemented, and fails as it says", () => {
    expect(Runs.execute(Provision, { payload: 1 })).type.toBe<
      Effect.Effect<string, Refused | Runs.StartError | Runs.ResultError, Flow.Implemented<"provision"> | Runs.Runs>
    >()
    expect(Runs.start).type.not.toBeCallableWith(Provision, { payload: "one" })
    const plan = {} as StartPlan.StartPlan<Stuck, Trash>
    expect(Runs.start(Provision, { plan })).type.toBe<
      Effect.Effect<Run.Info, Runs.StartError | Stuck, Flow.Implemented<"provision"> | Runs.Runs | Trash>
    >()
    expect(Runs.start).type.not.toBeCallableWith(Provision, { id: "one" })
    expect<Runs.ResultError["_tag"]>().type.toBe<
      "RunCancelled" | "RunDied" | "RunNotFound" | "RunDetached" | "RecordUnreadable" | "FlowChanged" | "JournalError"
    >()
    expect<Runs.StartError>().type.toBe<
      RunError.Busy | RunError.RunIdTaken | RunError.PayloadInvalid | Journal.JournalError
    >()
  })
})

expect(Run.id).type.toBe<Effect.Effect<string, never, Run.Run>>()
