/**
 * Where the password of a database user comes from, so that no flow carries or journals one.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import { PasswordUnavailable } from "./FlowError.js"

/**
 * Gives the encrypted password of a database user, by the user's name.
 *
 * How the vendor wants it encrypted is in an appendix of the API page and is not guessed here. By default there is none,
 * and a flow that needs one fails with `PasswordUnavailable` before it sends anything.
 *
 * @since 0.1.0
 * @category tags
 */
export class PasswordSource extends Context.Reference<PasswordSource>()("@memstore-flows/workflows/PasswordSource", {
  defaultValue: (): {
    readonly encrypted: (user: string) => Effect.Effect<Redacted.Redacted, PasswordUnavailable>
  } => ({
    encrypted: (user) => new PasswordUnavailable({ user, reason: "no PasswordSource was provided" })
  })
}) {}
