/**
 * How a run ended, as plain data.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

/**
 * An error or a thrown value, reduced to the two words a person reads.
 *
 * @since 0.1.0
 * @category models
 */
export const Defect = Schema.Struct({ name: Schema.String, message: Schema.String })

/**
 * @since 0.1.0
 * @category models
 */
export type Defect = typeof Defect.Type

/**
 * What was undone after a cancel or a failure, and what could not be and why.
 *
 * `undone` is in the order in which it happened, that is, the reverse of the journal. A step that has no undo is in
 * neither list.
 *
 * @since 0.1.0
 * @category models
 */
export const UndoReport = Schema.Struct({
  undone: Schema.Array(Schema.String),
  notUndone: Schema.Array(Schema.Struct({ step: Schema.String, reason: Defect }))
})

/**
 * @since 0.1.0
 * @category models
 */
export type UndoReport = typeof UndoReport.Type

/**
 * The report of a run in which there was nothing to undo.
 *
 * @since 0.1.0
 * @category models
 */
export const nothingUndone: UndoReport = { undone: [], notUndone: [] }

/**
 * The flow returned a value. Nothing is undone.
 *
 * @since 0.1.0
 * @category models
 */
export interface Succeeded<A> {
  readonly _tag: "Succeeded"
  readonly value: A
}

/**
 * The flow failed with one of its typed errors, and was undone.
 *
 * @since 0.1.0
 * @category models
 */
export interface Failed<E> {
  readonly _tag: "Failed"
  readonly error: E
  readonly undo: UndoReport
}

/**
 * The flow was cancelled, and undone.
 *
 * @since 0.1.0
 * @category models
 */
export interface Cancelled {
  readonly _tag: "Cancelled"
  readonly undo: UndoReport
}

/**
 * The flow met a defect (a thrown value, a step name used twice, a result its schema refuses), and was undone.
 *
 * @since 0.1.0
 * @category models
 */
export interface Died {
  readonly _tag: "Died"
  readonly defect: Defect
  readonly undo: UndoReport
}

/**
 * How a run ended.
 *
 * @since 0.1.0
 * @category models
 */
export type Outcome<A, E> = Succeeded<A> | Failed<E> | Cancelled | Died

/**
 * An outcome as the journal holds it: value and error are encoded by the schemas of the flow.
 *
 * @since 0.1.0
 * @category models
 */
export const Encoded: Schema.Schema<Outcome<unknown, unknown>> = Schema.Union(
  Schema.TaggedStruct("Succeeded", { value: Schema.Unknown }),
  Schema.TaggedStruct("Failed", { error: Schema.Unknown, undo: UndoReport }),
  Schema.TaggedStruct("Cancelled", { undo: UndoReport }),
  Schema.TaggedStruct("Died", { defect: Defect, undo: UndoReport })
)
