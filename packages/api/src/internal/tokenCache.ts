import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FiberId from "effect/FiberId"
import type * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import type { TokenUnavailable } from "../MemStoreError.js"
import type { Issued, NotIssued } from "./tokenIssuer.js"

type Token = Redacted.Redacted<string>

interface Settings {
  readonly issue: Effect.Effect<Issued, NotIssued>
  readonly scope: Scope.Scope
  readonly early: Duration.DurationInput
  readonly floor: Duration.DurationInput
  readonly ceiling: Duration.DurationInput
}

interface Held {
  readonly token: Token
  readonly refreshAt: number
  readonly expiresAt: number
}

/** What is known: a token, an issue under way, the last failure, and when another issue may begin. */
interface State {
  held: Held | undefined
  flight: Deferred.Deferred<Token, TokenUnavailable> | undefined
  failure: TokenUnavailable | undefined
  endedAt: number
  notBefore: number
  streak: number
}

/**
 * Keeps one token for everybody.
 *
 * Pace: the first renewal after a quiet time may begin at once; each further issue waits `floor`, doubled every time up
 * to `ceiling`. A failed issue is always followed by such a wait. A quiet time of two `ceiling`s resets the pace.
 */
export const makeCache = (settings: Settings) => {
  const { issue, scope } = settings
  const early = Duration.toMillis(settings.early)
  const floor = Duration.toMillis(settings.floor)
  const ceiling = Math.max(floor, Duration.toMillis(settings.ceiling))
  const state: State = {
    held: undefined,
    flight: undefined,
    failure: undefined,
    endedAt: Number.NEGATIVE_INFINITY,
    notBefore: Number.NEGATIVE_INFINITY,
    streak: 0
  }

  const pace = (now: number, failed: boolean, askedMillis: number): void => {
    const quiet = now - state.endedAt > 2 * ceiling
    const streak = quiet ? 0 : state.streak
    const doublings = failed ? streak : streak - 1
    const wait = doublings < 0 ? 0 : Math.min(ceiling, floor * 2 ** doublings)
    state.endedAt = now
    state.notBefore = now + Math.max(wait, askedMillis)
    state.streak = streak + 1
  }

  const landed = (exit: Exit.Exit<Issued, NotIssued>, now: number): Exit.Exit<Token, TokenUnavailable> => {
    state.flight = undefined
    if (Exit.isSuccess(exit)) {
      const { lifetimeMillis, token } = exit.value
      const expiresAt = now + lifetimeMillis
      state.held = { token, expiresAt, refreshAt: expiresAt - Math.min(early, lifetimeMillis / 2) }
      state.failure = undefined
      pace(now, false, 0)
      return Exit.succeed(token)
    }
    return Exit.failCause(
      Cause.map(exit.cause, ({ askedMillis, error }) => {
        state.failure = error
        pace(now, true, askedMillis ?? 0)
        return error
      })
    )
  }

  const fly = (flight: Deferred.Deferred<Token, TokenUnavailable>) =>
    Effect.interruptible(issue).pipe(
      Effect.exit,
      Effect.flatMap((exit) =>
        Effect.flatMap(Clock.currentTimeMillis, (now) => Deferred.done(flight, landed(exit, now)))
      ),
      Effect.forkIn(scope)
    )

  /** Joins the issue under way or begins one. Whoever is interrupted stops waiting; the issue itself goes on. */
  const join: Effect.Effect<Token, TokenUnavailable> = Effect.uninterruptibleMask((restore) =>
    Effect.suspend(() => {
      if (state.flight !== undefined) return restore(Deferred.await(state.flight))
      const flight = Deferred.unsafeMake<Token, TokenUnavailable>(FiberId.none)
      state.flight = flight
      return Effect.zipRight(fly(flight), restore(Deferred.await(flight)))
    })
  )

  const keptOr = (now: number, otherwise: Effect.Effect<Token, TokenUnavailable>) =>
    state.held !== undefined && now < state.held.expiresAt ? Effect.succeed(state.held.token) : otherwise

  const whileWaiting = (now: number): Effect.Effect<Token, TokenUnavailable> =>
    keptOr(
      now,
      state.failure === undefined
        ? Effect.zipRight(Effect.sleep(state.notBefore - now), get)
        : Effect.fail(state.failure)
    )

  const get: Effect.Effect<Token, TokenUnavailable> = Effect.flatMap(Clock.currentTimeMillis, (now) => {
    if (state.held !== undefined && now < state.held.refreshAt) return Effect.succeed(state.held.token)
    if (state.flight === undefined && now < state.notBefore) return whileWaiting(now)
    return Effect.catchAll(join, (error) => keptOr(now, Effect.fail(error)))
  })

  const renew = (stale: Token): Effect.Effect<Token, TokenUnavailable> =>
    Effect.flatMap(Clock.currentTimeMillis, (now) => {
      if (state.held !== undefined && state.held.token !== stale) return Effect.succeed(state.held.token)
      if (state.flight === undefined && now < state.notBefore) {
        return state.failure === undefined ? Effect.succeed(stale) : Effect.fail(state.failure)
      }
      return join
    })

  return { get, renew }
}
