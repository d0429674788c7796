/**
 * Where calls get their token from.
 *
 * @since 0.1.0
 */
import * as HttpClient from "@effect/platform/HttpClient"
import * as Config from "effect/Config"
import type { ConfigError } from "effect/ConfigError"
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Redacted from "effect/Redacted"
import type { ApplicationCredential } from "./IdentityApi.js"
import { optionalConfig, urlConfig } from "./internal/config.js"
import { makeCache } from "./internal/tokenCache.js"
import { makeIssuer } from "./internal/tokenIssuer.js"
import type { TokenUnavailable } from "./MemStoreError.js"

/**
 * - `credential`: an IAM access key, see `ApplicationCredential`
 * - `iamUrl`: default `https://iam.kakaocloud.com`
 * - `timeout`: for one answer of the identity service, default 10 s
 * - `early`: how long before its end a token is replaced, default 5 min; at most half of its lifetime
 * - `floor`, `ceiling`: shortest and longest wait between two issues, default 10 s and 10 min
 * - `userAgent`: default `memstore-flows/{version}`
 *
 * @since 0.1.0
 * @category models
 */
export interface TokenOptions {
  readonly credential: ApplicationCredential
  readonly iamUrl?: string
  readonly timeout?: Duration.DurationInput
  readonly early?: Duration.DurationInput
  readonly floor?: Duration.DurationInput
  readonly ceiling?: Duration.DurationInput
  readonly userAgent?: string
}

/**
 * `KAKAOCLOUD_APPLICATION_CREDENTIAL_ID` and `KAKAOCLOUD_APPLICATION_CREDENTIAL_SECRET`, the vendor's own names.
 *
 * @since 0.1.0
 * @category config
 */
export const credentialConfig: Config.Config<ApplicationCredential> = Config.all({
  id: Config.nonEmptyString("KAKAOCLOUD_APPLICATION_CREDENTIAL_ID"),
  secret: Config.redacted(Config.nonEmptyString("KAKAOCLOUD_APPLICATION_CREDENTIAL_SECRET"))
})

/**
 * The credential, and `MEMSTORE_IAM_URL` if set.
 *
 * @since 0.1.0
 * @category config
 */
export const tokenConfig: Config.Config<TokenOptions> = Config.map(
  Config.zip(credentialConfig, optionalConfig({ iamUrl: urlConfig("MEMSTORE_IAM_URL") })),
  ([credential, rest]) => ({ ...rest, credential })
)

/**
 * @since 0.1.0
 * @category models
 */
export interface TokenProviderService {
  readonly get: Effect.Effect<Redacted.Redacted<string>, TokenUnavailable>
  readonly renew: (stale: Redacted.Redacted<string>) => Effect.Effect<Redacted.Redacted<string>, TokenUnavailable>
}

const make = (options: TokenOptions) =>
  Effect.gen(function* () {
    const issue = makeIssuer({
      http: yield* HttpClient.HttpClient,
      iamUrl: options.iamUrl ?? "https://iam.kakaocloud.com",
      credential: options.credential,
      timeout: options.timeout ?? "10 seconds",
      userAgent: options.userAgent
    })
    return makeCache({
      issue,
      scope: yield* Effect.scope,
      early: options.early ?? "5 minutes",
      floor: options.floor ?? "10 seconds",
      ceiling: options.ceiling ?? "10 minutes"
    })
  })

/**
 * Hands out tokens.
 *
 * - `get`: a token that should hold
 * - `renew`: called when the server refused `stale` (401). The answer is `stale` itself when no newer one is to be had
 *   now
 *
 * @since 0.1.0
 * @category services
 */
export class TokenProvider extends Context.Tag("@memstore-flows/api/TokenProvider")<
  TokenProvider,
  TokenProviderService
>() {
  /** A token that somebody else keeps fresh. It is never renewed. */
  static readonly layerStatic = (token: Redacted.Redacted<string>): Layer.Layer<TokenProvider> =>
    Layer.succeed(TokenProvider, { get: Effect.succeed(token), renew: () => Effect.succeed(token) })

  /**
   * Exchanges an application credential for tokens.
   *
   * One token serves all calls; whoever needs a new one joins the exchange under way, which goes on when one of them is
   * interrupted. The vendor blocks addresses that issue tokens in a loop. So after a failed exchange none begins for
   * `floor`, then twice that and so on up to `ceiling`, and calls meanwhile fail with the last failure. After a success
   * one renewal may follow at once, for a token can be revoked early; further ones keep the same distances.
   */
  static readonly layerApplicationCredential = (
    options: TokenOptions
  ): Layer.Layer<TokenProvider, never, HttpClient.HttpClient> => Layer.scoped(TokenProvider, make(options))

  /** The same with options from `Config`, see `tokenConfig`. */
  static readonly layerConfig = (
    config: Config.Config.Wrap<TokenOptions> = tokenConfig
  ): Layer.Layer<TokenProvider, ConfigError, HttpClient.HttpClient> =>
    Layer.scoped(TokenProvider, Effect.flatMap(Config.unwrap(config), make))
}
