/**
 * Shows one shard.
 *
 * Source: "Retrieve shard details".
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
 * Which shard.
 *
 * @since 0.1.0
 * @category schemas
 */
export const GetShardRequest = Schema.Struct({ clusterId: ResourceId, shardId: ResourceId }).annotations({
  identifier: "GetShardRequest"
})

/**
 * @since 0.1.0
 * @category models
 */
export type GetShardRequest = typeof GetShardRequest.Type

/**
 * The wire contract: `GET /v1/clusters/:clusterId/shards/:shardId`.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const getShardEndpoint = HttpApiEndpoint.get("getShard", "/v1/clusters/:clusterId/shards/:shardId")
  .setPath(Schema.Struct({ clusterId: Schema.String, shardId: Schema.String }))
  .addSuccess(Shard)
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
export type GetShardError =
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
  name: "GetShard",
  endpoint: getShardEndpoint,
  request: GetShardRequest,
  response: Shard,
  errors: { 400: InvalidRequest, 401: Unauthorized, 403: Forbidden, 404: NotFound, 500: ServerError },
  encode: ({ clusterId, shardId }) => ({
    path: { clusterId, shardId },
    attributes: { "memstore.cluster.id": clusterId, "memstore.shard.id": shardId }
  })
})

/**
 * Shows one shard with its slots and nodes.
 *
 * @since 0.1.0
 * @category services
 */
export class GetShard extends Context.Tag("@memstore-flows/api/GetShard")<
  GetShard,
  (request: GetShardRequest) => Effect.Effect<Shard, GetShardError>
>() {
  /** Sends the call through `MemStoreClient`. */
  static readonly layer: Layer.Layer<GetShard, never, MemStoreClient> = MemStoreClient.layerOf(GetShard, operation)
}
