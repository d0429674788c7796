/**
 * Deletes a shard.
 *
 * Source: "Delete shard".
 *
 * @since 0.1.0
 */
import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { Accepted } from "./Accepted.js"
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

/**
 * Which shard. The only shard of a cluster cannot be deleted.
 *
 * @since 0.1.0
 * @category schemas
 */
export const DeleteShardRequest = Schema.Struct({ clusterId: ResourceId, shardId: ResourceId }).annotations({
  identifier: "DeleteShardRequest"
})

/**
 * @since 0.1.0
 * @category models
 */
export type DeleteShardRequest = typeof DeleteShardRequest.Type

/**
 * The wire contract: `DELETE /v1/clusters/:clusterId/shards/:shardId`.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const deleteShardEndpoint = HttpApiEndpoint.del("deleteShard", "/v1/clusters/:clusterId/shards/:shardId")
  .setPath(Schema.Struct({ clusterId: Schema.String, shardId: Schema.String }))
  .addSuccess(Accepted)
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
export type DeleteShardError =
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
  name: "DeleteShard",
  endpoint: deleteShardEndpoint,
  request: DeleteShardRequest,
  response: Accepted,
  errors: { 400: InvalidRequest, 401: Unauthorized, 403: Forbidden, 404: NotFound, 500: ServerError },
  encode: ({ clusterId, shardId }) => ({
    path: { clusterId, shardId },
    attributes: { "memstore.cluster.id": clusterId, "memstore.shard.id": shardId }
  })
})

/**
 * Moves the slots of a shard to the others, which may take hours, and deletes it with its nodes.
 *
 * @since 0.1.0
 * @category services
 */
export class DeleteShard extends Context.Tag("@memstore-flows/api/DeleteShard")<
  DeleteShard,
  (request: DeleteShardRequest) => Effect.Effect<Accepted, DeleteShardError>
>() {
  /** Sends the call through `MemStoreClient`. */
  static readonly layer: Layer.Layer<DeleteShard, never, MemStoreClient> = MemStoreClient.layerOf(
    DeleteShard,
    operation
  )
}
