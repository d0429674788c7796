// A flow is changed while a run of it waits: what is refused, and how both versions go on side by side.
import { NodeRuntime } from "@effect/platform-node"
import { Engine, Flow, Journal, Runs, Signal, Step } from "@memstore-flows/engine"
import { Console, Effect, Layer, Schema } from "effect"

const Approval = Signal.make("approval")

const contract = { name: "rotate", payload: Schema.Struct({ node: Schema.String }) } as const

const Rotate = Flow.make(contract)
const Rotate2 = Flow.make({ ...contract, version: 2 })

const step = (name: string) =>
  Step.make(name, { run: Console.log(`  ${name}`), undo: () => Console.log(`  undo ${name}`) })

const before = Effect.all([step("add"), Signal.wait(Approval), step("remove")], { discard: true })

// A check now stands before the approval.
const after = Effect.all([step("add"), step("verify"), Signal.wait(Approval), step("remove")], { discard: true })

const deploy = <A, E, I>(
  what: string,
  flows: Layer.Layer<I, Journal.JournalError, Engine.Engine>,
  use: Effect.Effect<A, E, I | Runs.Runs>
) => Effect.zipRight(Console.log(what), Effect.provide(use, flows.pipe(Layer.provideMerge(Engine.layer()))))

const payload = { node: "node-1" }

const program = Effect.gen(function* () {
  yield* deploy(
    "The flow as it was",
    Rotate.toLayer(() => before),
    Effect.gen(function* () {
      yield* Runs.start(Rotate, { id: "monday", payload })
      yield* Effect.sleep("100 millis") // it has added, and waits for its approval
    })
  )

  // Under the same version the run would skip the check, or do it too late. It is left as it was instead.
  yield* deploy(
    "Changed, under the same version",
    Rotate.toLayer(() => after),
    Effect.gen(function* () {
      const error = yield* Effect.flip(Runs.result(Rotate, "monday"))
      yield* Console.log(`  ${error._tag}: ${error.message}`)
      const { problem, state } = yield* Runs.get("monday")
      yield* Console.log(`  still ${state}, problem ${problem?._tag}`)
    })
  )

  // What began under version 1 ends under it; what begins now is of version 2.
  yield* deploy(
    "Changed, as version 2 beside version 1",
    Layer.merge(
      Rotate.toLayer(() => before),
      Rotate2.toLayer(() => after)
    ),
    Effect.gen(function* () {
      yield* Runs.signal("monday", Approval, undefined)
      yield* Runs.result(Rotate, "monday")
      yield* Runs.start(Rotate2, { id: "tuesday", payload })
      yield* Runs.signal("tuesday", Approval, undefined)
      yield* Runs.result(Rotate2, "tuesday")
      const open = yield* Runs.list({ flow: "rotate", state: Journal.unfinished })
      const old = open.filter(({ version }) => version === 1)
      yield* Console.log(`${old.length} runs of version 1 are open: it can go`)
    })
  )
})

NodeRuntime.runMain(Effect.provide(program, Journal.layerMemory))
