import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type { Flow, Implemented } from "../Flow.js"
import type { Outcome } from "../Outcome.js"
import { progress, Run } from "../Run.js"
import { Busy, RunCancelled, RunDied, RunIdTaken, RunStays } from "../RunError.js"
import * as Runs from "../Runs.js"
import { codecOf, type PureSchema } from "./codec.js"
import { isCutByFlow } from "./cutting.js"
import { intentStep } from "./intent.js"
import { childOf, isAncestor, lentBy } from "./lending.js"
import { resultOf } from "./results.js"
import { parkFor } from "./sleep.js"
import { step } from "./step.js"
import { pause, persist } from "./waiting.js"

/** @internal */
export interface Options<P extends PureSchema, S extends PureSchema, R> {
  readonly payload: P["Type"]
  readonly waitForLock: boolean
  readonly undo: ((value: S["Type"]) => Effect.Effect<void, unknown, R>) | undefined
}

/**
 * Begins a child. What a run above it holds is lent to it: it then locks its place among those it is lent to, who would
 * otherwise change the same thing at the same time.
 */
const begin = <Name extends string, P extends PureSchema, S extends PureSchema, E extends PureSchema>(
  flow: Flow<Name, P, S, E>,
  id: string,
  payload: P["Type"],
  waitForLock: boolean
): Effect.Effect<void, Busy | RunIdTaken, Runs.Runs | Implemented<Name>> =>
  persist(Runs.start(flow, { id, payload })).pipe(
    Effect.asVoid,
    Effect.catchTags({
      Busy: (busy) => {
        const { holder, resource } = busy
        if (isAncestor(holder.run, id)) {
          const lent = { ...flow, resource: () => lentBy(holder.run, resource) }
          return begin(lent, id, payload, waitForLock)
        }
        return waitForLock ? Effect.asVoid(persist(Runs.start(flow, { id, payload, waitForLock }))) : Effect.fail(busy)
      }
    }),
    Effect.catchTag("PayloadInvalid", Effect.die)
  )

/** How a child ends, also through times in which nobody works on it. */
const outcomeOf = <Name extends string, P extends PureSchema, S extends PureSchema, E extends PureSchema>(
  flow: Flow<Name, P, S, E>,
  id: string
): Effect.Effect<Outcome<S["Type"], E["Type"]>, never, Runs.Runs> =>
  Runs.outcome(flow, id).pipe(
    Effect.retry({ schedule: pause, while: ({ _tag }) => _tag !== "RunNotFound" }),
    Effect.orDie
  )

const stop = <Name extends string, P extends PureSchema, S extends PureSchema, E extends PureSchema, R>(
  flow: Flow<Name, P, S, E>,
  id: string,
  undo: Options<P, S, R>["undo"]
) =>
  Effect.gen(function* () {
    const answer = yield* Effect.option(persist(Runs.cancel(id)))
    if (Option.isNone(answer)) return
    const outcome = yield* outcomeOf(flow, id)
    if (outcome._tag === "Succeeded") {
      return yield* undo ? undo(outcome.value) : new RunStays({ run: id, reason: "it has succeeded" })
    }
    const left = outcome.undo.notUndone.map((one) => one.step)
    if (left.length > 0) return yield* new RunStays({ run: id, reason: `it could not undo ${left.join(", ")}` })
  })

type Refused = Busy | RunIdTaken

const Refusal = codecOf(Schema.NullOr(Schema.Union(Busy, RunIdTaken)))

const isEnded = (id: string) =>
  Effect.match(persist(Runs.get(id)), { onFailure: () => true, onSuccess: ({ endedAt }) => endedAt !== null })

const steps = <Name extends string, P extends PureSchema, S extends PureSchema, E extends PureSchema, R>(
  flow: Flow<Name, P, S, E>,
  id: string,
  { payload, undo, waitForLock }: Options<P, S, R>
) =>
  Effect.gen(function* () {
    const refused = yield* intentStep<P["Type"], Refused | null, never, R | Runs.Runs | Implemented<Name>>("start", {
      intent: codecOf(flow.payload),
      success: Refusal,
      error: codecOf(Schema.Never),
      prepare: Effect.succeed(payload),
      run: (given) =>
        Effect.map(Effect.flip(begin(flow, id, given, waitForLock)).pipe(Effect.option), Option.getOrNull),
      undo: (_, refused) => (Option.getOrNull(refused) === null ? stop(flow, id, undo) : Effect.void)
    })
    if (refused) return yield* refused
    const told = progress({ message: `waits for run ${id}`, subject: id })
    const isHere = Effect.tap(isEnded(id), (ended) => (ended ? Effect.void : told))
    yield* parkFor("end", isHere, outcomeOf(flow, id))
    // A flow's errors need no services, and neither does a union with them.
    const error = Schema.Union(flow.error as unknown as Schema.Schema<E["Type"]>, RunCancelled, RunDied)
    return yield* step("end", {
      success: codecOf(flow.success),
      error: codecOf(error),
      run: Effect.zipRight(
        told,
        Effect.flatMap(outcomeOf(flow, id), (known) => resultOf(id, known))
      ),
      undo: undefined,
      always: false
    })
  })

/** @internal The steps of a child, in the scope of its name. */
export const child = <Name extends string, P extends PureSchema, S extends PureSchema, E extends PureSchema, R>(
  flow: Flow<Name, P, S, E>,
  options: Options<P, S, R>
) =>
  Effect.flatMap(Run, ({ id, live, scope }) => {
    const run = childOf(id, scope.slice(0, -1))
    return Effect.onInterrupt(steps(flow, run, options), () =>
      Effect.suspend(() => (isCutByFlow(live) ? Effect.ignore(Runs.cancel(run)) : Effect.void))
    )
  })
