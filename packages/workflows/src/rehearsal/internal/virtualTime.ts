import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as DefaultServices from "effect/DefaultServices"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import * as FiberId from "effect/FiberId"
import * as FiberRef from "effect/FiberRef"
import * as FiberRefs from "effect/FiberRefs"
import * as LogLevel from "effect/LogLevel"
import * as Runtime from "effect/Runtime"
import * as RuntimeFlags from "effect/RuntimeFlags"
import type * as Scheduler from "effect/Scheduler"

interface Sleeper {
  readonly at: number
  readonly wake: () => void
  readonly end: () => void
}

/** Why time cannot go on: every fiber waits for what will never come, or it has gone on for too long. */
export interface Stalled {
  readonly _tag: "Stalled"
  readonly reason: "nothing-to-wait-for" | "too-long"
  readonly at: number
}

/** How far a world goes: moves of its clock, and tasks of its fibers. */
export interface Bounds {
  readonly moves: number
  readonly tasks: number
}

/**
 * A world of its own time: fibers run until all of them wait, then the clock jumps to the first wake-up. What still sleeps
 * when it is over is interrupted, for nothing would ever wake it.
 */
export interface World {
  readonly now: () => number
  /** Runs an effect to its end in this world. Once for each world. */
  readonly run: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E | Stalled, R>
  /** Called in the world: runs an effect outside, in real time; the clock of the world stands still meanwhile. */
  readonly outside: <A, E>(effect: Effect.Effect<A, E>) => Effect.Effect<A, E>
}

/** As in effect itself, where a look-up for every operation finds it. */
const opsBeforeYield = 2048

/** How many tasks run before the caller's other fibers have their turn. */
const slice = 2000

const takeFirst = (sleepers: Array<Sleeper>): Sleeper | undefined => {
  let first = 0
  for (let index = 1; index < sleepers.length; index++) {
    if ((sleepers[index]?.at ?? 0) < (sleepers[first]?.at ?? 0)) first = index
  }
  return sleepers.splice(first, 1)[0]
}

/** A runtime of another time. Fibers that are not of the real world are neither traced nor logged nor counted. */
const timed = <R>({ context, fiberRefs, runtimeFlags }: Runtime.Runtime<R>, clock: Clock.Clock): Runtime.Runtime<R> => {
  const services = Context.add(FiberRefs.getOrDefault(fiberRefs, DefaultServices.currentServices), Clock.Clock, clock)
  const here = <A>(ref: FiberRef.FiberRef<A>, value: A) => [ref, [[FiberId.none, value]]] as const
  return Runtime.make({
    context,
    runtimeFlags: RuntimeFlags.disable(runtimeFlags, RuntimeFlags.RuntimeMetrics),
    fiberRefs: FiberRefs.updateManyAs(fiberRefs, {
      entries: [
        here(DefaultServices.currentServices, services),
        here(FiberRef.currentTracerEnabled, false),
        here(FiberRef.currentMinimumLogLevel, LogLevel.None)
      ]
    })
  })
}

/** Makes a world whose time begins at `start`, milliseconds of the epoch. */
export const make = (start: number, bounds: Bounds): World => {
  let now = start
  let moves = 0
  let ran = 0
  let held = 0
  let left = false
  let head = 0
  let tasks: Array<Scheduler.Task> = []
  const sleepers: Array<Sleeper> = []
  let called: (() => void) | undefined
  let real: Runtime.Runtime<never> | undefined

  const nanos = () => BigInt(Math.round(now)) * 1_000_000n
  const clock: Clock.Clock = {
    [Clock.ClockTypeId]: Clock.ClockTypeId,
    unsafeCurrentTimeMillis: () => now,
    unsafeCurrentTimeNanos: nanos,
    currentTimeMillis: Effect.sync(() => now),
    currentTimeNanos: Effect.sync(nanos),
    sleep: (duration) =>
      Effect.async<void>((resume) => {
        if (left) return resume(Effect.interrupt)
        const sleeper = {
          at: now + Duration.toMillis(duration),
          wake: () => resume(Effect.void),
          end: () => resume(Effect.interrupt)
        }
        sleepers.push(sleeper)
        return Effect.sync(() => {
          const index = sleepers.indexOf(sleeper)
          if (index >= 0) sleepers.splice(index, 1)
        })
      })
  }

  const scheduler: Scheduler.Scheduler = {
    shouldYield: (fiber) =>
      fiber.currentOpCount > opsBeforeYield ? fiber.getFiberRef(FiberRef.currentSchedulingPriority) : false,
    scheduleTask: (task) => {
      tasks.push(task)
      const call = called
      called = undefined
      call?.()
    }
  }

  const next = (): Scheduler.Task | undefined => {
    const task = tasks[head++]
    if (task !== undefined) return task
    tasks = []
    head = 0
    return undefined
  }

  const arrival = Effect.async<void>((resume) => {
    called = () => resume(Effect.void)
    return Effect.sync(() => {
      called = undefined
    })
  })

  const stalled = (reason: Stalled["reason"]) => Effect.fail<Stalled>({ _tag: "Stalled", reason, at: now })

  const turn = (isOver: () => boolean): "over" | "held" | "slice" | Stalled["reason"] => {
    for (let count = 0; count < slice; count++) {
      const task = next()
      if (task !== undefined) {
        if (++ran > bounds.tasks) return "too-long"
        task()
        continue
      }
      if (isOver()) return "over"
      if (held > 0) return "held"
      const sleeper = takeFirst(sleepers)
      if (sleeper === undefined || sleeper.at === Number.POSITIVE_INFINITY) return "nothing-to-wait-for"
      if (++moves > bounds.moves) return "too-long"
      now = Math.max(now, sleeper.at)
      sleeper.wake()
    }
    return "slice"
  }

  const drive = (isOver: () => boolean): Effect.Effect<void, Stalled> =>
    Effect.suspend(() => {
      const came = turn(isOver)
      switch (came) {
        case "over":
          return Effect.void
        case "held":
          return Effect.zipRight(arrival, drive(isOver))
        case "slice":
          return Effect.zipRight(Effect.yieldNow(), drive(isOver))
        default:
          return stalled(came)
      }
    })

  const run = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E | Stalled, R> =>
    Effect.flatMap(Effect.runtime<R>(), (runtime) =>
      Effect.suspend(() => {
        real = runtime as Runtime.Runtime<never> // A runtime of more serves an effect that needs nothing.
        let exit: Exit.Exit<A, E> | undefined
        const fiber = Runtime.runFork(timed(runtime, clock))(effect, { scheduler })
        fiber.addObserver((end) => {
          exit = end
        })
        const stop = Effect.suspend(() => {
          if (exit !== undefined) return Effect.void
          fiber.unsafeInterruptAsFork(FiberId.none)
          return Effect.ignore(drive(() => exit !== undefined))
        })
        const leave = Effect.suspend(() => {
          left = true
          for (const { end } of sleepers.splice(0)) end()
          return Effect.ignore(drive(() => true))
        })
        return Effect.ensuring(
          Effect.flatMap(
            drive(() => exit !== undefined),
            (): Effect.Effect<A, E> => exit ?? Effect.never
          ),
          Effect.zipRight(stop, leave)
        )
      })
    )

  const outside = <A, E>(effect: Effect.Effect<A, E>): Effect.Effect<A, E> =>
    Effect.async<A, E>((resume) => {
      if (real === undefined) return resume(Effect.interrupt)
      held++
      const fiber = Runtime.runFork(real)(effect)
      fiber.addObserver((exit) => {
        held--
        resume(exit)
      })
      return Effect.sync(() => fiber.unsafeInterruptAsFork(FiberId.none))
    })

  return { now: () => now, run, outside }
}
