import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import { HttpApiDecodeError } from "@effect/platform/HttpApiError"
import type * as HttpApp from "@effect/platform/HttpApp"
import * as HttpServer from "@effect/platform/HttpServer"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as Cause from "effect/Cause"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { EmulatorApi } from "../EmulatorApi.js"
import { message } from "./answers.js"
import * as Control from "./controlHandlers.js"
import * as Identity from "./identityHandlers.js"
import * as MemStore from "./memStoreHandlers.js"
import { describe } from "./requestFaults.js"
import { match } from "./routes.js"
import * as Tokens from "./tokens.js"

const named = (request: HttpServerRequest.HttpServerRequest) => {
  const url = new URL(request.url, "http://emulator")
  const matched = match(request.method, url.pathname)
  if (matched._tag !== "Found") return Effect.succeed(message(400, "the request is not as documented"))
  const query = Object.fromEntries(url.searchParams)
  return Effect.map(
    Effect.orElseSucceed(request.json, () => undefined),
    (body) => message(400, describe(matched.route, { params: matched.params, query, body }))
  )
}

/** Answers a request that does not decode with all of its faults rather than the first. */
const namingFaults = HttpApiBuilder.middleware((app) =>
  Effect.catchAllCause(app, (cause) =>
    Cause.squash(cause) instanceof HttpApiDecodeError
      ? Effect.flatMap(HttpServerRequest.HttpServerRequest, named)
      : Effect.failCause(cause)
  )
)

/** The derived routes of the contract as one application. */
export const make = (key: Tokens.AccessKey, lifetime: Duration.Duration) => {
  const groups = Layer.mergeAll(MemStore.layer, Identity.layer(key, lifetime), Control.layer).pipe(
    Layer.provide(Tokens.layer)
  )
  const services = HttpApiBuilder.api(EmulatorApi).pipe(
    Layer.provide(groups),
    Layer.provide(Tokens.layer),
    Layer.merge(namingFaults),
    Layer.provideMerge(Layer.mergeAll(HttpApiBuilder.Router.Live, HttpApiBuilder.Middleware.layer)),
    Layer.merge(HttpServer.layerContext)
  )
  return Effect.gen(function* () {
    const context = yield* Layer.build(services)
    const app = yield* Effect.provide(HttpApiBuilder.httpApp, context)
    const provided: HttpApp.Default = Effect.provide(app, context)
    return provided
  })
}
