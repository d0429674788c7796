/**
 * An `HttpClient` that answers from the emulator in the same process.
 *
 * @since 0.1.0
 */
import * as Headers from "@effect/platform/Headers"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientError from "@effect/platform/HttpClientError"
import type * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import type * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as MemStore from "@memstore-flows/api/MemStore"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import { defaultCredential, Emulator, type Options as EmulatorOptions, type Service } from "./Emulator.js"
import { MemoryRequest } from "./internal/MemoryRequest.js"
import { MemoryResponse } from "./internal/MemoryResponse.js"

/**
 * The addresses that the client answers for unless told otherwise: the vendor's MemStore and IAM.
 *
 * @since 0.1.0
 * @category constants
 */
export const defaultUrls: ReadonlyArray<string> = [
  "https://redis.kr-central-2.kakaocloud.com",
  "https://iam.kakaocloud.com"
]

/**
 * `urls`: the addresses that lead to the emulator, by scheme, host and port. Any other cannot be reached.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  readonly urls?: ReadonlyArray<string>
}

const concat = (chunks: Iterable<Uint8Array>): Uint8Array => {
  const parts = [...chunks]
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  parts.reduce((offset, part) => {
    whole.set(part, offset)
    return offset + part.length
  }, 0)
  return whole
}

const transport = (request: HttpClientRequest.HttpClientRequest, description: string) =>
  new HttpClientError.RequestError({ request, reason: "Transport", description })

const readBody = (request: HttpClientRequest.HttpClientRequest) => {
  const { body } = request
  switch (body._tag) {
    case "Empty":
      return Effect.succeed(new Uint8Array())
    case "Uint8Array":
      return Effect.succeed(body.body)
    case "Stream":
      return Stream.runCollect(body.stream).pipe(
        Effect.map(concat),
        Effect.mapError((cause) => new HttpClientError.RequestError({ request, reason: "Encode", cause }))
      )
    case "Raw":
      return typeof body.body === "string"
        ? Effect.succeed(new TextEncoder().encode(body.body))
        : Effect.fail(transport(request, "the emulator takes raw bodies as text only"))
    case "FormData":
      return Effect.fail(transport(request, "the emulator takes no forms"))
  }
}

const bytesOf = ({ body }: HttpServerResponse.HttpServerResponse): Uint8Array =>
  body._tag === "Uint8Array" ? body.body : new Uint8Array()

const headersOf = (request: HttpClientRequest.HttpClientRequest): Headers.Headers => {
  const { contentType } = request.body
  return contentType === undefined || request.headers["content-type"] !== undefined
    ? request.headers
    : Headers.set(request.headers, "content-type", contentType)
}

/**
 * An `HttpClient` that calls the emulator in the caller's fiber and on the caller's `Clock`.
 *
 * Where a fault breaks the connection it fails as a real client does: `RequestError` with reason `Transport`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (emulator: Service, options: Options = {}): HttpClient.HttpClient => {
  const origins = new Set((options.urls ?? defaultUrls).map((url) => new URL(url).origin))
  return HttpClient.make((request, url) =>
    Effect.gen(function* () {
      if (!origins.has(url.origin)) {
        return yield* transport(request, `the emulator does not answer for ${url.origin}`)
      }
      const incoming = new MemoryRequest({
        method: request.method,
        url: `${url.pathname}${url.search}`,
        headers: headersOf(request),
        body: yield* readBody(request)
      })
      const response = yield* Effect.mapError(emulator.handle(incoming), () =>
        transport(request, "the connection was closed")
      )
      const { headers, status } = response
      return new MemoryResponse({ request, status, headers, body: bytesOf(response) })
    })
  )
}

/**
 * The emulator as the program's `HttpClient`, without sockets. It works under `TestClock`.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (options: Options = {}): Layer.Layer<HttpClient.HttpClient, never, Emulator> =>
  Layer.effect(
    HttpClient.HttpClient,
    Effect.map(Emulator, (emulator) => make(emulator, options))
  )

/**
 * All operations of the api package on a cloud in memory, and the control of that cloud.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerMemStore = (options: EmulatorOptions = {}): Layer.Layer<MemStore.MemStore | Emulator> =>
  MemStore.layer({ credential: { ...defaultCredential, ...options.credential } }).pipe(
    Layer.provide(layer()),
    Layer.provideMerge(Emulator.layer(options))
  )
