import { Activity, Workflow, WorkflowEngine } from "@effect/workflow"
import { Effect, Layer, Schema } from "effect"
import { fiftyAtOnce, perSecond, shownRate } from "./Measure.js"

const Count = Workflow.make({
  name: "bench",
  payload: Schema.Struct({ steps: Schema.Number, id: Schema.String }),
  success: Schema.Number,
  idempotencyKey: ({ id }) => id
})

const engine = Count.toLayer(({ steps }) =>
  Effect.gen(function* () {
    let sum = 0
    for (let i = 0; i < steps; i++) {
      sum += yield* Activity.make({ name: `step-${i}`, success: Schema.Number, execute: Effect.succeed(1) })
    }
    return sum
  })
).pipe(Layer.provideMerge(WorkflowEngine.layerMemory))

let made = 0
const execute = (steps: number) => Effect.suspend(() => Count.execute({ steps, id: String(made++) }))

/** `@effect/workflow` on its engine in memory, in the same process and minute as ours. */
export const measure = Effect.gen(function* () {
  const steps = yield* perSecond(2_000, execute(2_000))
  const runs = yield* perSecond(500, fiftyAtOnce(500, execute(5)))
  return {
    "steps/s in one run": shownRate(steps),
    "steps per s of CPU": String(Math.round(steps.perCpu)),
    "runs/s of 5 steps, 50 at once": shownRate(runs),
    "runs per s of CPU": String(Math.round(runs.perCpu))
  }
}).pipe(Effect.provide(engine))
