import * as Headers from "@effect/platform/Headers"
import * as HttpBody from "@effect/platform/HttpBody"
import type * as HttpClient from "@effect/platform/HttpClient"
import type * as HttpClientError from "@effect/platform/HttpClientError"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Redacted from "effect/Redacted"
import type * as Tracer from "effect/Tracer"
import {
  type AnswerFields,
  type CallError,
  DecodeError,
  RequestTimeout,
  Throttled,
  TransportError,
  UnexpectedStatus
} from "../MemStoreError.js"
import type { Operation } from "../Operation.js"

import { parseJson, readAnswer, readRequestId } from "./answer.js"
import { isSuccess, type Received } from "./Received.js"
import { bounded, redact } from "./redact.js"
import { retryAfterMillis } from "./retryAfter.js"
import { makeSender } from "./Sender.js"
import { describe, wasSent } from "./transport.js"
import { version } from "./version.js"

/** One attempt: where it goes, with what, and what must not be repeated of it. */
export interface Attempt {
  readonly url: string
  readonly body: string | undefined
  readonly token: Redacted.Redacted<string>
  readonly secrets: ReadonlyArray<Redacted.Redacted<string>>
  readonly attempt: number
  readonly span: Tracer.Span | undefined
  readonly trace: Readonly<Record<string, string>>
}

interface Settings {
  readonly http: HttpClient.HttpClient
  readonly attemptTimeout: Duration.DurationInput
  readonly userAgent: string | undefined
}

const answerFields = (name: string, { headers, status, text }: Received, attempt: Attempt): AnswerFields => {
  const said = readAnswer(text)
  const requestId = readRequestId(headers) ?? said.requestId
  const secrets = [...attempt.secrets, attempt.token]
  return {
    operation: name,
    status,
    attempt: attempt.attempt,
    message: bounded(said.message, secrets),
    body: bounded(text, secrets),
    ...(requestId === undefined ? {} : { requestId: bounded(requestId, secrets) })
  }
}

const throttled = (fields: AnswerFields, headers: Received["headers"]): Effect.Effect<never, Throttled> =>
  Effect.flatMap(retryAfterMillis(headers), (asked) =>
    Effect.fail(new Throttled(asked === undefined ? fields : { ...fields, retryAfterMillis: asked }))
  )

const refused = <Request, A, E>(
  operation: Operation<Request, A, E>,
  answer: Received,
  attempt: Attempt
): Effect.Effect<never, E | CallError> => {
  const fields = answerFields(operation.name, answer, attempt)
  if (answer.status === 429) return throttled(fields, answer.headers)
  const Documented = operation.errorOf(answer.status)
  return Effect.fail(Documented === undefined ? new UnexpectedStatus(fields) : new Documented(fields))
}

const read = <Request, A, E>(
  operation: Operation<Request, A, E>,
  answer: Received,
  attempt: Attempt
): Effect.Effect<A, E | CallError> => {
  attempt.span?.attribute("http.response.status_code", answer.status)
  if (!isSuccess(answer.status)) return refused(operation, answer, attempt)
  const parsed = parseJson(answer.text)
  const decoded = Either.isRight(parsed) ? operation.decode(parsed.right) : Either.left([parsed.left])
  return Either.isRight(decoded)
    ? Effect.succeed(decoded.right)
    : Effect.fail(new DecodeError({ ...answerFields(operation.name, answer, attempt), issues: decoded.left }))
}

const transportError = (name: string, error: HttpClientError.HttpClientError, attempt: Attempt): TransportError =>
  new TransportError({
    operation: name,
    attempt: attempt.attempt,
    message: redact(describe(error), [...attempt.secrets, attempt.token]),
    sent: wasSent(error)
  })

const withBody = (request: HttpClientRequest.HttpClientRequest, body: string | undefined) =>
  body === undefined ? request : HttpClientRequest.setBody(request, HttpBody.text(body, "application/json"))

/** Sends one attempt and turns whatever comes back into a result or a typed error. */
export const makeExchange = ({ attemptTimeout, http, userAgent }: Settings) => {
  const timeout = Duration.decode(attemptTimeout)
  const send = makeSender(http, timeout)
  const fixed = {
    accept: "application/json",
    "content-type": "application/json",
    "user-agent": userAgent ?? `memstore-flows/${version}`
  }

  return <Request, A, E>(operation: Operation<Request, A, E>, attempt: Attempt): Effect.Effect<A, E | CallError> => {
    const headers = Headers.unsafeFromRecord({
      ...fixed,
      "x-auth-token": Redacted.value(attempt.token),
      ...attempt.trace
    })
    const request = withBody(HttpClientRequest.make(operation.method)(attempt.url, { headers }), attempt.body)
    const late = () =>
      new RequestTimeout({
        operation: operation.name,
        attempt: attempt.attempt,
        afterMillis: Duration.toMillis(timeout)
      })
    return Effect.matchEffect(send(request, late), {
      onSuccess: (answer) => read(operation, answer, attempt),
      onFailure: (error) =>
        Effect.fail(error instanceof RequestTimeout ? error : transportError(operation.name, error, attempt))
    })
  }
}
