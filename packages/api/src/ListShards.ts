/**
 * Lists the shards of a cluster.
 *
 * Source: "Retrieve shard list in cluster".
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
import { ResourceId } from "./ResourceId.js"
import { Shard } from "./Shard.js"

/**
 * Which cluster.
 *
 * @since 0.1.0
 * @category schemas
 */
export const ListShardsRequest = Schema.Struct({ clusterId: ResourceId }).annotations({
  identifier: "ListShardsRequest"
})

/**
 * @since 0.1.0
 * @category models
 */
export type ListShardsRequest = typeof ListShardsRequest.Type

/**
 * @since 0.1.0
 * @category schemas
 */
export const ShardList = Schema.Struct({ shards: Schema.Array(Shard) }).annotations({ identifier: "ShardList" })

/**
 * @since 0.1.0
 * @category models
 */
export type ShardList = typeof ShardList.Type

/**
 * The wire contract: `GET /v1/clusters/:clusterId/shards`.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const listShardsEndpoint = HttpApiEndpoint.get("listShards", "/v1/clusters/:clusterId/shards")
  .setPath(Schema.Struct({ clusterId: Schema.String }))
  .addSuccess(ShardList)
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
export type ListShardsError =
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
  name: "ListShards",
  endpoint: listShardsEndpoint,
  request: ListShardsRequest,
  response: ShardList,
  errors: { 400: InvalidRequest, 401: Unauthorized, 403: Forbidden, 404: NotFound, 500: ServerError },
  encode: ({ clusterId }) => ({ path: { clusterId }, attributes: { "memstore.cluster.id": clusterId } })
})

/**
 * Lists the shards of a cluster with their slots and nodes.
 *
 * @since 0.1.0
 * @category services
 */
export class ListShards extends Context.Tag("@memstore-flows/api/ListShards")<
  ListShards,
  (request: ListShardsRequest) => Effect.Effect<ShardList, ListShardsError>
>() {
  /** Sends the call through `MemStoreClient`. */
  static readonly layer: Layer.Layer<ListShards, never, MemStoreClient> = MemStoreClient.layerOf(ListShards, operation)
}
