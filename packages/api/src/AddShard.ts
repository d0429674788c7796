/**
 * Adds a shard to a cluster.
 *
 * Source: "Add shard".
 *
 * @since 0.1.0
 */
import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { Accepted } from "./Accepted.js"
import { NodeCount } from "./ClusterSpec.js"
import { ForbiddenBody, InvalidRequestBody, NotFoundBody, ServerErrorBody } from "./ErrorBody.js"
import { addShardRule } from "./internal/rules.js"
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
import { SubnetAssignment } from "./Subnet.js"

/**
 * The shard to add.
 *
 * - `nodeCount`: nodes of the new shard, 2-5, the primary included
 * - `subnetAssignments`: **one** assignment, with `nodeCount - 1` replicas; the page's table marks it as an array, its
 *   sample is an object. `MemStoreClient` sends the object unless told otherwise.
 *
 * @since 0.1.0
 * @category schemas
 */
export const AddShardRequest = Schema.Struct({
  clusterId: ResourceId,
  nodeCount: NodeCount,
  subnetAssignments: SubnetAssignment
}).annotations({ identifier: "AddShardRequest" })

/**
 * @since 0.1.0
 * @category models
 */
export type AddShardRequest = typeof AddShardRequest.Type

/**
 * The body of `POST .../shards`. Reads one assignment, or an array with exactly one.
 *
 * @since 0.1.0
 * @category schemas
 */
export const AddShardPayload = Schema.Struct({
  nodeCount: NodeCount,
  subnetAssignments: Schema.transform(
    Schema.Union(SubnetAssignment, Schema.Tuple(SubnetAssignment)),
    Schema.typeSchema(SubnetAssignment),
    {
      strict: true,
      decode: (assignment) => ("primary" in assignment ? assignment : assignment[0]),
      encode: (assignment) => assignment
    }
  )
}).annotations({ identifier: "AddShardPayload" })

/**
 * The wire contract: `POST /v1/clusters/:clusterId/shards`.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const addShardEndpoint = HttpApiEndpoint.post("addShard", "/v1/clusters/:clusterId/shards")
  .setPath(Schema.Struct({ clusterId: Schema.String }))
  .setPayload(AddShardPayload)
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
export type AddShardError =
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
  name: "AddShard",
  endpoint: addShardEndpoint,
  request: AddShardRequest,
  response: Accepted,
  errors: { 400: InvalidRequest, 401: Unauthorized, 403: Forbidden, 404: NotFound, 500: ServerError },
  rules: [addShardRule],
  encode: ({ clusterId, nodeCount, subnetAssignments }, { addShardAssignment }) => ({
    path: { clusterId },
    body: { nodeCount, subnetAssignments: addShardAssignment === "array" ? [subnetAssignments] : subnetAssignments },
    attributes: { "memstore.cluster.id": clusterId }
  })
})

/**
 * Adds a shard and moves slots to it, which may take hours. The new shard is **not** named: compare the lists.
 *
 * @since 0.1.0
 * @category services
 */
export class AddShard extends Context.Tag("@memstore-flows/api/AddShard")<
  AddShard,
  (request: AddShardRequest) => Effect.Effect<Accepted, AddShardError>
>() {
  /** Sends the call through `MemStoreClient`. */
  static readonly layer: Layer.Layer<AddShard, never, MemStoreClient> = MemStoreClient.layerOf(AddShard, operation)
}
