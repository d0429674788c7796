import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"

interface Sleeper {
  readonly at: number
  readonly order: number
  readonly wake: () => void
}

/**
 * A clock that jumps to the next wake-up as soon as every fiber waits for one: hours pass in milliseconds, with nobody
 * to move it. For effects whose only input and output is memory.
 */
const make = (start: number): Clock.Clock => {
  let now = start
  let count = 0
  let moves = 0
  let pumping = false
  const sleepers = new Set<Sleeper>()

  const earliest = () => [...sleepers].sort((a, b) => a.at - b.at || a.order - b.order)[0]

  const pump = (seen: number, quiet: number) => {
    const next = earliest()
    if (next === undefined) {
      pumping = false
      return
    }
    if (seen !== moves) return void setImmediate(pump, moves, 0)
    if (quiet < 2) return void setImmediate(pump, seen, quiet + 1)
    sleepers.delete(next)
    now = Math.max(now, next.at)
    moves++
    next.wake()
    setImmediate(pump, moves, 0)
  }

  const sleep = (duration: Duration.Duration) =>
    Effect.async<void>((resume) => {
      const sleeper = { at: now + Duration.toMillis(duration), order: count++, wake: () => resume(Effect.void) }
      sleepers.add(sleeper)
      moves++
      if (!pumping) {
        pumping = true
        setImmediate(pump, moves, 0)
      }
      return Effect.sync(() => sleepers.delete(sleeper))
    })

  return {
    [Clock.ClockTypeId]: Clock.ClockTypeId,
    unsafeCurrentTimeMillis: () => now,
    unsafeCurrentTimeNanos: () => BigInt(Math.round(now)) * 1_000_000n,
    currentTimeMillis: Effect.sync(() => now),
    currentTimeNanos: Effect.sync(() => BigInt(Math.round(now)) * 1_000_000n),
    sleep
  }
}

/** Runs an effect on a virtual clock of its own. */
export const virtually = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.suspend(() => Effect.withClock(effect, make(Date.UTC(2026, 0, 5))))
