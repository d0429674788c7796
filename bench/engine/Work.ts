import { Flow, Runs, Step } from "@memstore-flows/engine"
import { Context, Effect, Layer, Schema } from "effect"

/** Steps that do nothing: what is measured is the engine. */
export const Count = Flow.make({
  name: "count",
  payload: Schema.Struct({ steps: Schema.Number, id: Schema.String }),
  success: Schema.Number,
  resource: ({ id }) => `cluster/${id}`
})

export const Sleep = Flow.make({ name: "sleep", payload: Schema.Void })

/** A step that has an undo, and one that goes on until it is cut. */
export const Busy = Flow.make({ name: "busy", payload: Schema.String })

/** Where the flows write down what they do and when, in milliseconds. */
export class Notes extends Context.Tag("bench/Notes")<
  Notes,
  (run: string, what: "busy" | "cut" | "undo") => Effect.Effect<void>
>() {}

const count = Count.toLayer(({ steps }) =>
  Effect.gen(function* () {
    let sum = 0
    for (let i = 0; i < steps; i++) {
      sum += yield* Step.make(`step-${i}`, { success: Schema.Number, run: Effect.succeed(1), undo: () => Effect.void })
    }
    return sum
  })
)

const busy = Busy.toLayer((run) =>
  Effect.gen(function* () {
    const note = yield* Notes
    yield* Step.make("first", { run: Effect.void, undo: () => note(run, "undo") })
    yield* Step.make("busy", {
      run: Effect.zipRight(
        note(run, "busy"),
        Effect.onInterrupt(Effect.never, () => note(run, "cut"))
      )
    })
  })
)

export const flows = Layer.mergeAll(
  count,
  busy,
  Sleep.toLayer(() => Step.sleep("nap", "1 hour"))
)

let made = 0

/** One run of so many steps, to its end. */
export const execute = (steps: number) =>
  Effect.suspend(() => Runs.execute(Count, { payload: { steps, id: String(made++) } }))
