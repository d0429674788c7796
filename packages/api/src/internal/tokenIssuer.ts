import * as HttpBody from "@effect/platform/HttpBody"
import type * as HttpClient from "@effect/platform/HttpClient"
import type * as HttpClientError from "@effect/platform/HttpClientError"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import type * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as Tracer from "effect/Tracer"
import { type ApplicationCredential, CreateTokenPayload, createTokenEndpoint, TokenTimes } from "../IdentityApi.js"
import { TokenUnavailable } from "../MemStoreError.js"
import { parseJson, readAnswer } from "./answer.js"
import { isTraced, propagation, serverAttributes, shownUrl } from "./httpSpan.js"
import { bounded } from "./redact.js"
import { retryAfterMillis } from "./retryAfter.js"
import { hideSecrets } from "./secretHeaders.js"
import { describe } from "./transport.js"
import { version } from "./version.js"
import { within } from "./within.js"

/** A token and how long it holds from now on. */
export interface Issued {
  readonly token: Redacted.Redacted<string>
  readonly lifetimeMillis: number
}

/** A failure to get one, and how long the service asked to leave it alone. */
export interface NotIssued {
  readonly error: TokenUnavailable
  readonly askedMillis: number | undefined
}

interface Settings {
  readonly http: HttpClient.HttpClient
  readonly iamUrl: string
  readonly credential: ApplicationCredential
  readonly timeout: Duration.DurationInput
  readonly userAgent: string | undefined
}

/** The documented lifetime, for answers that do not say one. */
const documentedLifetime = Duration.toMillis("12 hours")

const readTimes = Schema.decodeUnknownOption(TokenTimes)

const instant = (text: string | undefined): number | undefined =>
  text === undefined ? undefined : Option.getOrUndefined(Option.map(DateTime.make(text), DateTime.toEpochMillis))

/** `expires_at - issued_at` where both are told, so that a wrong local clock does no harm. */
const lifetimeOf = (body: string, now: number): number => {
  const parsed = parseJson(body)
  const times = Option.flatMap(Either.getRight(parsed), readTimes)
  if (Option.isNone(times)) return documentedLifetime
  const { expired_at, expires_at, issued_at } = times.value.token
  const end = instant(expires_at ?? expired_at)
  if (end === undefined) return documentedLifetime
  return Math.max(0, end - (instant(issued_at) ?? now))
}

const reasonOf = (status: number): TokenUnavailable["reason"] => {
  if (status === 429) return "Throttled"
  if (status >= 500 || status === 408) return "Unreachable"
  return status >= 400 ? "Refused" : "Malformed"
}

const unavailable = (
  reason: TokenUnavailable["reason"],
  message: string,
  status?: number,
  askedMillis?: number
): Effect.Effect<never, NotIssued> =>
  Effect.fail({
    error: new TokenUnavailable({ reason, message, ...(status === undefined ? {} : { status }) }),
    askedMillis
  })

/** Asks the identity service for a token, once. */
export const makeIssuer = (settings: Settings): Effect.Effect<Issued, NotIssued> => {
  const { credential, http } = settings
  const secrets = [credential.secret]
  const payload = Schema.encodeSync(CreateTokenPayload)({
    auth: { identity: { methods: ["application_credential"], application_credential: credential } }
  })
  const request = HttpClientRequest.make(createTokenEndpoint.method)(
    `${settings.iamUrl.replace(/\/+$/, "")}${createTokenEndpoint.path}`,
    {
      headers: {
        accept: "application/json",
        "content-type": "application/json",
        "user-agent": settings.userAgent ?? `memstore-flows/${version}`
      },
      body: HttpBody.text(JSON.stringify(payload), "application/json")
    }
  )

  const read = (response: HttpClientResponse.HttpClientResponse, body: string): Effect.Effect<Issued, NotIssued> => {
    const { headers, status } = response
    if (status < 200 || status > 299) {
      return Effect.flatMap(retryAfterMillis(headers), (asked) =>
        unavailable(reasonOf(status), bounded(readAnswer(body).message, secrets), status, asked)
      )
    }
    const token = headers["x-subject-token"]
    if (token === undefined || token === "") {
      return unavailable("Malformed", "the answer has no X-Subject-Token header", status)
    }
    return Effect.map(Clock.currentTimeMillis, (now) => ({
      token: Redacted.make(token),
      lifetimeMillis: lifetimeOf(body, now)
    }))
  }

  const late = (): NotIssued => ({
    error: new TokenUnavailable({ reason: "Unreachable", message: "no answer in the time allowed" }),
    askedMillis: undefined
  })

  const send = Effect.withFiberRuntime<HttpClientResponse.HttpClientResponse, HttpClientError.HttpClientError>(
    (fiber) => {
      const span = Context.getOption(fiber.currentContext, Tracer.ParentSpan)
      const told = Option.isSome(span) && span.value._tag === "Span" && isTraced(fiber)
      return http.execute(HttpClientRequest.setHeaders(request, told ? propagation(fiber, span.value) : {}))
    }
  )

  return Effect.zipRight(hideSecrets, send).pipe(
    Effect.flatMap((response) => Effect.map(response.text, (body) => ({ response, body }))),
    Effect.catchAll((error) => unavailable("Unreachable", bounded(describe(error), secrets))),
    within(settings.timeout, late),
    Effect.flatMap(({ body, response }) => read(response, body)),
    Effect.withSpan("MemStore.token", {
      kind: "client",
      captureStackTrace: false,
      attributes: {
        "http.request.method": createTokenEndpoint.method,
        "url.full": shownUrl(request.url),
        ...serverAttributes(settings.iamUrl)
      }
    })
  )
}
