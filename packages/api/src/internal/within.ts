import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as FiberRef from "effect/FiberRef"
import * as Option from "effect/Option"
import { alarm } from "./alarm.js"

/** Whoever waits is told how the work failed. A log line of it would hold the request, with what is secret in its body. */
const unlogged = FiberRef.set(FiberRef.unhandledErrorLogLevel, Option.none())

/**
 * `Effect.timeoutFail` for work whose fiber refs nobody reads: it does not merge them back, which is most of its cost.
 * Interrupted, it waits until the work has stopped; out of time, it stops the work and does not wait.
 */
export const within =
  <E2>(duration: Duration.DurationInput, onTimeout: () => E2) =>
  <A, E>(work: Effect.Effect<A, E>): Effect.Effect<A, E | E2> =>
    Effect.uninterruptibleMask((restore) =>
      Effect.withFiberRuntime((parent) =>
        Effect.flatMap(Effect.forkDaemon(Effect.interruptible(Effect.zipRight(unlogged, work))), (worker) => {
          const first = Effect.async<A, E | E2>((resume) => {
            const cancel = alarm(parent, Duration.decode(duration), () => resume(Effect.failSync(onTimeout)))
            worker.addObserver((exit) => {
              cancel()
              resume(exit)
            })
            return Effect.sync(cancel)
          })
          return Effect.onExit(restore(first), (exit) =>
            Exit.isInterrupted(exit)
              ? Fiber.interrupt(worker)
              : Effect.sync(() => worker.unsafeInterruptAsFork(parent.id()))
          )
        })
      )
    )
