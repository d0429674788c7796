// Embed flows in a backend: start a run from a request, look at it, cancel it. `--serve` keeps the server up.
import { createServer } from "node:http"
import {
  FetchHttpClient,
  HttpClient,
  HttpClientRequest,
  HttpClientResponse,
  HttpRouter,
  HttpServer,
  HttpServerRequest,
  HttpServerResponse
} from "@effect/platform"
import { NodeHttpServer, NodeRuntime } from "@effect/platform-node"
import { Runs } from "@memstore-flows/engine"
import { RestoreThenScale } from "@memstore-flows/workflows"
import { Console, Effect, Layer, Schedule, Schema } from "effect"
import { environment } from "./support/Environment.js"
import { restorable, sourceBackup } from "./support/Sandbox.js"

const runId = Effect.map(HttpRouter.params, ({ id = "" }) => id)
const Order = Schema.Struct({ name: Schema.NonEmptyString, shards: Schema.Int })

const router = HttpRouter.empty.pipe(
  // PUT with the same id twice starts one run: the id is the idempotency key.
  HttpRouter.put(
    "/restores/:id",
    Effect.gen(function* () {
      const { name, shards } = yield* HttpServerRequest.schemaBodyJson(Order)
      const cluster = yield* restorable(name)
      const info = yield* Runs.start(RestoreThenScale.flow, { id: yield* runId, payload: { cluster, shards } })
      return yield* HttpServerResponse.json(info, { status: 202 })
    })
  ),
  HttpRouter.get(
    "/restores/:id",
    Effect.flatMap(Effect.flatMap(runId, Runs.get), (info) => HttpServerResponse.json(info))
  ),
  HttpRouter.del(
    "/restores/:id",
    Effect.flatMap(Effect.flatMap(runId, Runs.cancel), (answer) => HttpServerResponse.json(answer))
  ),
  HttpRouter.catchAll((error) => HttpServerResponse.json({ error: String(error) }, { status: 400 }))
)

/** What a client of this backend does: order, look until it is done. */
const visit = (url: string) =>
  Effect.gen(function* () {
    const http = yield* HttpClient.HttpClient
    const order = HttpClientRequest.put(`${url}/restores/r1`).pipe(
      HttpClientRequest.bodyUnsafeJson({ name: "restored", shards: 3 })
    )
    yield* Console.log(`PUT /restores/r1 -> ${(yield* http.execute(order)).status}`)
    const Seen = Schema.Struct({ state: Schema.String, steps: Schema.Array(Schema.String) })
    const look = Effect.flatMap(http.get(`${url}/restores/r1`), HttpClientResponse.schemaBodyJson(Seen)).pipe(
      Effect.tap(({ state, steps }) => Console.log(`GET /restores/r1 -> ${state} ${steps.join()}`))
    )
    yield* Effect.repeat(look, { until: ({ state }) => state === "succeeded", schedule: Schedule.spaced("500 millis") })
  })

const program = Effect.gen(function* () {
  yield* sourceBackup(10_000)
  yield* HttpServer.serveEffect(router)
  yield* HttpServer.logAddress
  yield* process.argv.includes("--serve") ? Effect.never : HttpServer.addressFormattedWith(visit)
}).pipe(Effect.scoped)

const server = NodeHttpServer.layer(createServer, { port: 0, host: "127.0.0.1" })
const layers = Layer.mergeAll(environment, server, FetchHttpClient.layer)
NodeRuntime.runMain(Effect.provide(program, layers))
