import * as Effect from "effect/Effect"
import type { JournalError } from "../Journal.js"
import type { RunNotFound } from "../RunError.js"
import type { Options, Planned } from "../StartPlan.js"
import type { PureSchema } from "./codec.js"

type Get = (id: string) => Effect.Effect<unknown, RunNotFound | JournalError>

const isThere = <A>(got: Effect.Effect<A, RunNotFound | JournalError>) =>
  Effect.as(got, true).pipe(Effect.catchTag("RunNotFound", () => Effect.succeed(false)))

const byPlan = <P extends PureSchema, E, R, O extends Options<E, R>>(
  get: Get,
  flow: Planned<P>,
  { plan, ...rest }: O
) =>
  Effect.gen(function* () {
    const payload = yield* plan.payload(flow)
    const there = rest.id === undefined ? false : yield* isThere(get(rest.id))
    if (!there) yield* plan.holds
    return { ...rest, payload }
  })

/** @internal The options of a start, where one by a plan has the payload in the plan's place. */
export const withPayload = <
  P extends PureSchema,
  E,
  R,
  O extends { readonly payload: P["Type"] },
  ByPlan extends Options<E, R>
>(
  get: Get,
  flow: Planned<P>,
  options: O | ByPlan
) => ("plan" in options ? byPlan<P, E, R, ByPlan>(get, flow, options) : Effect.succeed(options))
