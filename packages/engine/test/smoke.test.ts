import { assert, it } from "@effect/vitest"
import { Effect, Layer, Schema, TestClock } from "effect"
import { Engine, Flow, Journal, Run, Runs, Step } from "../src/index.js"

const Demo = Flow.make({ name: "demo", payload: Schema.Struct({ n: Schema.Number }), success: Schema.Number })
const body = ({ n }: { readonly n: number }) =>
  Effect.gen(function* () {
    const a = yield* Step.make("a", { success: Schema.Number, run: Effect.succeed(n) })
    yield* Step.sleep("nap", "1 hour")
    const b = yield* Step.make("b", { success: Schema.Number, run: Effect.as(Run.progress({ message: "x" }), a + 1) })
    return b
  })
const Live = Demo.toLayer(body).pipe(Layer.provideMerge(Engine.layer()), Layer.provide(Journal.layerMemory))
it.effect("runs", () =>
  Effect.gen(function* () {
    const { id } = yield* Runs.start(Demo, { payload: { n: 1 } })
    yield* TestClock.adjust("1 hour")
    assert.strictEqual(yield* Runs.result(Demo, id), 2)
  }).pipe(Effect.provide(Live))
)
