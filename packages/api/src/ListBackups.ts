/**
 * Lists backups.
 *
 * Source: the backup page, "Retrieve backup list".
 *
 * @since 0.1.0
 */
import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { Backup } from "./Backup.js"
import { ForbiddenBody, InvalidRequestBody, ServerErrorBody } from "./ErrorBody.js"
import { MemStoreClient } from "./MemStoreClient.js"
import {
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
  type UnexpectedStatus
} from "./MemStoreError.js"
import * as Operation from "./Operation.js"
import { ResourceId } from "./ResourceId.js"

/**
 * Filters: `clusterName` is in the page's sample, the key `clusterId` is our guess.
 *
 * @since 0.1.0
 * @category schemas
 */
export const ListBackupsRequest = Schema.Struct({
  clusterName: Schema.optional(Schema.NonEmptyString),
  clusterId: Schema.optional(ResourceId)
}).annotations({ identifier: "ListBackupsRequest" })

/**
 * @since 0.1.0
 * @category models
 */
export type ListBackupsRequest = typeof ListBackupsRequest.Type

/**
 * @since 0.1.0
 * @category schemas
 */
export const BackupList = Schema.Struct({ backups: Schema.Array(Backup) }).annotations({ identifier: "BackupList" })

/**
 * @since 0.1.0
 * @category models
 */
export type BackupList = typeof BackupList.Type

/**
 * The wire contract: `GET /v1/backups`.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const listBackupsEndpoint = HttpApiEndpoint.get("listBackups", "/v1/backups")
  .setUrlParams(
    Schema.Struct({
      clusterName: Schema.optional(Schema.String),
      clusterId: Schema.optional(Schema.String)
    })
  )
  .addSuccess(BackupList)
  .addError(InvalidRequestBody)
  .addError(ForbiddenBody)
  .addError(ServerErrorBody)

/**
 * Every way this call can fail.
 *
 * @since 0.1.0
 * @category errors
 */
export type ListBackupsError =
  | InvalidRequest
  | Unauthorized
  | Forbidden
  | ServerError
  | Throttled
  | UnexpectedStatus
  | TransportError
  | RequestTimeout
  | DecodeError
  | InvalidInput
  | TokenUnavailable

const operation = Operation.make({
  name: "ListBackups",
  endpoint: listBackupsEndpoint,
  request: ListBackupsRequest,
  response: BackupList,
  errors: { 400: InvalidRequest, 401: Unauthorized, 403: Forbidden, 500: ServerError },
  encode: (query) => ({ path: {}, query, attributes: {} })
})

/**
 * Lists the backups of the project, or of one cluster.
 *
 * @since 0.1.0
 * @category services
 */
export class ListBackups extends Context.Tag("@memstore-flows/api/ListBackups")<
  ListBackups,
  (request: ListBackupsRequest) => Effect.Effect<BackupList, ListBackupsError>
>() {
  /** Sends the call through `MemStoreClient`. */
  static readonly layer: Layer.Layer<ListBackups, never, MemStoreClient> = MemStoreClient.layerOf(
    ListBackups,
    operation
  )
}
