/**
 * A write on an API that names nothing it makes and takes no idempotency key, done once all the same.
 *
 * @since 0.1.0
 */
import { isAmbiguous, isRefusal, isTransient } from "@memstore-flows/api/MemStoreError"
import type { ProgressReport } from "@memstore-flows/engine/Event"
import * as Run from "@memstore-flows/engine/Run"
import * as Step from "@memstore-flows/engine/Step"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { Ambiguous, LeftInPlace, type WaitTimedOut } from "./FlowError.js"
import { type Doubt, settle, unsent } from "./internal/doubt.js"
import { gated } from "./internal/gate.js"
import { undoRetry } from "./internal/undoRetry.js"
import * as Waiter from "./Waiter.js"
import { WaitPolicy } from "./WaitPolicy.js"

/**
 * How much of a change one look shows.
 *
 * - `Applied`: it is there, and stable
 * - `UnderWay`: something is going on; whose, one cannot tell
 * - `Absent`: nothing of it is there, and nothing is going on
 *
 * @since 0.1.0
 * @category models
 */
export type Look<A> =
  | { readonly _tag: "Applied"; readonly value: A }
  | { readonly _tag: "UnderWay"; readonly state: string; readonly progress?: ProgressReport | undefined }
  | { readonly _tag: "Absent" }

/**
 * @since 0.1.0
 * @category constructors
 */
export const applied = <A>(value: A): Look<A> => ({ _tag: "Applied", value })

/**
 * @since 0.1.0
 * @category constructors
 */
export const underWay = (state: string, progress?: ProgressReport): Look<never> => ({
  _tag: "UnderWay",
  state,
  progress
})

/**
 * @since 0.1.0
 * @category constructors
 */
export const absent: Look<never> = { _tag: "Absent" }

/**
 * - `operation`: the change in words, for errors and history
 * - `look`: reads how much of the change is there
 * - `confirm`: the same once the call was accepted, where that tells more; `look` unless given
 * - `apply`: the one call; `Some` when its answer alone settles the result
 * - `deadline`: milliseconds of the epoch
 * - `fresh`: nothing can have been sent before now, so the first call goes out without a look
 *
 * @since 0.1.0
 * @category models
 */
export interface Change<A, E, R, E2, R2> {
  readonly operation: string
  readonly look: Effect.Effect<Look<A>, E, R>
  readonly confirm?: Effect.Effect<Look<A>, E, R> | undefined
  readonly apply: Effect.Effect<Option.Option<A>, E2, R2>
  readonly deadline: number
  readonly fresh: boolean
  readonly onPending?: (state: string, progress: ProgressReport | undefined) => Effect.Effect<void>
}

/**
 * Watches until a change is there and stable, or stayed invisible for `WaitPolicy.settle` (none). Sends nothing.
 *
 * @since 0.1.0
 * @category constructors
 */
export const seen = <A, E, R>(
  change: Pick<Change<A, E, R, unknown, unknown>, "operation" | "look" | "deadline" | "onPending">
): Effect.Effect<Option.Option<A>, E | WaitTimedOut, R> =>
  Effect.flatMap(WaitPolicy, ({ settle }) => {
    let absentSince: number | undefined
    return Waiter.until({
      what: change.operation,
      read: change.look,
      deadline: change.deadline,
      ...(change.onPending ? { onPending: change.onPending } : {}),
      judge: (look, now): Waiter.Verdict<Option.Option<A>> => {
        if (look._tag === "Applied") return Waiter.done(Option.some(look.value))
        if (look._tag === "UnderWay") {
          absentSince = undefined
          return Waiter.pending(look.state, look.progress)
        }
        absentSince ??= now
        return now - absentSince >= Duration.toMillis(settle)
          ? Waiter.done(Option.none())
          : Waiter.pending("no trace of it yet")
      }
    })
  })

/**
 * The undo of a change that stays: fails with `LeftInPlace` if the change is there or under way, and waits for
 * no end of it. Does nothing when it stayed invisible for `WaitPolicy.settle`.
 *
 * - `why`: what stays and why, in words
 *
 * @since 0.1.0
 * @category constructors
 */
export const leave = <A, E, R>(
  change: Pick<Change<A, E, R, unknown, unknown>, "operation" | "look" | "deadline">,
  why: (value: A) => string
): Effect.Effect<void, E | LeftInPlace | WaitTimedOut, R> =>
  Effect.flatMap(
    seen({
      ...change,
      look: Effect.filterOrFail(
        change.look,
        (look) => look._tag !== "UnderWay",
        (look) => {
          const state = look._tag === "UnderWay" ? look.state : ""
          return new LeftInPlace({ reason: `${change.operation}: under way (${state}), and left to itself` })
        }
      )
    }),
    Option.match({
      onNone: () => Effect.void,
      onSome: (value) => new LeftInPlace({ reason: why(value) })
    })
  )

interface Attempt {
  /** An earlier call may have had its effect. */
  readonly repeated: boolean
  readonly last: boolean
}

/** What to do after a call that did not succeed: fail with its error, or watch and perhaps send again. */
const afterFailure = <A, E, R, E2, R2>(
  change: Change<A, E, R, E2, R2>,
  error: E2,
  { last, repeated }: Attempt
): Effect.Effect<Option.Option<A>, E | E2 | WaitTimedOut, R> => {
  const giveUp = last ? Effect.fail(error) : Effect.succeedNone
  if (isRefusal(error)) {
    return Effect.matchEffect(change.look, {
      onFailure: () => Effect.fail(error),
      onSuccess: (look) => {
        if (look._tag === "Applied" && repeated) return Effect.succeedSome(look.value)
        return look._tag === "UnderWay" ? giveUp : Effect.fail(error)
      }
    })
  }
  if (isAmbiguous(error)) {
    return last
      ? Effect.flatMap(seen(change), (found) => (Option.isSome(found) ? Effect.succeed(found) : Effect.fail(error)))
      : Effect.succeedNone
  }
  return isTransient(error) ? giveUp : Effect.fail(error)
}

/**
 * Carries a change out once: sends the call, watches until the change is there and stable, and never sends it again
 * unless it stayed invisible for `WaitPolicy.settle`, which means that it had no effect.
 *
 * A lost answer, a 5xx or a refusal that may be the echo of an earlier call are settled by looking. A refusal that the
 * look does not explain is the caller's error. An accepted change that never shows is `Ambiguous`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const carryOut = <A, E, R, E2, R2>(
  change: Change<A, E, R, E2, R2>
): Effect.Effect<A, E | E2 | WaitTimedOut | Ambiguous, R | R2> => attempt(change, unsent())

const attempt = Effect.fnUntraced(function* <A, E, R, E2, R2>(change: Change<A, E, R, E2, R2>, doubt: Doubt) {
  const { attempts } = yield* WaitPolicy
  for (let attempt = 1; ; attempt++) {
    if (attempt > 1 || !change.fresh) {
      const found = yield* seen(change)
      if (Option.isSome(found)) return found.value
    }
    const sent = yield* settle(change.apply, doubt)
    if (Either.isRight(sent)) return yield* accepted(change, sent.right)
    const found = yield* afterFailure(change, sent.left, {
      repeated: attempt > 1 || !change.fresh,
      last: attempt >= attempts
    })
    if (Option.isSome(found)) return found.value
  }
})

const accepted = Effect.fnUntraced(function* <A, E, R, E2, R2>(
  change: Change<A, E, R, E2, R2>,
  answer: Option.Option<A>
) {
  if (Option.isSome(answer)) return answer.value
  const found = yield* seen({ ...change, look: change.confirm ?? change.look })
  if (Option.isSome(found)) return found.value
  return yield* new Ambiguous({
    operation: change.operation,
    lookFor: "the call was accepted, and nothing of it shows",
    candidates: []
  })
})

export { undoRetry } from "./internal/undoRetry.js"

/**
 * - `before`: schema of what is read before the write; it is journaled, so it must hold no secret
 * - `observe`: refuses what is unsafe, and reads `before`
 * - `look`, `confirm`, `apply`: as in `Change`, told what was there before, and when that was (milliseconds of the epoch)
 * - `timeout`: from the observation, restarts included
 * - `undo`: gets what was there before, the result if it is known, the time of the observation, and whether the call is known
 *   to have been accepted (`undefined` after a restart); it must find out what, if anything, was done
 *
 * @since 0.1.0
 * @category models
 */
export interface Options<B, BI, A, AI, E, EI, R, R2, R3, E4, R4> {
  readonly before: Schema.Schema<B, BI>
  readonly success: Schema.Schema<A, AI>
  readonly error: Schema.Schema<E, EI>
  readonly operation: string
  readonly observe: Effect.Effect<B, NoInfer<E>, R>
  readonly look: (before: B, at: number) => Effect.Effect<Look<A>, NoInfer<E>, R2>
  readonly confirm?: (before: B, at: number) => Effect.Effect<Look<A>, NoInfer<E>, R2>
  readonly apply: (before: B) => Effect.Effect<Option.Option<A>, NoInfer<E>, R3>
  readonly timeout: Duration.Duration
  readonly undo: (
    before: B,
    result: Option.Option<A>,
    at: number,
    accepted: boolean | undefined
  ) => Effect.Effect<void, E4, R4>
}

const stepOf = <B, A, E, R2, R3>(
  options: {
    readonly operation: string
    readonly look: (before: B, at: number) => Effect.Effect<Look<A>, E, R2>
    readonly confirm?: (before: B, at: number) => Effect.Effect<Look<A>, E, R2>
    readonly apply: (before: B) => Effect.Effect<Option.Option<A>, E, R3>
    readonly timeout: Duration.Duration
  },
  intent: { readonly at: number; readonly before: B },
  doubt: Doubt | undefined
) =>
  Effect.flatMap(Run.Run, (run) => {
    const change = {
      operation: options.operation,
      look: options.look(intent.before, intent.at),
      confirm: options.confirm?.(intent.before, intent.at),
      apply: options.apply(intent.before),
      deadline: intent.at + Duration.toMillis(options.timeout),
      fresh: doubt?.sent === false,
      onPending: (state: string, progress: ProgressReport | undefined) =>
        Effect.provideService(Run.progress(progress ?? { message: state }), Run.Run, run)
    }
    return attempt(change, doubt ?? { sent: true, accepted: false })
  })

const makeIntent = <B, BI>(before: Schema.Schema<B, BI>) => Schema.Struct({ at: Schema.Number, before })

const intents = new WeakMap<object, unknown>()

/** What is journaled before a write. Made once of each schema, for a schema is compiled when it is first used. */
const intentOf = <B, BI>(before: Schema.Schema<B, BI>): ReturnType<typeof makeIntent<B, BI>> => {
  const known = intents.get(before) ?? makeIntent(before)
  intents.set(before, known)
  // The map holds under each schema what was made of it.
  return known as ReturnType<typeof makeIntent<B, BI>>
}

/**
 * A step that makes one change: observe and journal what is there, apply, confirm, with its undo.
 *
 * A lost answer, a crash between the call and the journal, a cut in mid-call and a repeat all end in one change, or in a
 * typed error that says what a person must look at. Cut in mid-call, it is undone from what was observed; refused for
 * certain, it has nothing to undo, and what another made meanwhile is not touched.
 *
 * The error schema must hold `WaitTimedOut` and `Ambiguous`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = <B, BI, A, AI, E, EI, R, R2, R3, E4, R4>(
  name: string,
  options: WaitTimedOut | Ambiguous extends E ? Options<B, BI, A, AI, E, EI, R, R2, R3, E4, R4> : never
): Effect.Effect<A, E, R | R2 | R3 | R4 | Run.Run> => {
  const doubts = new WeakMap<object, Doubt>()
  const own: Options<B, BI, A, AI, E, EI, R, R2, R3, E4, R4> = options
  const { before, error, observe, success, undo } = own
  const step = Step.withIntent(name, {
    intent: intentOf(before),
    success,
    error,
    prepare: Effect.flatMap(observe, (before) =>
      Effect.map(Clock.currentTimeMillis, (at) => {
        const intent = { at, before }
        doubts.set(intent, unsent())
        return intent
      })
    ),
    // The condition on `options` says that E holds the errors a wait adds.
    run: (intent) => stepOf(own, intent, doubts.get(intent)) as Effect.Effect<A, E, R2 | R3 | Run.Run>,
    undo: (intent, result) => {
      const doubt = doubts.get(intent)
      return doubt?.sent === false ? Effect.void : undo(intent.before, result, intent.at, doubt?.accepted)
    },
    undoRetry
  })
  return gated(name)(step)
}
