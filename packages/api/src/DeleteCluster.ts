/**
 * Deletes a cluster.
 *
 * Source: "Delete cluster".
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
 * `keepAutomaticBackups`: required by the server when automatic backups exist; `true` keeps each until it expires,
 * `false` deletes them with the cluster.
 *
 * @since 0.1.0
 * @category schemas
 */
export const DeleteClusterRequest = Schema.Struct({
  clusterId: ResourceId,
  keepAutomaticBackups: Schema.optional(Schema.Boolean)
}).annotations({ identifier: "DeleteClusterRequest" })

/**
 * @since 0.1.0
 * @category models
 */
export type DeleteClusterRequest = typeof DeleteClusterRequest.Type

/**
 * The wire contract: `DELETE /v1/clusters/:clusterId`.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const deleteClusterEndpoint = HttpApiEndpoint.del("deleteCluster", "/v1/clusters/:clusterId")
  .setPath(Schema.Struct({ clusterId: Schema.String }))
  .setUrlParams(Schema.Struct({ keepAutomaticBackups: Schema.optional(Schema.BooleanFromString) }))
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
export type DeleteClusterError =
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
  name: "DeleteCluster",
  endpoint: deleteClusterEndpoint,
  request: DeleteClusterRequest,
  response: Accepted,
  errors: { 400: InvalidRequest, 401: Unauthorized, 403: Forbidden, 404: NotFound, 500: ServerError },
  encode: ({ clusterId, keepAutomaticBackups }) => ({
    path: { clusterId },
    ...(keepAutomaticBackups === undefined
      ? {}
      : { query: { keepAutomaticBackups: keepAutomaticBackups ? "true" : "false" } }),
    attributes: { "memstore.cluster.id": clusterId }
  })
})

/**
 * Deletes a cluster with all its shards and nodes.
 *
 * @since 0.1.0
 * @category services
 */
export class DeleteCluster extends Context.Tag("@memstore-flows/api/DeleteCluster")<
  DeleteCluster,
  (request: DeleteClusterRequest) => Effect.Effect<Accepted, DeleteClusterError>
>() {
  /** Sends the call through `MemStoreClient`. */
  static readonly layer: Layer.Layer<DeleteCluster, never, MemStoreClient> = MemStoreClient.layerOf(
    DeleteCluster,
    operation
  )
}
