/**
 * Lists clusters. **Our guess**: the vendor's page for this call was not seen.
 *
 * Source: the common page names a "cluster list"; its path and shape are not known.
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

/**
 * Nothing to say: no filter is known.
 *
 * @since 0.1.0
 * @category schemas
 */
export const ListClustersRequest = Schema.Struct({}).annotations({ identifier: "ListClustersRequest" })

/**
 * @since 0.1.0
 * @category models
 */
export type ListClustersRequest = typeof ListClustersRequest.Type

/**
 * @since 0.1.0
 * @category schemas
 */
export const ClusterList = Schema.Struct({ clusters: Schema.Array(Cluster) }).annotations({ identifier: "ClusterList" })

/**
 * @since 0.1.0
 * @category models
 */
export type ClusterList = typeof ClusterList.Type

/**
 * The wire contract: `GET /v1/clusters`.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const listClustersEndpoint = HttpApiEndpoint.get("listClusters", "/v1/clusters")
  .addSuccess(ClusterList)
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
export type ListClustersError =
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
  name: "ListClusters",
  endpoint: listClustersEndpoint,
  request: ListClustersRequest,
  response: ClusterList,
  errors: { 400: InvalidRequest, 401: Unauthorized, 403: Forbidden, 404: NotFound, 500: ServerError },
  encode: () => ({ path: {}, attributes: {} })
})

/**
 * Lists the clusters of the project. A guess: where the server knows no such path the call fails with `NotFound`.
 *
 * @since 0.1.0
 * @category services
 */
export class ListClusters extends Context.Tag("@memstore-flows/api/ListClusters")<
  ListClusters,
  (request: ListClustersRequest) => Effect.Effect<ClusterList, ListClustersError>
>() {
  /** Sends the call through `MemStoreClient`. */
  static readonly layer: Layer.Layer<ListClusters, never, MemStoreClient> = MemStoreClient.layerOf(
    ListClusters,
    operation
  )
}
