import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as DefaultServices from "effect/DefaultServices"
import * as Duration from "effect/Duration"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as Runtime from "effect/Runtime"

const liveClock = Context.get(DefaultServices.liveServices, Clock.Clock)

/** The longest time `setTimeout` knows; more than that is for ever. */
const longest = 2 ** 31 - 1

/**
 * Rings once when the time is over on the clock of the fiber, unless it is cancelled before by what it returns.
 *
 * Another clock than the live one is asked to sleep in a fiber. That would do for the live one too, but it would cost
 * as much as the rest of a call.
 */
export const alarm = (
  fiber: Fiber.RuntimeFiber<unknown, unknown>,
  duration: Duration.Duration,
  ring: () => void
): (() => void) => {
  const clock = Context.get(fiber.currentDefaultServices, Clock.Clock)
  if (clock === liveClock) {
    const millis = Duration.toMillis(duration)
    if (millis > longest) return () => {}
    // biome-ignore lint/style/noRestrictedGlobals: the live clock sleeps by it
    const timer = setTimeout(ring, millis)
    return () => clearTimeout(timer)
  }
  const sleeper = Runtime.runFork(Runtime.defaultRuntime)(clock.sleep(duration), { scheduler: fiber.currentScheduler })
  sleeper.addObserver((exit) => {
    if (Exit.isSuccess(exit)) ring()
  })
  return () => sleeper.unsafeInterruptAsFork(fiber.id())
}
