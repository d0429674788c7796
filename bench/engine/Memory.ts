import { Engine, Journal } from "@memstore-flows/engine"
import { Effect, Layer } from "effect"
import * as Child from "./Child.js"
import { cancelling, type Figures, sleeping, throughput } from "./Figures.js"
import { flows, Notes } from "./Work.js"

export const bars = { steps: 150_000, runs: 8_000, megabytes: 250, resumed: undefined, cut: 5, undo: 10 }

const nobody = Layer.succeed(Notes, () => Effect.void)
const on = (maxRuns: number) =>
  flows.pipe(Layer.provideMerge(Engine.layer({ retention: { maxRuns } })), Layer.provide(Journal.layerMemory))
const engine = Layer.provide(on(1_000), nobody)

export const roles = { "asleep memory": Effect.provide(sleeping, Layer.provide(on(20_000), nobody)) }

export const measure = Effect.gen(function* () {
  const rates = yield* throughput(engine, { steps: 20_000, runs: 5_000 })
  const cancels = yield* cancelling(on(1_000), 500)
  const megabytes = Number(yield* Child.answer("asleep memory"))
  const figures: Figures = { ...rates, ...cancels, megabytes, resumed: undefined, commits: undefined }
  return figures
})
