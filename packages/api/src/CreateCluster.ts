/**
 * Creates a cluster.
 *
 * Source: "Create cluster".
 *
 * @since 0.1.0
 */
import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { Accepted } from "./Accepted.js"
import { clusterFields, RestoreSource } from "./ClusterSpec.js"
import { ConflictBody, ForbiddenBody, InvalidRequestBody, ServerErrorBody, UnprocessableBody } from "./ErrorBody.js"
import { clusterBody, clusterSecrets } from "./internal/clusterBody.js"
import { clusterRules, refuseRestoreSource } from "./internal/rules.js"
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
 * The cluster to make, see `clusterFields`. A `restoreSource` here would turn the create into a restore: it is refused,
 * use `RestoreCluster`.
 *
 * @since 0.1.0
 * @category schemas
 */
export const CreateClusterRequest = Schema.Struct(clusterFields).annotations({ identifier: "CreateClusterRequest" })

/**
 * @since 0.1.0
 * @category models
 */
export type CreateClusterRequest = typeof CreateClusterRequest.Type

/**
 * The body of `POST /v1/clusters`, for creating and restoring alike. The restore source is read as `backupName` (the
 * page's samples) or `backupNames` (its table), and is always `backupName` once read.
 *
 * @since 0.1.0
 * @category schemas
 */
export const CreateClusterPayload = Schema.Struct({
  ...clusterFields,
  restoreSource: Schema.optional(
    Schema.transform(
      Schema.Union(RestoreSource, Schema.Struct({ backupNames: Schema.NonEmptyString })),
      Schema.typeSchema(RestoreSource),
      {
        strict: true,
        decode: (source) => ({ backupName: "backupName" in source ? source.backupName : source.backupNames }),
        encode: (source) => source
      }
    )
  )
}).annotations({ identifier: "CreateClusterPayload" })

/**
 * @since 0.1.0
 * @category models
 */
export type CreateClusterPayload = typeof CreateClusterPayload.Type

/**
 * The wire contract: `POST /v1/clusters`.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const createClusterEndpoint = HttpApiEndpoint.post("createCluster", "/v1/clusters")
  .setPayload(CreateClusterPayload)
  .addSuccess(Accepted, { status: 201 })
  .addError(InvalidRequestBody)
  .addError(ForbiddenBody)
  .addError(ConflictBody)
  .addError(UnprocessableBody)
  .addError(ServerErrorBody)

/**
 * Every way this call can fail.
 *
 * @since 0.1.0
 * @category errors
 */
export type CreateClusterError =
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
  name: "CreateCluster",
  endpoint: createClusterEndpoint,
  request: CreateClusterRequest,
  response: Accepted,
  errors: {
    400: InvalidRequest,
    401: Unauthorized,
    403: Forbidden,
    409: Conflict,
    422: Unprocessable,
    500: ServerError
  },
  rules: [...clusterRules, refuseRestoreSource],
  encode: (request) => ({
    path: {},
    body: clusterBody(request),
    attributes: { "memstore.cluster.name": request.name },
    secrets: clusterSecrets(request)
  })
})

/**
 * Creates an empty cluster. The answer carries its id; the cluster is usable when its status is `Running`.
 *
 * @since 0.1.0
 * @category services
 */
export class CreateCluster extends Context.Tag("@memstore-flows/api/CreateCluster")<
  CreateCluster,
  (request: CreateClusterRequest) => Effect.Effect<Accepted, CreateClusterError>
>() {
  /** Sends the call through `MemStoreClient`. */
  static readonly layer: Layer.Layer<CreateCluster, never, MemStoreClient> = MemStoreClient.layerOf(
    CreateCluster,
    operation
  )
}
