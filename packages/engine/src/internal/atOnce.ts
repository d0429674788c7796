import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"

const id = Symbol.for("@memstore-flows/engine/AtOnce")

/** @internal An effect that can also be run without a fiber, for whoever would run it at once. */
export type AtOnce<A> = Effect.Effect<A> & { readonly [id]: true; readonly run: () => A }

/** @internal */
export const atOnce = <A>(run: () => A): AtOnce<A> => Object.assign(Effect.sync(run), { [id]: true as const, run })

/** @internal */
export const isAtOnce = <A, E>(effect: Effect.Effect<A, E>): effect is AtOnce<A> => Predicate.hasProperty(effect, id)
