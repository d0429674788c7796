import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FiberRef from "effect/FiberRef"
import * as Metric from "effect/Metric"
import * as MetricKey from "effect/MetricKey"

const calls = MetricKey.counter("memstore_api_calls", {
  description: "Calls of MemStore operations that ended, by operation and outcome",
  incremental: true
})

const retries = MetricKey.counter("memstore_api_retries", {
  description: "Further attempts of MemStore operations, by operation",
  incremental: true
})

/** Counts one more, with the labels of the fiber, in a single step: `Metric.increment` takes several. */
const increment = (counter: Metric.Metric.Counter<number>): Effect.Effect<void> =>
  Effect.withFiberRuntime((fiber) => {
    counter.unsafeUpdate(1, fiber.getFiberRef(FiberRef.currentMetricLabels))
    return Effect.void
  })

/** The counters of one operation. The labels are part of their keys: `Metric.tagged` would hash them at every count. */
export const countersOf = (operation: string) => {
  const ended = (outcome: string) =>
    increment(
      Metric.fromMetricKey(calls.pipe(MetricKey.tagged("operation", operation), MetricKey.tagged("outcome", outcome)))
    )
  const success = ended("success")
  const failure = ended("failure")
  const interrupted = ended("interrupted")
  return {
    ended: (exit: Exit.Exit<unknown, unknown>): Effect.Effect<void> =>
      Exit.isSuccess(exit) ? success : Cause.isInterruptedOnly(exit.cause) ? interrupted : failure,
    retried: increment(Metric.fromMetricKey(MetricKey.tagged(retries, "operation", operation)))
  }
}
