/**
 * Shows one cluster. **Our guess**: the vendor's page for this call was not seen.
 *
 * Source: the common page has a cluster detail; its path and shape are not known.
 *
 * @since 0.1.0
 */
import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { Cluster } from "./Cluster.js"
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
 * Which cluster.
 *
 * @since 0.1.0
 * @category schemas
 */
export const GetClusterRequest = Schema.Struct({ clusterId: ResourceId }).annotations({
  identifier: "GetClusterRequest"
})

/**
 * @since 0.1.0
 * @category models
 */
export type GetClusterRequest = typeof GetClusterRequest.Type

/**
 * The wire contract: `GET /v1/clusters/:clusterId`.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const getClusterEndpoint = HttpApiEndpoint.get("getCluster", "/v1/clusters/:clusterId")
  .setPath(Schema.Struct({ clusterId: Schema.String }))
  .addSuccess(Cluster)
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
export type GetClusterError =
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
  name: "GetCluster",
  endpoint: getClusterEndpoint,
  request: GetClusterRequest,
  response: Cluster,
  errors: { 400: InvalidRequest, 401: Unauthorized, 403: Forbidden, 404: NotFound, 500: ServerError },
  encode: ({ clusterId }) => ({ path: { clusterId }, attributes: { "memstore.cluster.id": clusterId } })
})

/**
 * Shows one cluster. A guess: `NotFound` means that the cluster, or the path itself, does not exist.
 *
 * @since 0.1.0
 * @category services
 */
export class GetCluster extends Context.Tag("@memstore-flows/api/GetCluster")<
  GetCluster,
  (request: GetClusterRequest) => Effect.Effect<Cluster, GetClusterError>
>() {
  /** Sends the call through `MemStoreClient`. */
  static readonly layer: Layer.Layer<GetCluster, never, MemStoreClient> = MemStoreClient.layerOf(GetCluster, operation)
}
