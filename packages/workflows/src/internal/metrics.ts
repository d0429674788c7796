import type * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"

const polls = Metric.counter("memstore_polls", {
  description: "Reads made to see whether a wait is over, by what they told",
  incremental: true
})

const told = (outcome: string) => {
  const counter = Metric.tagged(polls, "outcome", outcome)
  return Metric.increment(counter)
}

const counters = { Done: told("done"), Pending: told("pending"), Broken: told("broken") }

/** Counts one poll. */
export const polled = (tag: keyof typeof counters): Effect.Effect<void> => counters[tag]
