import { isAmbiguous } from "@memstore-flows/api/MemStoreError"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"

/** Whether a call may have had its effect, and whether an answer said that it has. */
export interface Doubt {
  sent: boolean
  accepted: boolean
}

/** Before the first call. */
export const unsent = (): Doubt => ({ sent: false, accepted: false })

/** Makes a call, in doubt until its answer rules out that it had its effect. */
export const settle = <A, E, R>(
  call: Effect.Effect<A, E, R>,
  doubt: Doubt
): Effect.Effect<Either.Either<A, E>, never, R> =>
  Effect.suspend(() => {
    const before = doubt.sent
    doubt.sent = true
    return Effect.map(Effect.either(call), (answer) => {
      if (Either.isRight(answer)) doubt.accepted = true
      else if (!isAmbiguous(answer.left)) doubt.sent = before
      return answer
    })
  })
