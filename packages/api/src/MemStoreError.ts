/**
 * How a call can fail, as data.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

/**
 * What every failed answer carries.
 *
 * - `operation`: the service's name, for example `AddShard`
 * - `status`: the HTTP status
 * - `attempt`: 1 for the first try
 * - `message`: the server's own words, read from any known body shape; empty when there were none
 * - `body`: the raw body, at most 2,048 characters, secrets blanked
 * - `requestId`: when the server gave one
 *
 * @since 0.1.0
 * @category schemas
 */
export const answerFields = {
  operation: Schema.String,
  status: Schema.Int,
  attempt: Schema.Int,
  message: Schema.String,
  body: Schema.String,
  requestId: Schema.optionalWith(Schema.String, { exact: true })
} as const

/**
 * What every failed answer is made from.
 *
 * @since 0.1.0
 * @category models
 */
export interface AnswerFields {
  readonly operation: string
  readonly status: number
  readonly attempt: number
  readonly message: string
  readonly body: string
  readonly requestId?: string
}

/**
 * The server calls the request invalid (400), often because the cluster is not in a state for it.
 *
 * @since 0.1.0
 * @category errors
 */
export class InvalidRequest extends Schema.TaggedError<InvalidRequest>("@memstore-flows/api/InvalidRequest")(
  "InvalidRequest",
  answerFields
) {}

/**
 * The token was missing, stale or revoked, and a fresh one did not help (401).
 *
 * @since 0.1.0
 * @category errors
 */
export class Unauthorized extends Schema.TaggedError<Unauthorized>("@memstore-flows/api/Unauthorized")(
  "Unauthorized",
  answerFields
) {}

/**
 * The credential has no right to this operation (403).
 *
 * @since 0.1.0
 * @category errors
 */
export class Forbidden extends Schema.TaggedError<Forbidden>("@memstore-flows/api/Forbidden")(
  "Forbidden",
  answerFields
) {}

/**
 * The cluster, shard or node does not exist (404).
 *
 * @since 0.1.0
 * @category errors
 */
export class NotFound extends Schema.TaggedError<NotFound>("@memstore-flows/api/NotFound")("NotFound", answerFields) {}

/**
 * The request collides with the state of the server, such as a name already taken (409).
 *
 * @since 0.1.0
 * @category errors
 */
export class Conflict extends Schema.TaggedError<Conflict>("@memstore-flows/api/Conflict")("Conflict", answerFields) {}

/**
 * The request is well formed and cannot be carried out (422).
 *
 * @since 0.1.0
 * @category errors
 */
export class Unprocessable extends Schema.TaggedError<Unprocessable>("@memstore-flows/api/Unprocessable")(
  "Unprocessable",
  answerFields
) {}

/**
 * The server failed (500). Whether a write took effect is not known.
 *
 * @since 0.1.0
 * @category errors
 */
export class ServerError extends Schema.TaggedError<ServerError>("@memstore-flows/api/ServerError")(
  "ServerError",
  answerFields
) {}

/**
 * The server asks to slow down (429, not documented by the vendor). `retryAfterMillis` when it said how long.
 *
 * @since 0.1.0
 * @category errors
 */
export class Throttled extends Schema.TaggedError<Throttled>("@memstore-flows/api/Throttled")("Throttled", {
  ...answerFields,
  retryAfterMillis: Schema.optionalWith(Schema.Number, { exact: true })
}) {}

/**
 * The server answered with a status its page does not list for this operation.
 *
 * @since 0.1.0
 * @category errors
 */
export class UnexpectedStatus extends Schema.TaggedError<UnexpectedStatus>("@memstore-flows/api/UnexpectedStatus")(
  "UnexpectedStatus",
  answerFields
) {}

/**
 * No answer came: refused, reset or closed connection. `sent` is false when the request surely never left.
 *
 * @since 0.1.0
 * @category errors
 */
export class TransportError extends Schema.TaggedError<TransportError>("@memstore-flows/api/TransportError")(
  "TransportError",
  {
    operation: Schema.String,
    attempt: Schema.Int,
    message: Schema.String,
    sent: Schema.Boolean
  }
) {}

/**
 * No answer came within the time allowed for one attempt. Whether a write took effect is not known.
 *
 * @since 0.1.0
 * @category errors
 */
export class RequestTimeout extends Schema.TaggedError<RequestTimeout>("@memstore-flows/api/RequestTimeout")(
  "RequestTimeout",
  {
    operation: Schema.String,
    attempt: Schema.Int,
    afterMillis: Schema.Number
  }
) {}

/**
 * A successful answer whose body is not of the documented shape. A write with such an answer did happen.
 *
 * @since 0.1.0
 * @category errors
 */
export class DecodeError extends Schema.TaggedError<DecodeError>("@memstore-flows/api/DecodeError")("DecodeError", {
  ...answerFields,
  issues: Schema.Array(Schema.String)
}) {}

/**
 * One fault of an input: `path` such as `subnetAssignments[1].replicas`, and what is wrong there.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Fault = Schema.Struct({ path: Schema.String, message: Schema.String })

/**
 * @since 0.1.0
 * @category models
 */
export type Fault = typeof Fault.Type

/**
 * The input breaks rules that are known before sending; every fault is named and nothing was sent.
 *
 * @since 0.1.0
 * @category errors
 */
export class InvalidInput extends Schema.TaggedError<InvalidInput>("@memstore-flows/api/InvalidInput")("InvalidInput", {
  operation: Schema.String,
  faults: Schema.NonEmptyArray(Fault)
}) {
  override get message(): string {
    return `${this.operation}: ${this.faults.map(({ path, message }) => `${path}: ${message}`).join("; ")}`
  }
}

/**
 * No token could be had: the credential was refused, or the identity service did not answer as documented.
 *
 * @since 0.1.0
 * @category errors
 */
export class TokenUnavailable extends Schema.TaggedError<TokenUnavailable>("@memstore-flows/api/TokenUnavailable")(
  "TokenUnavailable",
  {
    reason: Schema.Literal("Refused", "Throttled", "Unreachable", "Malformed"),
    status: Schema.optionalWith(Schema.Int, { exact: true }),
    message: Schema.String
  }
) {}

/**
 * Every failure of a call to the API.
 *
 * @since 0.1.0
 * @category errors
 */
export type MemStoreError =
  | InvalidRequest
  | Unauthorized
  | Forbidden
  | NotFound
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

/**
 * The server asked to slow down; nothing was done.
 *
 * @since 0.1.0
 * @category guards
 */
export const isThrottling = (error: unknown): error is Throttled => error instanceof Throttled

/**
 * The request surely never left this machine; nothing was done.
 *
 * @since 0.1.0
 * @category guards
 */
export const isUnsent = (error: unknown): error is TransportError => error instanceof TransportError && !error.sent

const isServerFault = (error: unknown): error is ServerError | UnexpectedStatus =>
  error instanceof ServerError || (error instanceof UnexpectedStatus && (error.status >= 500 || error.status === 408))

/**
 * The same call may well succeed later: 5xx, 408, 429, no answer, no token for a passing reason. It says nothing about
 * whether the failed call had an effect: for writes ask `isAmbiguous`.
 *
 * @since 0.1.0
 * @category guards
 */
export const isTransient = (
  error: unknown
): error is ServerError | UnexpectedStatus | Throttled | TransportError | RequestTimeout | TokenUnavailable =>
  isThrottling(error) ||
  isServerFault(error) ||
  error instanceof TransportError ||
  error instanceof RequestTimeout ||
  (error instanceof TokenUnavailable && (error.reason === "Throttled" || error.reason === "Unreachable"))

/**
 * The credential or its rights are the trouble: a person must look, waiting does not help.
 *
 * @since 0.1.0
 * @category guards
 */
export const isAuth = (error: unknown): error is Unauthorized | Forbidden | TokenUnavailable =>
  error instanceof Unauthorized ||
  error instanceof Forbidden ||
  (error instanceof TokenUnavailable && (error.reason === "Refused" || error.reason === "Malformed"))

/**
 * A **write** that ended like this may or may not have had its effect: 5xx, 408, another unlisted status below 400, a
 * lost answer, a time-out. `DecodeError` means that it did. Look at the cluster before doing it again.
 *
 * @since 0.1.0
 * @category guards
 */
export const isAmbiguous = (
  error: unknown
): error is ServerError | UnexpectedStatus | TransportError | RequestTimeout | DecodeError =>
  isServerFault(error) ||
  (error instanceof UnexpectedStatus && error.status < 400) ||
  (error instanceof TransportError && error.sent) ||
  error instanceof RequestTimeout ||
  error instanceof DecodeError

/**
 * The server looked at the call and said no (400, 404, 409, 422 or an unlisted 4xx): nothing was done. Often the cluster
 * is busy, for which the vendor documents no status of its own.
 *
 * @since 0.1.0
 * @category guards
 */
export const isRefusal = (
  error: unknown
): error is InvalidRequest | NotFound | Conflict | Unprocessable | UnexpectedStatus =>
  error instanceof InvalidRequest ||
  error instanceof NotFound ||
  error instanceof Conflict ||
  error instanceof Unprocessable ||
  (error instanceof UnexpectedStatus && error.status >= 400 && error.status < 500 && error.status !== 408)

/**
 * The failures every call shares, whatever its page lists.
 *
 * @since 0.1.0
 * @category errors
 */
export type CallError =
  | Throttled
  | UnexpectedStatus
  | TransportError
  | RequestTimeout
  | DecodeError
  | InvalidInput
  | TokenUnavailable
