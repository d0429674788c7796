/**
 * Creates a cluster from a backup.
 *
 * Source: "Create cluster using existing backup name (restore)".
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { Accepted } from "./Accepted.js"
import { clusterFields, RestoreSource } from "./ClusterSpec.js"
import { createClusterEndpoint } from "./CreateCluster.js"
import { clusterBody, clusterSecrets } from "./internal/clusterBody.js"
import { clusterRules } from "./internal/rules.js"
import { MemStoreClient } from "./MemStoreClient.js"
import {
  Conflict,
  type DecodeError,
  Forbidden,
  type InvalidInput,
  InvalidRequest,
  type RequestTimeout,
  ServerError,
  type Throttled,
  type TokenUnavailable,
  type TransportError,
  Unauthorized,
  type UnexpectedStatus,
  Unprocessable
} from "./MemStoreError.js"
import * as Operation from "./Operation.js"

/**
 * The cluster to make and the backup to fill it from.
 *
 * The backup must come from cluster mode, have the same `shardCount`, and be of the same or an older `version`. A cache
 * over 60 % of the new flavor's memory may make the restore fail.
 *
 * @since 0.1.0
 * @category schemas
 */
export const RestoreClusterRequest = Schema.Struct({ ...clusterFields, restoreSource: RestoreSource }).annotations({
  identifier: "RestoreClusterRequest"
})

/**
 * @since 0.1.0
 * @category models
 */
export type RestoreClusterRequest = typeof RestoreClusterRequest.Type

const restoreSourceBody = (name: string, field: "backupName" | "backupNames") =>
  field === "backupName" ? { backupName: name } : { backupNames: name }

/**
 * Every way this call can fail.
 *
 * @since 0.1.0
 * @category errors
 */
export type RestoreClusterError =
  | InvalidRequest
  | Unauthorized
  | Forbidden
  | Conflict
  | Unprocessable
  | ServerError
  | Throttled
  | UnexpectedStatus
  | TransportError
  | RequestTimeout
  | DecodeError
  | InvalidInput
  | TokenUnavailable

const operation = Operation.make({
  name: "RestoreCluster",
  endpoint: createClusterEndpoint,
  request: RestoreClusterRequest,
  response: Accepted,
  errors: {
    400: InvalidRequest,
    401: Unauthorized,
    403: Forbidden,
    409: Conflict,
    422: Unprocessable,
    500: ServerError
  },
  rules: clusterRules,
  encode: (request, { backupNameField }) => ({
    path: {},
    body: {
      ...clusterBody(request),
      restoreSource: restoreSourceBody(request.restoreSource.backupName, backupNameField)
    },
    attributes: { "memstore.cluster.name": request.name, "memstore.backup.name": request.restoreSource.backupName },
    secrets: clusterSecrets(request)
  })
})

/**
 * Creates a cluster with the data of a backup. There is no restore in place: this is a create as well.
 *
 * @since 0.1.0
 * @category services
 */
export class RestoreCluster extends Context.Tag("@memstore-flows/api/RestoreCluster")<
  RestoreCluster,
  (request: RestoreClusterRequest) => Effect.Effect<Accepted, RestoreClusterError>
>() {
  /** Sends the call through `MemStoreClient`. */
  static readonly layer: Layer.Layer<RestoreCluster, never, MemStoreClient> = MemStoreClient.layerOf(
    RestoreCluster,
    operation
  )
}
