/**
 * Changes some settings of a cluster.
 *
 * Source: "Update cluster information".
 *
 * @since 0.1.0
 */
import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { Accepted } from "./Accepted.js"
import { BackupScheduleUpdate } from "./BackupSchedule.js"
import { SecurityGroupRef } from "./ClusterSpec.js"
import { ForbiddenBody, InvalidRequestBody, NotFoundBody, ServerErrorBody } from "./ErrorBody.js"
import { atLeastOneChange, descriptionRule } from "./internal/rules.js"
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

const updateFields = {
  backupSchedule: Schema.optional(BackupScheduleUpdate),
  description: Schema.optional(Schema.String),
  parameterGroupId: Schema.optional(Schema.NonEmptyString),
  securityGroups: Schema.optional(
    Schema.Array(SecurityGroupRef).pipe(Schema.minItems(1, { message: () => "must name at least one security group" }))
  )
} as const

/**
 * The settings to change; at least one. Absent ones stay.
 *
 * - `backupSchedule.cron`: `""` switches automatic backups off
 * - `parameterGroupId`: may not be empty
 * - `securityGroups`: the whole new list
 *
 * @since 0.1.0
 * @category schemas
 */
export const UpdateClusterRequest = Schema.Struct({ clusterId: ResourceId, ...updateFields }).annotations({
  identifier: "UpdateClusterRequest"
})

/**
 * @since 0.1.0
 * @category models
 */
export type UpdateClusterRequest = typeof UpdateClusterRequest.Type

/**
 * The body of `PATCH /v1/clusters/{cluster-id}`.
 *
 * @since 0.1.0
 * @category schemas
 */
export const UpdateClusterPayload = Schema.Struct(updateFields).annotations({ identifier: "UpdateClusterPayload" })

/**
 * The wire contract: `PATCH /v1/clusters/:clusterId`.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const updateClusterEndpoint = HttpApiEndpoint.patch("updateCluster", "/v1/clusters/:clusterId")
  .setPath(Schema.Struct({ clusterId: Schema.String }))
  .setPayload(UpdateClusterPayload)
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
export type UpdateClusterError =
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
  name: "UpdateCluster",
  endpoint: updateClusterEndpoint,
  request: UpdateClusterRequest,
  response: Accepted,
  errors: { 400: InvalidRequest, 401: Unauthorized, 403: Forbidden, 404: NotFound, 500: ServerError },
  rules: [atLeastOneChange, descriptionRule],
  encode: ({ clusterId, ...body }) => ({ path: { clusterId }, body, attributes: { "memstore.cluster.id": clusterId } })
})

/**
 * Changes settings of a cluster; its status is `Modifying` meanwhile.
 *
 * @since 0.1.0
 * @category services
 */
export class UpdateCluster extends Context.Tag("@memstore-flows/api/UpdateCluster")<
  UpdateCluster,
  (request: UpdateClusterRequest) => Effect.Effect<Accepted, UpdateClusterError>
>() {
  /** Sends the call through `MemStoreClient`. */
  static readonly layer: Layer.Layer<UpdateCluster, never, MemStoreClient> = MemStoreClient.layerOf(
    UpdateCluster,
    operation
  )
}
