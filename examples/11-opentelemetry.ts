// OpenTelemetry: the spans of a run that goes on in another engine half-way, and metrics, over OTLP. By default they go
// to a collector in this process, which prints them; set OTEL_EXPORTER_OTLP_ENDPOINT for your own.
import { NodeSdk } from "@effect/opentelemetry"
import { NodeRuntime } from "@effect/platform-node"
import { Engine, Journal, Runs } from "@memstore-flows/engine"
import { RestoreThenScale } from "@memstore-flows/workflows"
import { OTLPMetricExporter } from "@opentelemetry/exporter-metrics-otlp-http"
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http"
import { PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics"
import { BatchSpanProcessor } from "@opentelemetry/sdk-trace-base"
import { Config, Console, Effect, Layer, Option, Stream } from "effect"
import { cloud } from "./support/Environment.js"
import * as OtlpReceiver from "./support/OtlpReceiver.js"
import { restorable, sourceBackup } from "./support/Sandbox.js"

// Everything built under this layer is traced: give it to the whole program, outside of the engine and the flows.
const telemetry = (endpoint: string) =>
  NodeSdk.layer(() => ({
    resource: { serviceName: "memstore-flows-example" },
    spanProcessor: new BatchSpanProcessor(new OTLPTraceExporter({ url: `${endpoint}/v1/traces` })),
    metricReader: new PeriodicExportingMetricReader({
      exporter: new OTLPMetricExporter({ url: `${endpoint}/v1/metrics` })
    })
  }))

const id = "traced"

const job = Effect.gen(function* () {
  yield* Effect.withTracerEnabled(sourceBackup(10_000), false)
  const payload = { cluster: yield* restorable("restored"), shards: 3 }
  const journal = Layer.succeedContext(yield* Layer.build(Journal.layerMemory))
  const engine = RestoreThenScale.layer.pipe(Layer.provideMerge(Engine.layer()), Layer.provide(journal))

  const adding = Stream.filter(
    Runs.events(id),
    (event) => event._tag === "StepPrepared" && /add shard/.test(event.step)
  )
  const first = Effect.zipRight(Runs.start(RestoreThenScale.flow, { id, payload }), Stream.runHead(adding))
  yield* Effect.provide(first, engine)
  yield* Console.log("about to add a shard; the first engine is closed, a second goes on")
  const { _tag } = yield* Effect.provide(Runs.outcome(RestoreThenScale.flow, id), engine)
  yield* Console.log(`the run ended: ${_tag}\n`)
}).pipe(Effect.scoped, Effect.withSpan("example"))

const program = Effect.gen(function* () {
  const receiver = yield* OtlpReceiver.make
  const given = yield* Config.option(Config.string("OTEL_EXPORTER_OTLP_ENDPOINT"))
  const endpoint = Option.getOrElse(given, () => receiver.url)
  yield* job.pipe(Effect.provide(cloud), Effect.provide(telemetry(endpoint)))
  yield* Console.log(Option.isSome(given) ? `sent to ${endpoint}` : receiver.report())
})

NodeRuntime.runMain(Effect.scoped(program))
