/**
 * Adds a replica to a shard.
 *
 * Source: "Add replica to shard".
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
import { SubnetRef } from "./Subnet.js"

/**
 * `subnet`: where the one new node goes. A shard has at most five nodes.
 *
 * @since 0.1.0
 * @category schemas
 */
export const AddReplicaRequest = Schema.Struct({
  clusterId: ResourceId,
  shardId: ResourceId,
  subnet: SubnetRef
}).annotations({ identifier: "AddReplicaRequest" })

/**
 * @since 0.1.0
 * @category models
 */
export type AddReplicaRequest = typeof AddReplicaRequest.Type

/**
 * The body of `POST .../nodes`.
 *
 * @since 0.1.0
 * @category schemas
 */
export const AddReplicaPayload = Schema.Struct({ subnet: SubnetRef }).annotations({ identifier: "AddReplicaPayload" })

/**
 * The wire contract: `POST /v1/clusters/:clusterId/shards/:shardId/nodes`.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const addReplicaEndpoint = HttpApiEndpoint.post("addReplica", "/v1/clusters/:clusterId/shards/:shardId/nodes")
  .setPath(Schema.Struct({ clusterId: Schema.String, shardId: Schema.String }))
  .setPayload(AddReplicaPayload)
  .addSuccess(Accepted, { status: 201 })
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
export type AddReplicaError =
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
  name: "AddReplica",
  endpoint: addReplicaEndpoint,
  request: AddReplicaRequest,
  response: Accepted,
  errors: { 400: InvalidRequest, 401: Unauthorized, 403: Forbidden, 404: NotFound, 500: ServerError },
  encode: ({ clusterId, shardId, subnet }) => ({
    path: { clusterId, shardId },
    body: { subnet },
    attributes: { "memstore.cluster.id": clusterId, "memstore.shard.id": shardId }
  })
})

/**
 * Adds one replica to a shard. The new node is **not** named: compare the lists.
 *
 * @since 0.1.0
 * @category services
 */
export class AddReplica extends Context.Tag("@memstore-flows/api/AddReplica")<
  AddReplica,
  (request: AddReplicaRequest) => Effect.Effect<Accepted, AddReplicaError>
>() {
  /** Sends the call through `MemStoreClient`. */
  static readonly layer: Layer.Layer<AddReplica, never, MemStoreClient> = MemStoreClient.layerOf(AddReplica, operation)
}
