/**
 * Where calls get their token from.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Redacted from "effect/Redacted"
import type { TokenUnavailable } from "./MemStoreError.js"

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
  {
    readonly get: Effect.Effect<Redacted.Redacted<string>, TokenUnavailable>
    readonly renew: (stale: Redacted.Redacted<string>) => Effect.Effect<Redacted.Redacted<string>, TokenUnavailable>
  }
>() {
  /** A token that somebody else keeps fresh. It is never renewed. */
  static readonly layerStatic = (token: Redacted.Redacted<string>): Layer.Layer<TokenProvider> =>
    Layer.succeed(TokenProvider, { get: Effect.succeed(token), renew: () => Effect.succeed(token) })
}
