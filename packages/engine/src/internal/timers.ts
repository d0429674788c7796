import type * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as FiberId from "effect/FiberId"
import * as Runtime from "effect/Runtime"

interface Timer {
  readonly at: number
  readonly wake: () => void
  index: number
}

/** @internal One sleeping fiber for all the runs that wait for a time. */
export interface Timers {
  /** Calls `wake` once the clock has come to `at`; returns how to give that up. */
  readonly add: (at: number, wake: () => void) => () => void
  readonly close: () => void
}

const longest = 2 ** 30

const place = (heap: Array<Timer>, timer: Timer, index: number): void => {
  heap[index] = timer
  timer.index = index
}

const up = (heap: Array<Timer>, timer: Timer, from: number): void => {
  let index = from
  while (index > 0) {
    const above = (index - 1) >> 1
    const parent = heap[above]
    if (!parent || parent.at <= timer.at) break
    place(heap, parent, index)
    index = above
  }
  place(heap, timer, index)
}

const down = (heap: Array<Timer>, timer: Timer, from: number): void => {
  let index = from
  for (;;) {
    const left = heap[2 * index + 1]
    const right = heap[2 * index + 2]
    const least = right && left && right.at < left.at ? right : left
    if (!least || least.at >= timer.at) break
    const below = least.index
    place(heap, least, index)
    index = below
  }
  place(heap, timer, index)
}

const remove = (heap: Array<Timer>, timer: Timer): void => {
  if (heap[timer.index] !== timer) return
  const last = heap.pop()
  if (!last || last === timer) return
  const { index } = timer
  up(heap, last, index)
  down(heap, last, last.index)
}

/** @internal */
export const make = (runtime: Runtime.Runtime<never>, clock: Clock.Clock): Timers => {
  const heap: Array<Timer> = []
  const fork = Runtime.runFork(runtime)
  let sleeper: Fiber.RuntimeFiber<void> | undefined
  let target = Number.POSITIVE_INFINITY

  const rearm = (): void => {
    const first = heap[0]
    if (!first || first.at >= target) return
    sleeper?.unsafeInterruptAsFork(FiberId.none)
    target = first.at
    const left = Math.max(0, Math.min(first.at - clock.unsafeCurrentTimeMillis(), longest))
    sleeper = fork(Effect.interruptible(Effect.zipRight(clock.sleep(Duration.millis(left)), Effect.sync(ring))))
  }

  const ring = (): void => {
    target = Number.POSITIVE_INFINITY
    sleeper = undefined
    const at = clock.unsafeCurrentTimeMillis()
    for (let first = heap[0]; first && first.at <= at; first = heap[0]) {
      remove(heap, first)
      first.wake()
    }
    rearm()
  }

  return {
    add: (at, wake) => {
      const timer: Timer = { at, wake, index: heap.length }
      heap.push(timer)
      up(heap, timer, timer.index)
      rearm()
      return () => remove(heap, timer)
    },
    close: () => {
      heap.length = 0
      target = Number.NEGATIVE_INFINITY
      sleeper?.unsafeInterruptAsFork(FiberId.none)
    }
  }
}
