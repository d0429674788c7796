/**
 * Deletes a node.
 *
 * Source: "Delete instance (node)".
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
 * Which node. A primary cannot be deleted.
 *
 * @since 0.1.0
 * @category schemas
 */
export const DeleteNodeRequest = Schema.Struct({
  clusterId: ResourceId,
  shardId: ResourceId,
  nodeId: ResourceId
}).annotations({ identifier: "DeleteNodeRequest" })

/**
 * @since 0.1.0
 * @category models
 */
export type DeleteNodeRequest = typeof DeleteNodeRequest.Type

/**
 * The wire contract: `DELETE /v1/clusters/:clusterId/shards/:shardId/nodes/:nodeId`.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const deleteNodeEndpoint = HttpApiEndpoint.del(
  "deleteNode",
  "/v1/clusters/:clusterId/shards/:shardId/nodes/:nodeId"
)
  .setPath(Schema.Struct({ clusterId: Schema.String, shardId: Schema.String, nodeId: Schema.String }))
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
export type DeleteNodeError =
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
  name: "DeleteNode",
  endpoint: deleteNodeEndpoint,
  request: DeleteNodeRequest,
  response: Accepted,
  errors: { 400: InvalidRequest, 401: Unauthorized, 403: Forbidden, 404: NotFound, 500: ServerError },
  encode: ({ clusterId, nodeId, shardId }) => ({
    path: { clusterId, nodeId, shardId },
    attributes: { "memstore.cluster.id": clusterId, "memstore.node.id": nodeId, "memstore.shard.id": shardId }
  })
})

/**
 * Deletes a replica. Roles change by themselves: read them again right before.
 *
 * @since 0.1.0
 * @category services
 */
export class DeleteNode extends Context.Tag("@memstore-flows/api/DeleteNode")<
  DeleteNode,
  (request: DeleteNodeRequest) => Effect.Effect<Accepted, DeleteNodeError>
>() {
  /** Sends the call through `MemStoreClient`. */
  static readonly layer: Layer.Layer<DeleteNode, never, MemStoreClient> = MemStoreClient.layerOf(DeleteNode, operation)
}
