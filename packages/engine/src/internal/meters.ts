import * as Metric from "effect/Metric"
import * as MetricBoundaries from "effect/MetricBoundaries"
import * as MetricKey from "effect/MetricKey"
import type * as MetricKeyType from "effect/MetricKeyType"
import type * as MetricLabel from "effect/MetricLabel"

/** @internal Where a run that has not ended stands. */
export type Standing = "queued" | "running" | "waiting" | "cancelling" | "undoing"

const runs = MetricKey.counter("memstore_runs", {
  description: "Runs this process works on or keeps in line, by flow and state"
})

const runsEnded = MetricKey.counter("memstore_runs_ended", {
  description: "Runs that ended, by flow and outcome",
  incremental: true
})

const undos = MetricKey.counter("memstore_undos", {
  description: "Undos of steps that ended, by flow and outcome",
  incremental: true
})

const refusals = MetricKey.counter("memstore_lock_refusals", {
  description: "Runs that were not started because another holds their resource, by flow",
  incremental: true
})

const seconds = (name: string, description: string, boundaries: ReadonlyArray<number>) =>
  MetricKey.histogram(name, MetricBoundaries.fromIterable(boundaries), description).pipe(MetricKey.tagged("unit", "s"))

const steps = seconds(
  "memstore_step_duration",
  "How long steps took, by flow and outcome",
  [0.001, 0.01, 0.1, 0.5, 1, 5, 15, 60, 300, 900, 3600]
)

const waits = seconds(
  "memstore_lock_wait",
  "How long runs stood in line for their resource, by flow",
  [0.01, 0.1, 1, 10, 60, 300, 900, 3600, 14_400, 86_400]
)

const none: ReadonlyArray<MetricLabel.MetricLabel> = []

type Numeric = MetricKey.MetricKey<MetricKeyType.MetricKeyType<number, unknown>>

const updating = (key: Numeric) => {
  const metric = Metric.fromMetricKey(key)
  return (input: number): void => metric.unsafeUpdate(input, none)
}

/** @internal The metrics of one flow. Their labels are part of their keys, so that an update looks nothing up. */
export type Meters = ReturnType<typeof build>

const build = (flow: string, labels: ReadonlyArray<MetricLabel.MetricLabel>) => {
  const ofFlow = (key: Numeric) => key.pipe(MetricKey.tagged("flow", flow), MetricKey.taggedWithLabels(labels))
  const metric = (key: Numeric) => (name: string, value: string) => updating(MetricKey.tagged(ofFlow(key), name, value))
  const standing = metric(runs)
  const ended = metric(runsEnded)
  const step = metric(steps)
  const undo = metric(undos)
  return {
    runs: {
      queued: standing("state", "queued"),
      running: standing("state", "running"),
      waiting: standing("state", "waiting"),
      cancelling: standing("state", "cancelling"),
      undoing: standing("state", "undoing")
    },
    ended: {
      succeeded: ended("outcome", "succeeded"),
      failed: ended("outcome", "failed"),
      cancelled: ended("outcome", "cancelled")
    },
    step: {
      success: step("outcome", "success"),
      failure: step("outcome", "failure"),
      defect: step("outcome", "defect")
    },
    undo: { success: undo("outcome", "success"), failure: undo("outcome", "failure") },
    refused: updating(ofFlow(refusals)),
    waited: updating(ofFlow(waits))
  }
}

const made = new WeakMap<ReadonlyArray<MetricLabel.MetricLabel>, Map<string, Meters>>()

/** @internal `labels` are those of the fiber that registers the flow; for the same list the same meters. */
export const make = (flow: string, labels: ReadonlyArray<MetricLabel.MetricLabel>): Meters => {
  const ofLabels = made.get(labels) ?? new Map<string, Meters>()
  made.set(labels, ofLabels)
  const meters = ofLabels.get(flow) ?? build(flow, labels)
  ofLabels.set(flow, meters)
  return meters
}

/** @internal Counts a run where it now stands; nowhere, once this engine has nothing more to do with it. */
export const stand = (
  live: { readonly handler: { readonly meters: Meters }; standing: Standing | undefined },
  at: Standing | undefined
): void => {
  const { standing } = live
  if (standing === at) return
  const { runs } = live.handler.meters
  if (standing) runs[standing](-1)
  if (at) runs[at](1)
  live.standing = at
}
