/**
 * Makes a backup of a cluster.
 *
 * Source: the backup page, "Create backup".
 *
 * @since 0.1.0
 */
import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { Accepted } from "./Accepted.js"
import { ConflictBody, ForbiddenBody, InvalidRequestBody, NotFoundBody, ServerErrorBody } from "./ErrorBody.js"
import { MemStoreClient } from "./MemStoreClient.js"
import {
  Conflict,
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
 * `name`: of the backup; restoring asks for this name. The cluster must be `Running`, with a replica, and no other backup
 * of it under way.
 *
 * @since 0.1.0
 * @category schemas
 */
export const CreateBackupRequest = Schema.Struct({ clusterId: ResourceId, name: Schema.NonEmptyString }).annotations({
  identifier: "CreateBackupRequest"
})

/**
 * @since 0.1.0
 * @category models
 */
export type CreateBackupRequest = typeof CreateBackupRequest.Type

/**
 * The body of `POST /v1/backups`.
 *
 * @since 0.1.0
 * @category schemas
 */
export const CreateBackupPayload = Schema.Struct({
  clusterId: Schema.NonEmptyString,
  name: Schema.NonEmptyString
}).annotations({ identifier: "CreateBackupPayload" })

/**
 * The wire contract: `POST /v1/backups`.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const createBackupEndpoint = HttpApiEndpoint.post("createBackup", "/v1/backups")
  .setPayload(CreateBackupPayload)
  .addSuccess(Accepted, { status: 201 })
  .addError(InvalidRequestBody)
  .addError(ForbiddenBody)
  .addError(NotFoundBody)
  .addError(ConflictBody)
  .addError(ServerErrorBody)

/**
 * Every way this call can fail.
 *
 * @since 0.1.0
 * @category errors
 */
export type CreateBackupError =
  | InvalidRequest
  | Unauthorized
  | Forbidden
  | NotFound
  | Conflict
  | ServerError
  | Throttled
  | UnexpectedStatus
  | TransportError
  | RequestTimeout
  | DecodeError
  | InvalidInput
  | TokenUnavailable

const operation = Operation.make({
  name: "CreateBackup",
  endpoint: createBackupEndpoint,
  request: CreateBackupRequest,
  response: Accepted,
  errors: { 400: InvalidRequest, 401: Unauthorized, 403: Forbidden, 404: NotFound, 409: Conflict, 500: ServerError },
  encode: (body) => ({
    path: {},
    body,
    attributes: { "memstore.backup.name": body.name, "memstore.cluster.id": body.clusterId }
  })
})

/**
 * Begins a backup. Here `objectId` is the id of the **backup**.
 *
 * @since 0.1.0
 * @category services
 */
export class CreateBackup extends Context.Tag("@memstore-flows/api/CreateBackup")<
  CreateBackup,
  (request: CreateBackupRequest) => Effect.Effect<Accepted, CreateBackupError>
>() {
  /** Sends the call through `MemStoreClient`. */
  static readonly layer: Layer.Layer<CreateBackup, never, MemStoreClient> = MemStoreClient.layerOf(
    CreateBackup,
    operation
  )
}
