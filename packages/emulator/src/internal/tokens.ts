import type { ApplicationCredential } from "@memstore-flows/api/IdentityApi"
import { TokenRequired } from "@memstore-flows/api/TokenRequired"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Random from "effect/Random"
import * as Redacted from "effect/Redacted"
import { Cloud } from "./Cloud.js"
import * as World from "./world.js"

/** The one access key that is accepted, by its id or by its name and the id of its user. */
export interface AccessKey {
  readonly id: string
  readonly name: string
  readonly userId: string
  readonly secret: Redacted.Redacted<string>
}

export const accepts = (key: AccessKey, given: ApplicationCredential): boolean =>
  Redacted.value(key.secret) === Redacted.value(given.secret) &&
  ("id" in given ? given.id === key.id : given.name === key.name && given.user.id === key.userId)

const digits = (length: number) =>
  Effect.map(Effect.replicateEffect(Random.nextIntBetween(0, 16), length), (each) =>
    each.map((digit) => digit.toString(16)).join("")
  )

/** A new token and the times it is good for, epoch milliseconds. */
export const issue = (lifetime: Duration.Duration) =>
  Effect.gen(function* () {
    const cloud = yield* Cloud
    const token = `gAAAAA${yield* digits(48)}`
    return yield* cloud.transact((world, now) => {
      const endsAt = now + Duration.toMillis(lifetime)
      return [{ token, issuedAt: now, endsAt }, World.addToken(world, token, endsAt, now)]
    })
  })

const refusal = (text: string) => Effect.fail({ _tag: "UnauthorizedBody" as const, message: text })

/** The check of `X-Auth-Token` that stands before every MemStore route. */
export const layer = Layer.effect(
  TokenRequired,
  Effect.map(Cloud, (cloud) =>
    TokenRequired.of({
      token: (given) =>
        Effect.flatMap(
          cloud.transact((world, now) => [{ endsAt: world.tokens.get(Redacted.value(given)), now }, world]),
          ({ endsAt, now }) => {
            if (Redacted.value(given) === "") return refusal("The request carries no token in X-Auth-Token")
            if (endsAt === undefined) return refusal("The token is not known, or was revoked")
            return endsAt <= now ? refusal("The token has expired") : Effect.void
          }
        )
    })
  )
)
