import type * as HttpClient from "@effect/platform/HttpClient"
import type * as HttpClientError from "@effect/platform/HttpClientError"
import type * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import type * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { alarm } from "./alarm.js"
import { isSuccess, type Received, refusalLimit } from "./Received.js"
import { hideSecrets } from "./secretHeaders.js"
import { within } from "./within.js"

/** Sends a request and waits for its answer, as long as allowed. Interrupted or too late, it aborts the request. */
export type Sender = <E>(
  request: HttpClientRequest.HttpClientRequest,
  late: () => E
) => Effect.Effect<Received, HttpClientError.HttpClientError | E>

/** Sends a request without a fiber: calls back once, later or at once, and returns what aborts it. */
export type Dispatch<A extends Received = Received> = (
  request: HttpClientRequest.HttpClientRequest,
  done: (received: Effect.Effect<A, HttpClientError.RequestError>) => void
) => () => void

const dispatches = new WeakMap<HttpClient.HttpClient, Dispatch>()

/** Says how a client sends without a fiber. One that was made of it, by `mapRequest` for example, needs one again. */
export const setDispatch = (client: HttpClient.HttpClient, dispatch: Dispatch): void => {
  dispatches.set(client, dispatch)
}

const direct =
  (dispatch: Dispatch, limit: Duration.Duration): Sender =>
  <E>(request: HttpClientRequest.HttpClientRequest, late: () => E) =>
    Effect.withFiberRuntime<Received, HttpClientError.HttpClientError | E>((fiber) =>
      Effect.async((resume) => {
        const cancel = alarm(fiber, limit, () => {
          resume(Effect.failSync(late))
          abort()
        })
        const abort = dispatch(request, (received) => {
          cancel()
          resume(received)
        })
        return Effect.sync(() => {
          cancel()
          abort()
        })
      })
    )

const beginning = (response: HttpClientResponse.HttpClientResponse) =>
  response.stream.pipe(
    Stream.mapAccum(0, (before, chunk) => [before + chunk.length, { chunk, size: before + chunk.length }]),
    Stream.takeUntil(({ size }) => size >= refusalLimit),
    Stream.map(({ chunk }) => chunk),
    Stream.decodeText(),
    Stream.mkString
  )

const read = (
  response: HttpClientResponse.HttpClientResponse
): Effect.Effect<Received, HttpClientError.ResponseError> =>
  Effect.map(isSuccess(response.status) ? response.text : beginning(response), (text) => ({
    status: response.status,
    headers: response.headers,
    text
  }))

const inFiber =
  (http: HttpClient.HttpClient, limit: Duration.Duration): Sender =>
  (request, late) =>
    Effect.zipRight(hideSecrets, http.execute(request)).pipe(Effect.flatMap(read), within(limit, late))

/** Sends through a client: in a fiber of its own, unless the client can do without. */
export const makeSender = (http: HttpClient.HttpClient, limit: Duration.Duration): Sender => {
  const dispatch = dispatches.get(http)
  return dispatch === undefined ? inFiber(http, limit) : direct(dispatch, limit)
}
