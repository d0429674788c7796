/**
 * What is left after closing.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

/**
 * The flows were closed: nothing can be asked of them any more.
 *
 * @since 0.1.0
 * @category errors
 */
export class FlowsClosed extends Schema.TaggedError<FlowsClosed>("@memstore-flows/promise/FlowsClosed")(
  "FlowsClosed",
  {}
) {
  override get message(): string {
    return "these flows were closed"
  }
}
