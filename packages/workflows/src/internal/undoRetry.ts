import * as Duration from "effect/Duration"
import * as Schedule from "effect/Schedule"
import { Ambiguous, ClusterFailed, LeftInPlace, OutcomeUnknown } from "../FlowError.js"

const isFinal = (error: unknown): boolean =>
  error instanceof LeftInPlace ||
  error instanceof Ambiguous ||
  error instanceof OutcomeUnknown ||
  error instanceof ClusterFailed

/**
 * How an undo is tried again: up to nine more times, from 5 s to 5 min apart, unless it declined for good or
 * the cluster has failed.
 *
 * @since 0.1.0
 * @category models
 */
export const undoRetry: Schedule.Schedule<unknown, unknown> = Schedule.exponential("5 seconds").pipe(
  Schedule.modifyDelay((_, delay) => Duration.min(delay, "5 minutes")),
  Schedule.intersect(Schedule.recurs(9)),
  Schedule.whileInput((error: unknown) => !isFinal(error))
)
