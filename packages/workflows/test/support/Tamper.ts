import * as HttpClient from "@effect/platform/HttpClient"
import type * as HttpClientError from "@effect/platform/HttpClientError"
import type * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Deferred from "effect/Deferred"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"

type Request = HttpClientRequest.HttpClientRequest
/** What would be sent, and its answer. */
export type Call = Effect.Effect<HttpClientResponse.HttpClientResponse, HttpClientError.HttpClientError>

/** What becomes of a call, and of which: the `nth` that fits, counted from when it was armed. */
export interface Strike {
  readonly which: (request: Request) => boolean
  readonly nth: number
  readonly how: (call: Call, request: Request) => Call
}

export const anyCall = (): boolean => true

export const anyWrite = ({ method, url }: Request): boolean => method !== "GET" && !url.includes("/identity/")

/** The call is carried out, and some proxy answers in the cloud's stead. */
export const answeredWith =
  (status: number) =>
  (call: Call, request: Request): Call =>
    Effect.as(call, HttpClientResponse.fromWeb(request, new Response("<html>bad gateway</html>", { status })))

/** The caller never hears of it; the cloud carries it out after a while, whatever becomes of the caller. */
export const carriedOutLate =
  (reached: Deferred.Deferred<void>, after: Duration.DurationInput) =>
  (call: Call): Call =>
    Effect.ignore(call).pipe(
      Effect.delay(after),
      Effect.forkDaemon,
      Effect.zipRight(Deferred.succeed(reached, undefined)),
      Effect.zipRight(Effect.never)
    )

/** Stands between the client and the cloud, and strikes once when armed. */
export const make = () => {
  let seen = 0
  let struck = 0
  let armed: Strike | undefined
  const transformClient = (client: HttpClient.HttpClient): HttpClient.HttpClient =>
    HttpClient.transform(client, (call, request) =>
      Effect.suspend(() => {
        if (armed === undefined || !armed.which(request)) return call
        seen++
        if (seen !== armed.nth) return call
        struck++
        return armed.how(call, request)
      })
    )
  const arm = (strike: Strike) =>
    Effect.sync(() => {
      seen = 0
      armed = strike
    })
  return { transformClient, arm, struck: Effect.sync(() => struck) }
}
