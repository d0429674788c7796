/**
 * The wire contract of the identity service, as far as a token needs it.
 *
 * @since 0.1.0
 */
import * as HttpApi from "@effect/platform/HttpApi"
import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as OpenApi from "@effect/platform/OpenApi"
import * as Schema from "effect/Schema"
import { ForbiddenBody, InvalidRequestBody, ServerErrorBody, UnauthorizedBody } from "./ErrorBody.js"

const Secret = Schema.Redacted(Schema.NonEmptyString)

/**
 * An IAM access key: by its id, or by its name with the id of its user. The secret is `Redacted`.
 *
 * @since 0.1.0
 * @category schemas
 */
export const ApplicationCredential = Schema.Union(
  Schema.Struct({ id: Schema.NonEmptyString, secret: Secret }),
  Schema.Struct({
    name: Schema.NonEmptyString,
    secret: Secret,
    user: Schema.Struct({ id: Schema.NonEmptyString })
  })
).annotations({ identifier: "ApplicationCredential" })

/**
 * @since 0.1.0
 * @category models
 */
export type ApplicationCredential = typeof ApplicationCredential.Type

/**
 * The body of the token call.
 *
 * @since 0.1.0
 * @category schemas
 */
export const CreateTokenPayload = Schema.Struct({
  auth: Schema.Struct({
    identity: Schema.Struct({
      methods: Schema.Tuple(Schema.Literal("application_credential")),
      application_credential: ApplicationCredential
    })
  })
}).annotations({ identifier: "CreateTokenPayload" })

/**
 * The times of a token, RFC 3339 in UTC. One document says `expires_at`, another `expired_at`; either is read.
 *
 * @since 0.1.0
 * @category schemas
 */
export const TokenTimes = Schema.Struct({
  token: Schema.Struct({
    issued_at: Schema.optional(Schema.String),
    expires_at: Schema.optional(Schema.String),
    expired_at: Schema.optional(Schema.String)
  })
}).annotations({
  identifier: "TokenTimes",
  description: "The token itself is in the response header X-Subject-Token."
})

/**
 * @since 0.1.0
 * @category models
 */
export type TokenTimes = typeof TokenTimes.Type

/**
 * `POST /identity/v3/auth/tokens`. The token comes in the response header `X-Subject-Token`, which an `HttpApi` cannot
 * say: a server answers with a response of its own, a client reads the header.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const createTokenEndpoint = HttpApiEndpoint.post("createToken", "/identity/v3/auth/tokens")
  .setPayload(CreateTokenPayload)
  .addSuccess(TokenTimes, { status: 201 })
  .addError(InvalidRequestBody)
  .addError(UnauthorizedBody)
  .addError(ForbiddenBody)
  .addError(ServerErrorBody)

/**
 * @since 0.1.0
 * @category groups
 */
export class TokensGroup extends HttpApiGroup.make("tokens").add(createTokenEndpoint) {}

/**
 * The identity service of KakaoCloud, as far as a token needs it.
 *
 * @since 0.1.0
 * @category api
 */
export class IdentityApi extends HttpApi.make("Identity")
  .add(TokensGroup)
  .annotate(OpenApi.Title, "KakaoCloud IAM, tokens")
  .annotate(OpenApi.Version, "3") {}
