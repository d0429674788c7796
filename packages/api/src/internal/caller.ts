import type * as HttpClient from "@effect/platform/HttpClient"
import * as Clock from "effect/Clock"
import type * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import type * as Redacted from "effect/Redacted"
import type * as Tracer from "effect/Tracer"
import { type CallError, Unauthorized } from "../MemStoreError.js"
import type { Encoded, Operation } from "../Operation.js"
import { policyOf, type RetryPolicy } from "../RetryPolicy.js"
import type { TokenProvider } from "../TokenProvider.js"
import type { WireChoices } from "../WireChoices.js"
import { makeExchange } from "./exchange.js"
import { isTraced, nameFailure, propagation, serverAttributes, shownUrl } from "./httpSpan.js"
import { countersOf } from "./metrics.js"
import { formatQuery } from "./path.js"

interface Settings {
  readonly http: HttpClient.HttpClient
  readonly tokens: Context.Tag.Service<TokenProvider>
  readonly policy: Context.Tag.Service<RetryPolicy>
  readonly choices: WireChoices
  readonly baseUrl: string
  readonly attemptTimeout: Duration.DurationInput
  readonly userAgent: string | undefined
}

/** One call under way. */
interface Run<Request, A, E> {
  readonly operation: Operation<Request, A, E>
  readonly encoded: Encoded
  readonly url: string
  readonly body: string | undefined
  readonly beganAt: number
  readonly span: Tracer.Span | undefined
  readonly trace: Readonly<Record<string, string>>
  readonly retried: Effect.Effect<unknown>
}

const retrying = <Request, A, E>(run: Run<Request, A, E>, attempt: number, next: Effect.Effect<A, E | CallError>) => {
  run.span?.attribute("http.request.resend_count", attempt - 1)
  return Effect.zipRight(run.retried, next)
}

/** Builds the pipeline that all operations share. */
export const makeCaller = (settings: Settings) => {
  const { choices, policy, tokens } = settings
  const baseUrl = settings.baseUrl.replace(/\/+$/, "")
  const exchange = makeExchange(settings)
  const server = serverAttributes(baseUrl)
  const shown = shownUrl(baseUrl)

  const once = <Request, A, E>(run: Run<Request, A, E>, token: Redacted.Redacted<string>, attempt: number) =>
    exchange(run.operation, { ...run, secrets: run.encoded.secrets ?? [], token, attempt })

  const policyNow = policyOf(policy)

  const repeat = <Request, A, E>(
    run: Run<Request, A, E>,
    attempt: number,
    mayRenew: boolean,
    given?: Redacted.Redacted<string>
  ): Effect.Effect<A, E | CallError> =>
    Effect.flatMap(given === undefined ? tokens.get : Effect.succeed(given), (token) =>
      Effect.catchAll(once(run, token, attempt), (error) =>
        error instanceof Unauthorized
          ? mayRenew
            ? Effect.flatMap(tokens.renew(token), (fresh) =>
                fresh === token
                  ? Effect.fail(error)
                  : retrying(run, attempt + 1, repeat(run, attempt + 1, false, fresh))
              )
            : Effect.fail(error)
          : afterFailure(run, attempt, mayRenew, error)
      )
    )

  const afterFailure = <Request, A, E>(
    run: Run<Request, A, E>,
    attempt: number,
    mayRenew: boolean,
    error: E | CallError
  ): Effect.Effect<A, E | CallError> =>
    Effect.gen(function* () {
      const { next } = yield* policyNow
      const elapsedMillis = (yield* Clock.currentTimeMillis) - run.beganAt
      const { isWrite, name } = run.operation
      const pause = yield* next({ operation: name, isWrite, attempt, elapsedMillis, error })
      if (Option.isNone(pause)) return yield* Effect.fail(error)
      yield* Effect.sleep(pause.value)
      return yield* retrying(run, attempt + 1, repeat(run, attempt + 1, mayRenew))
    })

  return <Request, A, E>(operation: Operation<Request, A, E>) => {
    const spanName = `MemStore.${operation.name}`
    const counters = countersOf(operation.name)
    const fixed = { "http.request.method": operation.method, ...server }
    return (request: Request): Effect.Effect<A, E | CallError> =>
      Effect.withFiberRuntime((fiber) => {
        const checked = operation.validate(request, choices)
        if (Either.isLeft(checked)) return Effect.fail(checked.left)
        const encoded = operation.encode(request, choices)
        const path = `${operation.path(encoded.path)}${formatQuery(encoded.query)}`
        const url = `${baseUrl}${path}`
        const body = encoded.body === undefined ? undefined : JSON.stringify(encoded.body)
        const begin = (span: Tracer.Span | undefined) => {
          const trace = span === undefined ? {} : propagation(fiber, span)
          return Effect.onExit(
            Effect.flatMap(Clock.currentTimeMillis, (beganAt) =>
              repeat({ operation, encoded, url, body, beganAt, span, trace, retried: counters.retried }, 1, true)
            ),
            (exit) => {
              if (span !== undefined) nameFailure(span, exit)
              return counters.ended(exit)
            }
          )
        }
        if (!isTraced(fiber)) return begin(undefined)
        const attributes = { ...fixed, "url.full": `${shown}${path}`, ...encoded.attributes }
        return Effect.useSpan(spanName, { kind: "client", captureStackTrace: false, attributes }, begin)
      })
  }
}
