/**
 * The token every call carries.
 *
 * @since 0.1.0
 */
import * as HttpApiMiddleware from "@effect/platform/HttpApiMiddleware"
import * as HttpApiSecurity from "@effect/platform/HttpApiSecurity"
import { UnauthorizedBody } from "./ErrorBody.js"

/**
 * Part of the wire contract: the header `X-Auth-Token` on every call. A server provides this tag with the check; the
 * client side is `TokenProvider`.
 *
 * @since 0.1.0
 * @category middleware
 */
export class TokenRequired extends HttpApiMiddleware.Tag<TokenRequired>()("@memstore-flows/api/TokenRequired", {
  failure: UnauthorizedBody,
  security: { token: HttpApiSecurity.apiKey({ in: "header", key: "X-Auth-Token" }) }
}) {}
