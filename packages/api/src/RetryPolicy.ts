/**
 * Whether, and when, a failed call is made again.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Random from "effect/Random"
import { isThrottling, isTransient, isUnsent, TokenUnavailable } from "./MemStoreError.js"

/**
 * A failed attempt: which one, of what kind of call, how it failed, and the time since the first attempt began.
 *
 * @since 0.1.0
 * @category models
 */
export interface FailedAttempt {
  readonly operation: string
  readonly isWrite: boolean
  readonly attempt: number
  readonly elapsedMillis: number
  readonly error: unknown
}

/**
 * - `maxAttempts`: the first one included, default 4
 * - `base`: upper bound of the first pause, doubled for each further one, default 200 ms
 * - `cap`: upper bound of every pause, default 10 s; a server that asks for a longer one (`Retry-After`) ends the call
 * - `totalLimit`: no further attempt begins later than this after the first one began, default 60 s
 *
 * @since 0.1.0
 * @category models
 */
export interface RetryOptions {
  readonly maxAttempts?: number
  readonly base?: Duration.DurationInput
  readonly cap?: Duration.DurationInput
  readonly totalLimit?: Duration.DurationInput
}

/**
 * @since 0.1.0
 * @category models
 */
export interface RetryPolicyService {
  readonly next: (failed: FailedAttempt) => Effect.Effect<Option.Option<Duration.Duration>>
}

const mayRepeat = ({ error, isWrite }: FailedAttempt): boolean =>
  isThrottling(error) || isUnsent(error) || (!isWrite && isTransient(error) && !(error instanceof TokenUnavailable))

const askedPause = (error: unknown): number | undefined => (isThrottling(error) ? error.retryAfterMillis : undefined)

/**
 * Decides after each failed attempt: `none` ends the call with its error, `some(pause)` makes it again after the pause.
 *
 * By default reads are made again after every transient failure. A write is made again **only** when it surely had no
 * effect: the server refused it with 429, or it never left this machine. A call that fails for want of a token is not
 * made again, the provider has a pace of its own. Pauses are exponential with full jitter.
 *
 * Replace it for all calls by providing it to `MemStoreClient.layer`, or for some by `Effect.provideService`.
 *
 * @since 0.1.0
 * @category services
 */
export class RetryPolicy extends Context.Reference<RetryPolicy>()("@memstore-flows/api/RetryPolicy", {
  defaultValue: (): RetryPolicyService => make({})
}) {
  /** Every call is made once. */
  static readonly none: RetryPolicyService = { next: () => Effect.succeedNone }

  /** The default rules with other numbers. */
  static readonly make = (options: RetryOptions): RetryPolicyService => make(options)
}

const make = (options: RetryOptions): RetryPolicyService => {
  const maxAttempts = options.maxAttempts ?? 4
  const base = Duration.toMillis(options.base ?? "200 millis")
  const cap = Duration.toMillis(options.cap ?? "10 seconds")
  const totalLimit = Duration.toMillis(options.totalLimit ?? "60 seconds")
  return {
    next: (failed) => {
      const asked = askedPause(failed.error)
      if (failed.attempt >= maxAttempts || !mayRepeat(failed) || (asked ?? 0) > cap) return Effect.succeedNone
      const bound = Math.min(cap, base * 2 ** (failed.attempt - 1))
      return Effect.map(Random.nextRange(0, bound), (jitter) => {
        const pause = Math.min(cap, (asked ?? 0) + jitter)
        return failed.elapsedMillis + pause > totalLimit ? Option.none() : Option.some(Duration.millis(pause))
      })
    }
  }
}

/**
 * The policy of a call: the one provided to the call itself, else the one given here.
 *
 * @since 0.1.0
 * @category getters
 */
export const policyOf = (
  otherwise: Context.Tag.Service<RetryPolicy>
): Effect.Effect<Context.Tag.Service<RetryPolicy>> =>
  Effect.contextWith((context: Context.Context<never>) =>
    context.unsafeMap.has(RetryPolicy.key) ? Context.get(context, RetryPolicy) : otherwise
  )
