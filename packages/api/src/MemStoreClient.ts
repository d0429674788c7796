/**
 * Makes calls: token, headers, time-out, retries, typed errors, spans and counters in one pipeline.
 *
 * @since 0.1.0
 */
import * as HttpClient from "@effect/platform/HttpClient"
import * as Config from "effect/Config"
import type { ConfigError } from "effect/ConfigError"
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { identity } from "effect/Function"
import * as Layer from "effect/Layer"
import { makeCaller } from "./internal/caller.js"
import { optionalConfig, urlConfig } from "./internal/config.js"
import type { CallError } from "./MemStoreError.js"
import type { Operation } from "./Operation.js"
import { RetryPolicy } from "./RetryPolicy.js"
import { TokenProvider } from "./TokenProvider.js"
import { defaultWireChoices, type WireChoices } from "./WireChoices.js"

/**
 * The region that is left for MemStore.
 *
 * @since 0.1.0
 * @category constants
 */
export const defaultRegion = "kr-central-2"

/**
 * - `region`: default `kr-central-2`
 * - `baseUrl`: default `https://redis.{region}.kakaocloud.com`
 * - `attemptTimeout`: for one attempt, from the first byte sent to the last byte read; default 30 s
 * - `userAgent`: default `memstore-flows/{version}`
 * - `transformClient`: changes the `HttpClient` all calls go through
 * - `backupNameField`, `addShardAssignment`, `presumedRules`: see `WireChoices`
 *
 * @since 0.1.0
 * @category models
 */
export interface MemStoreClientOptions extends Partial<WireChoices> {
  readonly region?: string
  readonly baseUrl?: string
  readonly attemptTimeout?: Duration.DurationInput
  readonly userAgent?: string
  readonly transformClient?: (client: HttpClient.HttpClient) => HttpClient.HttpClient
}

/**
 * The options as `Config`, all optional: `MEMSTORE_REGION`, `MEMSTORE_BASE_URL`, `MEMSTORE_ATTEMPT_TIMEOUT` (such as
 * `10 seconds`), `MEMSTORE_USER_AGENT`, `MEMSTORE_BACKUP_NAME_FIELD` (`backupName` or `backupNames`),
 * `MEMSTORE_ADD_SHARD_ASSIGNMENT` (`object` or `array`), `MEMSTORE_PRESUMED_RULES` (`true` or `false`).
 *
 * @since 0.1.0
 * @category config
 */
export const clientConfig: Config.Config<MemStoreClientOptions> = optionalConfig({
  region: Config.nonEmptyString("MEMSTORE_REGION"),
  baseUrl: urlConfig("MEMSTORE_BASE_URL"),
  attemptTimeout: Config.duration("MEMSTORE_ATTEMPT_TIMEOUT"),
  userAgent: Config.nonEmptyString("MEMSTORE_USER_AGENT"),
  backupNameField: Config.literal("backupName", "backupNames")("MEMSTORE_BACKUP_NAME_FIELD"),
  addShardAssignment: Config.literal("object", "array")("MEMSTORE_ADD_SHARD_ASSIGNMENT"),
  presumedRules: Config.boolean("MEMSTORE_PRESUMED_RULES")
})

interface Service {
  /** Makes the call; its faults are found before anything is sent. */
  readonly call: <Request, A, E>(
    operation: Operation<Request, A, E>
  ) => (request: Request) => Effect.Effect<A, E | CallError>
}

const make = (options: MemStoreClientOptions) =>
  Effect.gen(function* () {
    const http = yield* HttpClient.HttpClient
    const tokens = yield* TokenProvider
    const policy = yield* RetryPolicy
    const { transformClient = identity } = options
    const choices: WireChoices = {
      backupNameField: options.backupNameField ?? defaultWireChoices.backupNameField,
      addShardAssignment: options.addShardAssignment ?? defaultWireChoices.addShardAssignment,
      presumedRules: options.presumedRules ?? defaultWireChoices.presumedRules
    }
    const call = makeCaller({
      http: transformClient(http),
      tokens,
      policy,
      choices,
      baseUrl: options.baseUrl ?? `https://redis.${options.region ?? defaultRegion}.kakaocloud.com`,
      attemptTimeout: options.attemptTimeout ?? "30 seconds",
      userAgent: options.userAgent
    })
    return { call } satisfies Service
  })

/**
 * Makes the calls of all operations.
 *
 * Every failure is one of the errors in `MemStoreError`: neither `HttpClientError` nor `ParseError` leaves it. A call
 * that is interrupted aborts its request, and begins none after.
 *
 * - `Content-Type: application/json` goes with every call, bodies or not
 * - a 401 renews the token once for the call; a 403 never does
 * - repeats are decided by `RetryPolicy`
 * - each call is a span `MemStore.{operation}` with ids and, as OpenTelemetry's conventions for HTTP clients name them,
 *   method, address, status, repeats and the kind of failure as attributes, if somebody has given a tracer; its
 *   `traceparent` goes with the call, unless `HttpClient.currentTracerPropagation` is off
 * - each call counts in `memstore_api_calls` (by operation and outcome) and `memstore_api_retries` (by operation)
 * - tokens, credentials and passwords appear in no span, log or error
 *
 * @since 0.1.0
 * @category services
 */
export class MemStoreClient extends Context.Tag("@memstore-flows/api/MemStoreClient")<MemStoreClient, Service>() {
  /** A client with the given options. */
  static readonly layer = (
    options: MemStoreClientOptions = {}
  ): Layer.Layer<MemStoreClient, never, HttpClient.HttpClient | TokenProvider> =>
    Layer.effect(MemStoreClient, make(options))

  /** A client with options from `Config`, see `clientConfig`. */
  static readonly layerConfig = (
    config: Config.Config.Wrap<MemStoreClientOptions> = clientConfig
  ): Layer.Layer<MemStoreClient, ConfigError, HttpClient.HttpClient | TokenProvider> =>
    Layer.effect(MemStoreClient, Effect.flatMap(Config.unwrap(config), make))

  /** The layer of a service that makes one operation's call. */
  static readonly layerOf = <Self, Request, A, E>(
    tag: Context.Tag<Self, (request: Request) => Effect.Effect<A, E | CallError>>,
    operation: Operation<Request, A, E>
  ): Layer.Layer<Self, never, MemStoreClient> =>
    Layer.effect(
      tag,
      Effect.map(MemStoreClient, ({ call }) => call(operation))
    )
}
