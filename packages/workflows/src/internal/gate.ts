import type * as Run from "@memstore-flows/engine/Run"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"

/** What a step waits for before it begins, told its name. */
export type Pass = (step: string) => Effect.Effect<void, never, Run.Run>

/** Stands before every write and every guard; absent unless a wrapper puts one there. */
export class Gate extends Context.Reference<Gate>()("@memstore-flows/workflows/Gate", {
  defaultValue: (): { readonly pass: Pass | undefined } => ({ pass: undefined })
}) {}

/** Lets a step begin when the gate, if there is one, does. */
export const gated =
  (step: string) =>
  <A, E, R>(self: Effect.Effect<A, E, R | Run.Run>): Effect.Effect<A, E, R | Run.Run> =>
    Effect.flatMap(Gate, ({ pass }) => (pass === undefined ? self : Effect.zipRight(pass(step), self)))
