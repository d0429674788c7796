/**
 * A question to a person in the course of a flow, which waits durably.
 *
 * @since 0.1.0
 */
import * as Run from "@memstore-flows/engine/Run"
import * as Signal from "@memstore-flows/engine/Signal"
import * as Step from "@memstore-flows/engine/Step"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { NotApproved } from "./FlowError.js"

/**
 * The answer: `by` who, and a `note` if they like. Both are in the journal.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Answer = Schema.Struct({
  approved: Schema.Boolean,
  by: Schema.NonEmptyString,
  note: Schema.optionalWith(Schema.String, { exact: true })
}).annotations({ identifier: "ApprovalAnswer" })

/**
 * @since 0.1.0
 * @category models
 */
export type Answer = typeof Answer.Type

/**
 * What `Runs.signal` sends to answer. `{ scope: "approval" }` addresses the question of a flow of this package.
 *
 * @since 0.1.0
 * @category contracts
 */
export const signal = Signal.make("answer", Answer)

/**
 * Whether and how a flow asks.
 *
 * - `not-needed`: it does not
 * - `within`: milliseconds to answer in; then `otherwise` holds, `refuse` by default
 *
 * @since 0.1.0
 * @category schemas
 */
export const Ask = Schema.Union(
  Schema.Literal("not-needed"),
  Schema.Struct({
    within: Schema.DurationFromMillis,
    otherwise: Schema.optionalWith(Schema.Literal("refuse", "proceed"), { exact: true })
  })
).annotations({ identifier: "ApprovalAsk" })

/**
 * @since 0.1.0
 * @category models
 */
export type Ask = typeof Ask.Type

/**
 * Asks and waits for the answer; the run is parked meanwhile. The question stands in the run's progress, with what holds
 * when no answer comes.
 *
 * Fails with `NotApproved` when the answer is no, or when none came in time and `otherwise` is not `proceed`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const ask = (question: string, how: Ask): Effect.Effect<void, NotApproved, Run.Run> => {
  if (how === "not-needed") return Effect.void
  const silence = `Without an answer in time it ${how.otherwise === "proceed" ? "goes on" : "is refused"}.`
  const message = `${question}${question.includes("\n") ? "\n" : " "}${silence}`
  return Step.scope("approval")(
    Effect.gen(function* () {
      yield* Step.make("question", { run: Run.progress({ message }) })
      const answer = yield* Effect.either(Signal.waitWithin(signal, how.within))
      if (answer._tag === "Right") {
        if (answer.right.approved) return
        return yield* new NotApproved({ question, why: "denied", by: answer.right.by })
      }
      if (how.otherwise === "proceed") return
      return yield* new NotApproved({ question, why: "deadline", by: null })
    })
  )
}
