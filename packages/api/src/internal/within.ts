import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import type * as FiberId from "effect/FiberId"

const cut = <A, E>(fiber: Fiber.RuntimeFiber<A, E>, by: FiberId.FiberId) =>
  Effect.sync(() => fiber.unsafeInterruptAsFork(by))

/**
 * `Effect.timeoutFail` for work whose fiber refs nobody reads: it does not merge them back, which is most of its cost.
 * Interrupted, it waits until the work has stopped; out of time, it stops the work and does not wait.
 */
export const within =
  <E2>(duration: Duration.DurationInput, onTimeout: () => E2) =>
  <A, E>(work: Effect.Effect<A, E>): Effect.Effect<A, E | E2> =>
    Effect.uninterruptibleMask((restore) =>
      Effect.withFiberRuntime((parent) =>
        Effect.flatMap(Effect.forkDaemon(Effect.interruptible(work)), (worker) =>
          Effect.flatMap(Effect.forkDaemon(Effect.interruptible(Effect.sleep(duration))), (timer) => {
            const first = Effect.async<A, E | E2>((resume) => {
              worker.addObserver((exit) => resume(exit))
              timer.addObserver((exit) => {
                if (Exit.isSuccess(exit)) resume(Effect.failSync(onTimeout))
              })
            })
            return Effect.onExit(restore(first), (exit) =>
              Exit.isInterrupted(exit)
                ? Effect.zipRight(cut(timer, parent.id()), Fiber.interrupt(worker))
                : Effect.zipRight(cut(timer, parent.id()), cut(worker, parent.id()))
            )
          })
        )
      )
    )
