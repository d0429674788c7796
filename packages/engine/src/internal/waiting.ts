import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import type { JournalError } from "../Journal.js"

/** @internal How often what is not at hand is asked for again. */
export const pause = Schedule.union(Schedule.exponential("1 second"), Schedule.spaced("1 minute"))

/** @internal A journal that does not answer delays what asks it; it does not end it. */
export const persist = <A, E extends { readonly _tag: string }, R>(
  effect: Effect.Effect<A, E, R>
): Effect.Effect<A, Exclude<E, JournalError>, R> => {
  const again = Effect.retry(effect, { schedule: pause, while: ({ _tag }) => _tag === "JournalError" })
  // `pause` has no end, so that error is never the last word.
  return again as Effect.Effect<A, Exclude<E, JournalError>, R>
}
