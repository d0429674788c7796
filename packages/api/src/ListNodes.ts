/**
 * Lists the nodes of a shard.
 *
 * Source: "View list of instances (nodes) in shard".
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
 * Which shard.
 *
 * @since 0.1.0
 * @category schemas
 */
export const ListNodesRequest = Schema.Struct({ clusterId: ResourceId, shardId: ResourceId }).annotations({
  identifier: "ListNodesRequest"
})

/**
 * @since 0.1.0
 * @category models
 */
export type ListNodesRequest = typeof ListNodesRequest.Type

/**
 * @since 0.1.0
 * @category schemas
 */
export const NodeList = Schema.Struct({ nodes: Schema.Array(Node) }).annotations({ identifier: "NodeList" })

/**
 * @since 0.1.0
 * @category models
 */
export type NodeList = typeof NodeList.Type

/**
 * The wire contract: `GET /v1/clusters/:clusterId/shards/:shardId/nodes`.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const listNodesEndpoint = HttpApiEndpoint.get("listNodes", "/v1/clusters/:clusterId/shards/:shardId/nodes")
  .setPath(Schema.Struct({ clusterId: Schema.String, shardId: Schema.String }))
  .addSuccess(NodeList)
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
export type ListNodesError =
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
  name: "ListNodes",
  endpoint: listNodesEndpoint,
  request: ListNodesRequest,
  response: NodeList,
  errors: { 400: InvalidRequest, 401: Unauthorized, 403: Forbidden, 404: NotFound, 500: ServerError },
  encode: ({ clusterId, shardId }) => ({
    path: { clusterId, shardId },
    attributes: { "memstore.cluster.id": clusterId, "memstore.shard.id": shardId }
  })
})

/**
 * Lists the nodes of a shard with their roles.
 *
 * @since 0.1.0
 * @category services
 */
export class ListNodes extends Context.Tag("@memstore-flows/api/ListNodes")<
  ListNodes,
  (request: ListNodesRequest) => Effect.Effect<NodeList, ListNodesError>
>() {
  /** Sends the call through `MemStoreClient`. */
  static readonly layer: Layer.Layer<ListNodes, never, MemStoreClient> = MemStoreClient.layerOf(ListNodes, operation)
}
