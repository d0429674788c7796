/**
 * Shows one node.
 *
 * Source: "View instance (node) details".
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
import { Node } from "./Node.js"
import * as Operation from "./Operation.js"
import { ResourceId } from "./ResourceId.js"

/**
 * Which node.
 *
 * @since 0.1.0
 * @category schemas
 */
export const GetNodeRequest = Schema.Struct({
  clusterId: ResourceId,
  shardId: ResourceId,
  nodeId: ResourceId
}).annotations({ identifier: "GetNodeRequest" })

/**
 * @since 0.1.0
 * @category models
 */
export type GetNodeRequest = typeof GetNodeRequest.Type

/**
 * The wire contract: `GET /v1/clusters/:clusterId/shards/:shardId/nodes/:nodeId`.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const getNodeEndpoint = HttpApiEndpoint.get("getNode", "/v1/clusters/:clusterId/shards/:shardId/nodes/:nodeId")
  .setPath(Schema.Struct({ clusterId: Schema.String, shardId: Schema.String, nodeId: Schema.String }))
  .addSuccess(Node)
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
export type GetNodeError =
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
  name: "GetNode",
  endpoint: getNodeEndpoint,
  request: GetNodeRequest,
  response: Node,
  errors: { 400: InvalidRequest, 401: Unauthorized, 403: Forbidden, 404: NotFound, 500: ServerError },
  encode: ({ clusterId, nodeId, shardId }) => ({
    path: { clusterId, nodeId, shardId },
    attributes: { "memstore.cluster.id": clusterId, "memstore.node.id": nodeId, "memstore.shard.id": shardId }
  })
})

/**
 * Shows one node with its role, which may change without any call.
 *
 * @since 0.1.0
 * @category services
 */
export class GetNode extends Context.Tag("@memstore-flows/api/GetNode")<
  GetNode,
  (request: GetNodeRequest) => Effect.Effect<Node, GetNodeError>
>() {
  /** Sends the call through `MemStoreClient`. */
  static readonly layer: Layer.Layer<GetNode, never, MemStoreClient> = MemStoreClient.layerOf(GetNode, operation)
}
