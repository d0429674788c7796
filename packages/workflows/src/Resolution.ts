/**
 * What a person says about a cluster of which a run cannot tell whether it was made.
 *
 * @since 0.1.0
 */
import { ResourceId } from "@memstore-flows/api/ResourceId"
import type { JournalError } from "@memstore-flows/engine/Journal"
import type { PayloadInvalid, RunNotFound, SignalRefused } from "@memstore-flows/engine/RunError"
import * as Runs from "@memstore-flows/engine/Runs"
import * as Signal from "@memstore-flows/engine/Signal"
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

/**
 * - `Adopt`: the cluster exists and is the run's; the run goes on with it, and deletes it if it is undone
 * - `NotCreated`: there is none, and none will come; the run sends the call again
 *
 * @since 0.1.0
 * @category schemas
 */
export const Resolution = Schema.Union(
  Schema.TaggedStruct("Adopt", { clusterId: ResourceId }),
  Schema.TaggedStruct("NotCreated", {})
)

/**
 * @since 0.1.0
 * @category models
 */
export type Resolution = typeof Resolution.Type

/**
 * @since 0.1.0
 * @category constructors
 */
export const adopt = (clusterId: string): Resolution => ({ _tag: "Adopt", clusterId })

/**
 * @since 0.1.0
 * @category constructors
 */
export const notCreated: Resolution = { _tag: "NotCreated" }

/**
 * The signal a run waits for in `OutcomeUnknown`, by the last part of its name.
 *
 * @since 0.1.0
 * @category constructors
 */
export const signal = (name: string): Signal.Signal<typeof Resolution> => Signal.make(name, Resolution)

/**
 * Answers a run that waits. `waiting` is the name the run waits under, scopes included, such as `restore/outcome`: the
 * event `WaitingForSignal` and `OutcomeUnknown` have it.
 *
 * Each name takes one answer; another is refused with `SignalRefused`. A run that cannot use the answer waits anew, under
 * the next name.
 *
 * @since 0.1.0
 * @category constructors
 */
export const send = (
  run: string,
  waiting: string,
  resolution: Resolution
): Effect.Effect<void, RunNotFound | SignalRefused | PayloadInvalid | JournalError, Runs.Runs> => {
  const end = waiting.lastIndexOf("/")
  return Runs.signal(run, signal(waiting.slice(end + 1)), resolution, end < 0 ? {} : { scope: waiting.slice(0, end) })
}
