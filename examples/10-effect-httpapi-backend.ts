// A backend with Effect's HttpApi: typed routes start a run and stream its events; errors are statuses. `--serve` stays up.
import { createServer } from "node:http"
import {
  FetchHttpClient,
  HttpApi,
  HttpApiBuilder,
  HttpApiClient,
  HttpApiEndpoint,
  HttpApiGroup,
  HttpApiSchema,
  HttpClient,
  HttpServer,
  HttpServerResponse
} from "@effect/platform"
import { NodeHttpServer, NodeRuntime } from "@effect/platform-node"
import { Event, Journal, Run, RunError, Runs } from "@memstore-flows/engine"
import { RestoreThenScale } from "@memstore-flows/workflows"
import { Console, Effect, Layer, Schema, Stream } from "effect"
import { environment } from "./support/Environment.js"
import { restorable, sourceBackup } from "./support/Sandbox.js"

const id = HttpApiSchema.param("id", Schema.NonEmptyString)

const Restores = HttpApiGroup.make("restores")
  .add(
    HttpApiEndpoint.put("start")`/restores/${id}`
      .setPayload(Schema.Struct({ name: Schema.NonEmptyString, shards: Schema.Int }))
      .addSuccess(Run.Info, { status: 202 })
      .addError(RunError.Busy, { status: 409 })
      .addError(RunError.RunIdTaken, { status: 409 })
      .addError(RunError.PayloadInvalid, { status: 400 })
      .addError(Journal.JournalError, { status: 503 })
  )
  .add(
    HttpApiEndpoint.del("cancel")`/restores/${id}`
      .addSuccess(Schema.Literal("Requested", "AlreadyCancelling", "AlreadyUndoing", "AlreadyEnded"))
      .addError(RunError.RunNotFound, { status: 404 })
      .addError(Journal.JournalError, { status: 503 })
  )
  .add(
    HttpApiEndpoint.get("events")`/restores/${id}/events`
      .addSuccess(HttpApiSchema.Text({ contentType: "text/event-stream" }))
      .addError(RunError.RunNotFound, { status: 404 })
      .addError(Journal.JournalError, { status: 503 })
  )

const Backend = HttpApi.make("backend").add(Restores)

const restores = HttpApiBuilder.group(Backend, "restores", (handlers) =>
  Effect.map(Effect.context<Layer.Layer.Success<typeof environment>>(), (context) =>
    handlers
      // PUT with the same id twice starts one run: the id is the idempotency key.
      .handle("start", ({ path, payload: { name, shards } }) =>
        Effect.orDie(restorable(name)).pipe(
          Effect.flatMap((cluster) => Runs.start(RestoreThenScale.flow, { id: path.id, payload: { cluster, shards } })),
          Effect.provide(context)
        )
      )
      .handle("cancel", ({ path }) => Effect.provide(Runs.cancel(path.id), context))
      .handleRaw("events", ({ path }) =>
        Effect.as(
          Runs.get(path.id),
          HttpServerResponse.stream(
            Runs.events(path.id).pipe(
              Stream.map((event) => `event: ${event._tag}\ndata: ${JSON.stringify(event)}\n\n`),
              Stream.encodeText,
              Stream.provideContext(context)
            ),
            { contentType: "text/event-stream" }
          )
        ).pipe(Effect.provide(context))
      )
  )
)

/** What a client does, typed by the same routes: order, watch until it is done. */
const visit = (baseUrl: string) =>
  Effect.gen(function* () {
    const client = yield* HttpApiClient.make(Backend, { baseUrl })
    const info = yield* client.restores.start({ path: { id: "r1" }, payload: { name: "restored", shards: 3 } })
    yield* Console.log(`PUT /restores/r1 -> ${info.state}`)
    const http = yield* HttpClient.HttpClient
    const { stream } = yield* http.get(`${baseUrl}/restores/r1/events`)
    yield* stream.pipe(
      Stream.decodeText(),
      Stream.splitLines,
      Stream.filter((line) => line.startsWith("data: ")),
      Stream.mapEffect((line) => Schema.decode(Schema.parseJson(Event.Event))(line.slice(6))),
      Stream.filter((event) => event._tag !== "Progress"),
      Stream.runForEach((event) => Console.log(`  ${event._tag} ${"step" in event ? event.step : ""}`))
    )
  })

const program = Effect.zipRight(
  HttpServer.logAddress,
  process.argv.includes("--serve") ? Effect.never : HttpServer.addressFormattedWith(visit)
)

const layers = HttpApiBuilder.serve().pipe(
  Layer.provide(HttpApiBuilder.api(Backend).pipe(Layer.provide(restores))),
  Layer.provideMerge(NodeHttpServer.layer(createServer, { port: 0, host: "127.0.0.1" })),
  Layer.provideMerge(environment),
  Layer.merge(FetchHttpClient.layer)
)
NodeRuntime.runMain(Effect.provide(Effect.zipRight(sourceBackup(10_000), program), layers))
