/**
 * Lists the Redis versions on offer.
 *
 * Source: the common page, "Retrieve Redis versions"; its table lists neither 401 nor 500, which surely occur.
 *
 * @since 0.1.0
 */
import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { ForbiddenBody, InvalidRequestBody, NotFoundBody, ServerErrorBody } from "./ErrorBody.js"
import { MemStoreClient } from "./MemStoreClient.js"
import {
  type DecodeError,
  Forbidden,
  type InvalidInput,
  InvalidRequest,
  NotFound,
  type RequestTimeout,
  ServerError,
  type Throttled,
  type TokenUnavailable,
  type TransportError,
  Unauthorized,
  type UnexpectedStatus
} from "./MemStoreError.js"
import * as Operation from "./Operation.js"

/**
 * Nothing to say.
 *
 * @since 0.1.0
 * @category schemas
 */
export const ListEngineVersionsRequest = Schema.Struct({}).annotations({ identifier: "ListEngineVersionsRequest" })

/**
 * @since 0.1.0
 * @category models
 */
export type ListEngineVersionsRequest = typeof ListEngineVersionsRequest.Type

/**
 * A bare array of version texts.
 *
 * @since 0.1.0
 * @category schemas
 */
export const EngineVersions = Schema.Array(Schema.String).annotations({ identifier: "EngineVersions" })

/**
 * @since 0.1.0
 * @category models
 */
export type EngineVersions = typeof EngineVersions.Type

/**
 * The wire contract: `GET /v1/redis/versions`.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const listEngineVersionsEndpoint = HttpApiEndpoint.get("listEngineVersions", "/v1/redis/versions")
  .addSuccess(EngineVersions)
  .addError(InvalidRequestBody)
  .addError(ForbiddenBody)
  .addError(NotFoundBody)
  .addError(ServerErrorBody)

/**
 * Every way this call can fail.
 *
 * @since 0.1.0
 * @category errors
 */
export type ListEngineVersionsError =
  | InvalidRequest
  | Unauthorized
  | Forbidden
  | NotFound
  | ServerError
  | Throttled
  | UnexpectedStatus
  | TransportError
  | RequestTimeout
  | DecodeError
  | InvalidInput
  | TokenUnavailable

const operation = Operation.make({
  name: "ListEngineVersions",
  endpoint: listEngineVersionsEndpoint,
  request: ListEngineVersionsRequest,
  response: EngineVersions,
  errors: { 400: InvalidRequest, 401: Unauthorized, 403: Forbidden, 404: NotFound, 500: ServerError },
  encode: () => ({ path: {}, attributes: {} })
})

/**
 * Lists the full engine versions such as `7.2.11`, newest first. `5.0.6` is for cluster mode disabled only.
 *
 * @since 0.1.0
 * @category services
 */
export class ListEngineVersions extends Context.Tag("@memstore-flows/api/ListEngineVersions")<
  ListEngineVersions,
  (request: ListEngineVersionsRequest) => Effect.Effect<EngineVersions, ListEngineVersionsError>
>() {
  /** Sends the call through `MemStoreClient`. */
  static readonly layer: Layer.Layer<ListEngineVersions, never, MemStoreClient> = MemStoreClient.layerOf(
    ListEngineVersions,
    operation
  )
}
