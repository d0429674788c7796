/**
 * The bodies of refusals, as the wire contract describes them.
 *
 * The vendor does not document an error body. This contract emits the plainest one, `{"message": "..."}`, and the client
 * reads several others as well.
 *
 * @since 0.1.0
 */
import * as HttpApiSchema from "@effect/platform/HttpApiSchema"
import * as Schema from "effect/Schema"

const body = <const Tag extends string>(status: number, tag: Tag, description: string) =>
  Schema.Struct({ message: Schema.String }).pipe(
    Schema.attachPropertySignature("_tag", tag),
    Schema.annotations({ ...HttpApiSchema.annotations({ status }), identifier: tag, description })
  )

/**
 * 400: the request is invalid.
 *
 * @since 0.1.0
 * @category schemas
 */
export const InvalidRequestBody = body(400, "InvalidRequestBody", "Invalid user request")

/**
 * 401: no token, or one that no longer holds.
 *
 * @since 0.1.0
 * @category schemas
 */
export const UnauthorizedBody = body(401, "UnauthorizedBody", "Unauthorized")

/**
 * 403: no right to do this.
 *
 * @since 0.1.0
 * @category schemas
 */
export const ForbiddenBody = body(403, "ForbiddenBody", "Forbidden")

/**
 * 404: no such cluster, shard or node.
 *
 * @since 0.1.0
 * @category schemas
 */
export const NotFoundBody = body(404, "NotFoundBody", "Resource not found")

/**
 * 409: collides with what is there.
 *
 * @since 0.1.0
 * @category schemas
 */
export const ConflictBody = body(409, "ConflictBody", "Duplicate request conflict")

/**
 * 422: well formed, but cannot be carried out.
 *
 * @since 0.1.0
 * @category schemas
 */
export const UnprocessableBody = body(422, "UnprocessableBody", "Valid request but cannot proceed")

/**
 * 500: the server failed.
 *
 * @since 0.1.0
 * @category schemas
 */
export const ServerErrorBody = body(500, "ServerErrorBody", "Internal server error")
