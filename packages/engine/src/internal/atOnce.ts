import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Exit from "effect/Exit"
import * as Predicate from "effect/Predicate"

const id = Symbol.for("@memstore-flows/engine/AtOnce")

/** @internal An effect that can also be run without a fiber, for whoever would run it at once. */
export type AtOnce<A> = Effect.Effect<A> & { readonly [id]: true; readonly run: () => A }

/** @internal */
export const atOnce = <A>(run: () => A): AtOnce<A> => Object.assign(Effect.sync(run), { [id]: true as const, run })

/** @internal */
export const isAtOnce = <A, E>(effect: Effect.Effect<A, E>): effect is AtOnce<A> => Predicate.hasProperty(effect, id)

/** Effects that have ended are effects too; the guards of effect forget what of. */
const isExit = <A, E>(effect: Effect.Effect<A, E>): effect is Exit.Exit<A, E> => Exit.isExit(effect)

/** @internal */
export const isEither = <A, E>(effect: Effect.Effect<A, E>): effect is Either.Either<A, E> => Either.isEither(effect)

/** @internal `flatMap`, without going through a fiber for what is at hand. To be called by whoever runs it at once. */
export const andThen = <A, E, B, E2>(
  effect: Effect.Effect<A, E>,
  then: (value: A) => Effect.Effect<B, E2>
): Effect.Effect<B, E | E2> => {
  if (isAtOnce(effect)) return then(effect.run())
  if (isExit(effect)) return Exit.isSuccess(effect) ? then(effect.value) : Exit.failCause(effect.cause)
  return Effect.flatMap(effect, then)
}
