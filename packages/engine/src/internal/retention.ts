import * as Effect from "effect/Effect"
import type * as Journal from "../Journal.js"
import type { Timers } from "./timers.js"

/** @internal */
export interface Rule {
  readonly maxRuns: number
  readonly maxAge: number
}

/**
 * @internal Evicts when a tenth of `maxRuns` has ended, and each tenth of `maxAge` for as long as the last run that ended
 * is not too old. An engine in which nothing ends wakes for nothing.
 */
export const make = (
  { evict }: Journal.Service,
  timers: Timers,
  now: () => number,
  spawn: (effect: Effect.Effect<void>) => void,
  { maxAge, maxRuns }: Rule
) => {
  const batch = Math.max(1, Math.floor(maxRuns / 10))
  const pause = Math.max(1, Math.ceil(maxAge / 10))
  let fresh = 0
  let lastEnded = now()
  let armed = false

  const sweep: Effect.Effect<void> = Effect.suspend(() => {
    fresh = 0
    const evicted = evict({ endedBefore: now() - maxAge, keep: maxRuns })
    return Effect.catchAll(evicted, (error) => Effect.logWarning(error.message))
  })

  const arm = (): void => {
    if (armed) return
    armed = true
    timers.add(now() + pause, () => {
      armed = false
      if (now() - lastEnded <= maxAge + pause) arm()
      spawn(sweep)
    })
  }

  return {
    open: Effect.suspend(() => {
      arm()
      return sweep
    }),
    ended: (): Effect.Effect<void> => {
      lastEnded = now()
      arm()
      return ++fresh >= batch ? sweep : Effect.void
    }
  }
}
