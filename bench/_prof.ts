import { Engine, Flow, Journal, Runs, Step } from "@memstore-flows/engine"
import { Effect, Layer, Schema } from "effect"
const F = Flow.make({ name: "b", payload: Schema.Number, success: Schema.Number })
const L = F.toLayer((n) => Effect.gen(function* () { let s = 0; for (let i = 0; i < n; i++) s += yield* Step.make(`step-${i}`, { success: Schema.Number, run: Effect.succeed(1), undo: () => Effect.void }); return s })).pipe(Layer.provideMerge(Engine.layer({ retention: { maxRuns: 20 } })), Layer.provide(Journal.layerMemory))
Effect.runPromise(Effect.gen(function* () { for (let r = 0; r < 40; r++) { const c = process.cpuUsage(), t = performance.now(); yield* Runs.execute(F, { payload: 20000 }); const d = process.cpuUsage(c); if (r % 8 === 7) console.log(Math.round(20000 / ((performance.now() - t) / 1000)), "per s;", ((d.user + d.system) / 20000).toFixed(2), "us cpu/step") } }).pipe(Effect.provide(L)))
