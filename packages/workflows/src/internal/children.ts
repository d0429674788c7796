import type * as Flow from "@memstore-flows/engine/Flow"
import type { Outcome } from "@memstore-flows/engine/Outcome"
import type * as Run from "@memstore-flows/engine/Run"
import * as Runs from "@memstore-flows/engine/Runs"
import * as Step from "@memstore-flows/engine/Step"
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import { LeftInPlace } from "../FlowError.js"
import type { PureSchema } from "../FlowModule.js"
import { undoRetry } from "./undoRetry.js"

/** Nobody works on the child just now, or the journal does not answer: it is asked again. */
const again = {
  while: ({ _tag }: { readonly _tag: string }) => _tag === "RunDetached" || _tag === "JournalError",
  schedule: Schedule.spaced("15 seconds")
}

/** How a child ended, or why that cannot be told. */
export const ending = <Name extends string, P extends PureSchema, S extends PureSchema, E extends PureSchema>(
  flow: Flow.Flow<Name, P, S, E>,
  id: string
): Effect.Effect<Either.Either<Outcome<S["Type"], E["Type"]>, string>, never, Runs.Runs> =>
  Runs.outcome(flow, id).pipe(Effect.retry(again), Effect.either, Effect.map(Either.mapLeft(({ message }) => message)))

/** Cancels a child and waits until it is undone; what stays of it is said. */
const stop = <Name extends string, P extends PureSchema, S extends PureSchema, E extends PureSchema>(
  flow: Flow.Flow<Name, P, S, E>,
  id: string
) =>
  Effect.gen(function* () {
    const there = yield* Effect.option(Effect.retry(Runs.cancel(id), again))
    if (Option.isNone(there)) return
    const ended = yield* ending(flow, id)
    if (Either.isLeft(ended)) return yield* new LeftInPlace({ reason: `run ${id}: ${ended.left}` })
    const outcome = ended.right
    if (outcome._tag === "Succeeded") return yield* new LeftInPlace({ reason: `run ${id} has ended, and stays` })
    const left = outcome.undo.notUndone.map(({ step }) => step)
    if (left.length > 0) return yield* new LeftInPlace({ reason: `run ${id} could not undo ${left.join(", ")}` })
  })

/** Why a child was not started; null when it was. */
const NotStarted = Schema.NullOr(Schema.String)

/**
 * The step that starts a run of its own, once: it has its own lock, events, cancel and undo. When the parent is undone,
 * the child is cancelled. Gives why it was not started, or null.
 */
export const start = <Name extends string, P extends PureSchema, S extends PureSchema, E extends PureSchema>(
  flow: Flow.Flow<Name, P, S, E>,
  { id, payload }: { readonly id: string; readonly payload: P["Type"] }
): Effect.Effect<string | null, never, Run.Run | Runs.Runs | Flow.Implemented<Name>> =>
  Step.withIntent("start", {
    intent: Schema.String,
    success: NotStarted,
    prepare: Effect.succeed(id),
    run: (id) =>
      Runs.start(flow, { id, payload, waitForLock: true }).pipe(
        Effect.retry(again),
        Effect.match({ onSuccess: () => null, onFailure: ({ message }) => message })
      ),
    undo: (id, started) => (Option.getOrNull(started) === null ? stop(flow, id) : Effect.void),
    undoRetry
  })

/** How many of these runs have ended otherwise than well. */
export const failedOf = (ids: ReadonlyArray<string>): Effect.Effect<number, never, Runs.Runs> =>
  Effect.forEach(ids, (id) => Effect.option(Effect.retry(Runs.get(id), again))).pipe(
    Effect.map((seen) => Arr.getSomes(seen).filter(({ state }) => state === "failed" || state === "cancelled").length)
  )
