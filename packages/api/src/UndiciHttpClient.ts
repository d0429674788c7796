/**
 * The `HttpClient` for Node that costs least per call: `undici` without streams, signals and spans.
 *
 * It stands beside the index and not in it: it alone needs `undici`.
 *
 * @since 0.1.0
 */
import type * as HttpBody from "@effect/platform/HttpBody"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientError from "@effect/platform/HttpClientError"
import type * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as UrlParams from "@effect/platform/UrlParams"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import { Agent, type Dispatcher } from "undici"
import { fromBytes, isSuccess, type ReceivedBytes, refusalLimit } from "./internal/Received.js"
import { type Dispatch, setDispatch } from "./internal/Sender.js"

type Done = Parameters<Dispatch<ReceivedBytes>>[1]

type Body = NonNullable<Dispatcher.DispatchOptions["body"]> | null

const bodyOf = (body: HttpBody.HttpBody): Body => {
  switch (body._tag) {
    case "Empty":
      return null
    case "Stream":
      // `undici` sends whatever can be iterated; its types do not say so.
      return Stream.toReadableStream(body.stream) as unknown as Body
    case "FormData":
      return body.formData as Body
    default:
      return body.body as Body
  }
}

/** Gathers what comes back of one request. */
const gather = (request: HttpClientRequest.HttpClientRequest, done: Done) => {
  let controller: Dispatcher.DispatchController | undefined
  let isAborted = false
  let status = 0
  let fields: ReceivedBytes["fields"] = {}
  let size = 0
  const chunks: Array<Buffer> = []

  const abort = () => {
    isAborted = true
    controller?.abort(new Error("aborted"))
  }

  const end = () => {
    const [only, more] = chunks
    done(
      Effect.succeed(fromBytes(status, fields, only === undefined || more !== undefined ? Buffer.concat(chunks) : only))
    )
  }

  const handler: Dispatcher.DispatchHandler = {
    onRequestStart: (begun) => {
      controller = begun
      if (isAborted) abort()
    },
    onResponseStart: (_, code, headers) => {
      status = code
      fields = headers
    },
    onResponseData: (_, chunk) => {
      chunks.push(chunk)
      size += chunk.length
      if (size < refusalLimit || isSuccess(status)) return
      end()
      abort()
    },
    onResponseEnd: end,
    onResponseError: (_, cause) =>
      done(Effect.fail(new HttpClientError.RequestError({ request, reason: "Transport", cause })))
  }
  return { handler, abort }
}

const dispatchTo =
  (dispatcher: Dispatcher): Dispatch<ReceivedBytes> =>
  (request, done) => {
    const url = UrlParams.makeUrl(request.url, request.urlParams, request.hash)
    if (Either.isLeft(url)) {
      done(Effect.fail(new HttpClientError.RequestError({ request, reason: "InvalidUrl", cause: url.left })))
      return () => {}
    }
    const { abort, handler } = gather(request, done)
    const { origin, pathname, search } = url.right
    dispatcher.dispatch(
      {
        origin,
        path: `${pathname}${search}`,
        method: request.method,
        headers: request.headers,
        body: bodyOf(request.body),
        // Whoever sends decides how long to wait.
        headersTimeout: 0,
        bodyTimeout: 0
      },
      handler
    )
    return abort
  }

const responseOf =
  (request: HttpClientRequest.HttpClientRequest) =>
  ({ bytes, fields, status }: ReceivedBytes) => {
    const headers = Object.entries(fields).flatMap(([name, value = []]) =>
      [value].flat().map((each): [string, string] => [name, each])
    )
    const body = bytes.length === 0 ? null : new Uint8Array(bytes)
    return HttpClientResponse.fromWeb(request, new Response(body, { status, headers }))
  }

/**
 * A client that sends through a dispatcher of `undici`: an `Agent`, a `ProxyAgent`, or one of yours.
 *
 * It reads answers to their end, and of those that are not a 2xx the first 64 KiB. It makes no spans of its own: those of
 * `MemStoreClient` say the same. Changed by `transformClient` it still works, at the price of other clients.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (dispatcher: Dispatcher): HttpClient.HttpClient => {
  const dispatch = dispatchTo(dispatcher)
  const client = HttpClient.makeWith<never, never, HttpClientError.HttpClientError, never>(
    Effect.flatMap((request) =>
      Effect.map(
        Effect.async<ReceivedBytes, HttpClientError.RequestError>((resume) => Effect.sync(dispatch(request, resume))),
        responseOf(request)
      )
    ),
    Effect.succeed
  )
  setDispatch(client, dispatch)
  return client
}

/**
 * A client with connections of its own, which are closed with the layer.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<HttpClient.HttpClient> = Layer.scoped(
  HttpClient.HttpClient,
  Effect.map(
    Effect.acquireRelease(
      Effect.sync(() => new Agent()),
      (agent) => Effect.promise(() => agent.destroy())
    ),
    make
  )
)
