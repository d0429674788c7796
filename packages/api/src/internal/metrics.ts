import * as Cause from "effect/Cause"
import type * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Metric from "effect/Metric"

const calls = Metric.counter("memstore_api_calls", {
  description: "Calls of MemStore operations that ended, by operation and outcome",
  incremental: true
})

const retries = Metric.counter("memstore_api_retries", {
  description: "Further attempts of MemStore operations, by operation",
  incremental: true
})

/** The counters of one operation. */
export const countersOf = (operation: string) => {
  const ended = Metric.tagged(calls, "operation", operation)
  const success = Metric.increment(Metric.tagged(ended, "outcome", "success"))
  const failure = Metric.increment(Metric.tagged(ended, "outcome", "failure"))
  const interrupted = Metric.increment(Metric.tagged(ended, "outcome", "interrupted"))
  return {
    ended: (exit: Exit.Exit<unknown, unknown>): Effect.Effect<void> =>
      Exit.isSuccess(exit) ? success : Cause.isInterruptedOnly(exit.cause) ? interrupted : failure,
    retried: Metric.increment(Metric.tagged(retries, "operation", operation))
  }
}
