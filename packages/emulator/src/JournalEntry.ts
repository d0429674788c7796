/**
 * The journal: what was asked of the emulator and what it answered.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { OperationName } from "./Faults.js"

/**
 * One request. Bodies and headers are not kept.
 *
 * - `at`: when it arrived, epoch milliseconds
 * - `outcome`: `Answered`; `Dropped`: the connection broke before it was carried out; `AnswerLost`: after that
 * - `status`: of the answer, `null` when none was sent
 * - `applied`: a write that was accepted; `objectId`: the id it answered with, or would have
 * - `faults`: the ids of the faults it met
 *
 * @since 0.1.0
 * @category schemas
 */
export const JournalEntry = Schema.Struct({
  requestId: Schema.String,
  at: Schema.Number,
  operation: OperationName,
  method: Schema.String,
  path: Schema.String,
  outcome: Schema.Literal("Answered", "Dropped", "AnswerLost"),
  status: Schema.NullOr(Schema.Int),
  applied: Schema.Boolean,
  objectId: Schema.NullOr(Schema.String),
  faults: Schema.Array(Schema.String)
}).annotations({ identifier: "JournalEntry" })

/**
 * @since 0.1.0
 * @category models
 */
export type JournalEntry = typeof JournalEntry.Type
