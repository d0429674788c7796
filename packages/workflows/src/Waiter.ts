/**
 * Waits until a read shows what is wanted.
 *
 * @since 0.1.0
 */
import { isTransient } from "@memstore-flows/api/MemStoreError"
import type { ProgressReport } from "@memstore-flows/engine/Event"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Random from "effect/Random"
import { type Sighting, WaitTimedOut } from "./FlowError.js"
import { polled } from "./internal/metrics.js"
import { WaitPolicy, type WaitPolicySettings } from "./WaitPolicy.js"

/**
 * What one answer means: the wait is over, goes on, or can never succeed. `state` is a short text for history and
 * progress; equal texts count as no change.
 *
 * @since 0.1.0
 * @category models
 */
export type Verdict<A, E = never> =
  | { readonly _tag: "Done"; readonly value: A }
  | { readonly _tag: "Pending"; readonly state: string; readonly progress?: ProgressReport | undefined }
  | { readonly _tag: "Broken"; readonly error: E }

/**
 * @since 0.1.0
 * @category constructors
 */
export const done = <A>(value: A): Verdict<A> => ({ _tag: "Done", value })

/**
 * @since 0.1.0
 * @category constructors
 */
export const pending = (state: string, progress?: ProgressReport): Verdict<never> => ({
  _tag: "Pending",
  state,
  progress
})

/**
 * @since 0.1.0
 * @category constructors
 */
export const broken = <E>(error: E): Verdict<never, E> => ({ _tag: "Broken", error })

/**
 * - `what`: what is waited for, in words
 * - `read`: one answer; a failure for a passing reason counts as `Pending`, at most `WaitPolicy.faults` in a row
 * - `tolerate`: further failures that count as `Pending`, for example 404 just after a creation
 * - `judge`: what an answer means at a time (milliseconds of the epoch)
 * - `deadline`: milliseconds of the epoch; there is always one last poll at it
 * - `onPending`: runs after each poll that goes on
 *
 * @since 0.1.0
 * @category models
 */
export interface Options<A, B, E, R, E2, R2> {
  readonly what: string
  readonly read: Effect.Effect<A, E, R>
  readonly tolerate?: (error: E) => boolean
  readonly judge: (answer: A, now: number) => Verdict<B, E2>
  readonly deadline: number
  readonly onPending?: (state: string, progress: ProgressReport | undefined) => Effect.Effect<void, never, R2>
}

const note = (history: Array<Sighting>, state: string, now: number): boolean => {
  const last = history.at(-1)
  if (last?.state === state) {
    history[history.length - 1] = { ...last, lastAt: now, polls: last.polls + 1 }
    return false
  }
  history.push({ state, firstAt: now, lastAt: now, polls: 1 })
  if (history.length > 50) history.shift()
  return true
}

const shortened = (delay: number, policy: WaitPolicySettings) =>
  Effect.map(Random.next, (random) => delay * (1 - policy.jitter * random))

const interpret = <A, B, E, R, E2, R2>(
  options: Options<A, B, E, R, E2, R2>,
  answer: Either.Either<A, E>,
  now: number
): Verdict<B, E | E2> => {
  if (Either.isRight(answer)) return options.judge(answer.right, now)
  const error = answer.left
  if (options.tolerate?.(error) === true) return pending("not visible yet")
  return isTransient(error) ? pending(`unreachable (${error._tag})`) : broken(error)
}

/**
 * Polls at once, then at growing intervals, with a last poll at the deadline.
 *
 * Fails at once with an error that waiting cannot cure (400, 401, 403, 404 unless tolerated, `Broken`), and with
 * `WaitTimedOut` at the deadline. Everything follows `WaitPolicy`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const until: <A, B, E, R, E2 = never, R2 = never>(
  options: Options<A, B, E, R, E2, R2>
) => Effect.Effect<B, E | E2 | WaitTimedOut, R | R2> = Effect.fnUntraced(function* <A, B, E, R, E2, R2>(
  options: Options<A, B, E, R, E2, R2>
) {
  const policy = yield* WaitPolicy
  const first = Duration.toMillis(policy.firstDelay)
  const startedAt = yield* Clock.currentTimeMillis
  const history: Array<Sighting> = []
  let delay = first
  let faults = 0
  while (true) {
    const answer = yield* Effect.either(options.read)
    const now = yield* Clock.currentTimeMillis
    const verdict = interpret(options, answer, now)
    yield* polled(verdict._tag)
    if (verdict._tag === "Done") return verdict.value
    if (verdict._tag === "Broken") return yield* Effect.fail(verdict.error)
    faults = Either.isLeft(answer) && options.tolerate?.(answer.left) !== true ? faults + 1 : 0
    if (Either.isLeft(answer) && faults > policy.faults) return yield* Effect.fail(answer.left)
    if (note(history, verdict.state, now)) delay = first
    if (options.onPending) yield* options.onPending(verdict.state, verdict.progress)
    if (now >= options.deadline) {
      return yield* new WaitTimedOut({ what: options.what, waitedMillis: now - startedAt, history })
    }
    const pause = yield* shortened(delay, policy)
    yield* Effect.sleep(Duration.millis(Math.max(1, Math.min(pause, options.deadline - now))))
    delay = Math.min(delay * policy.factor, Duration.toMillis(policy.maxDelay))
  }
})

/**
 * The deadline that lies `duration` after now, in milliseconds of the epoch.
 *
 * @since 0.1.0
 * @category constructors
 */
export const deadlineIn = (duration: Duration.DurationInput): Effect.Effect<number> =>
  Effect.map(Clock.currentTimeMillis, (now) => now + Duration.toMillis(duration))
