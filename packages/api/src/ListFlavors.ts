/**
 * Lists the node types on offer.
 *
 * Source: the common page, "Retrieve flavor list".
 *
 * @since 0.1.0
 */
import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { ForbiddenBody, InvalidRequestBody, NotFoundBody, ServerErrorBody } from "./ErrorBody.js"
import { Flavor } from "./Flavor.js"
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
export const ListFlavorsRequest = Schema.Struct({}).annotations({ identifier: "ListFlavorsRequest" })

/**
 * @since 0.1.0
 * @category models
 */
export type ListFlavorsRequest = typeof ListFlavorsRequest.Type

/**
 * @since 0.1.0
 * @category schemas
 */
export const FlavorList = Schema.Struct({ flavors: Schema.Array(Flavor) }).annotations({ identifier: "FlavorList" })

/**
 * @since 0.1.0
 * @category models
 */
export type FlavorList = typeof FlavorList.Type

/**
 * The wire contract: `GET /v1/redis/flavors`.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const listFlavorsEndpoint = HttpApiEndpoint.get("listFlavors", "/v1/redis/flavors")
  .addSuccess(FlavorList)
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
export type ListFlavorsError =
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
  name: "ListFlavors",
  endpoint: listFlavorsEndpoint,
  request: ListFlavorsRequest,
  response: FlavorList,
  errors: { 400: InvalidRequest, 401: Unauthorized, 403: Forbidden, 404: NotFound, 500: ServerError },
  encode: () => ({ path: {}, attributes: {} })
})

/**
 * Lists flavors with their processors and memory.
 *
 * @since 0.1.0
 * @category services
 */
export class ListFlavors extends Context.Tag("@memstore-flows/api/ListFlavors")<
  ListFlavors,
  (request: ListFlavorsRequest) => Effect.Effect<FlavorList, ListFlavorsError>
>() {
  /** Sends the call through `MemStoreClient`. */
  static readonly layer: Layer.Layer<ListFlavors, never, MemStoreClient> = MemStoreClient.layerOf(
    ListFlavors,
    operation
  )
}
