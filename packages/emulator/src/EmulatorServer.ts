/**
 * The emulator over HTTP.
 *
 * @since 0.1.0
 */
import { createServer } from "node:http"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as NodeHttpServerRequest from "@effect/platform-node/NodeHttpServerRequest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Emulator, type Service } from "./Emulator.js"
import { AddressUnavailable } from "./EmulatorError.js"

/**
 * - `port`: default 0, which takes a free one
 * - `host`: default `127.0.0.1`: no other machine can reach it
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  readonly port?: number
  readonly host?: string
}

const reasonOf = (cause: unknown): string => {
  const code = typeof cause === "object" && cause !== null && "code" in cause ? String(cause.code) : ""
  if (code === "EADDRINUSE") return "another program uses the port"
  if (code === "EACCES") return "no permission"
  if (code === "EADDRNOTAVAIL" || code === "ENOTFOUND") return "this machine has no such address"
  return cause instanceof Error ? cause.message : "unknown"
}

const application = (emulator: Service) =>
  Effect.flatMap(HttpServerRequest.HttpServerRequest, (request) =>
    Effect.catchAll(emulator.handle(request), () =>
      Effect.sync(() => {
        NodeHttpServerRequest.toIncomingMessage(request).socket.destroy()
        return HttpServerResponse.empty()
      })
    )
  ).pipe(Effect.interruptible)

const make = ({ host = "127.0.0.1", port = 0 }: Options) =>
  Effect.gen(function* () {
    const emulator = yield* Emulator
    const node = createServer()
    const server = yield* Effect.mapError(
      NodeHttpServer.make(() => node, { host, port }),
      ({ cause }) => new AddressUnavailable({ host, port, reason: reasonOf(cause) })
    )
    yield* Effect.addFinalizer(() => Effect.sync(() => node.closeAllConnections()))
    yield* server.serve(application(emulator))
    const taken = server.address._tag === "TcpAddress" ? server.address.port : port
    const name = host.includes(":") ? `[${host}]` : host
    return { url: `http://${name}:${taken}`, host, port: taken }
  })

/**
 * A running HTTP server of the emulator: MemStore and the token call at the same address.
 *
 * `url`: without a slash at its end, to be used as base URL and as IAM URL.
 *
 * @since 0.1.0
 * @category services
 */
export class EmulatorServer extends Context.Tag("@memstore-flows/emulator/EmulatorServer")<
  EmulatorServer,
  { readonly url: string; readonly host: string; readonly port: number }
>() {
  /** Serves the `Emulator` until the layer's scope ends. Open connections are closed then. */
  static readonly layer = (options: Options = {}): Layer.Layer<EmulatorServer, AddressUnavailable, Emulator> =>
    Layer.scoped(EmulatorServer, make(options))
}
