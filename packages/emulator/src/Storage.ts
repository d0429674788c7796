/**
 * Where an emulator keeps its state between two lives.
 *
 * @since 0.1.0
 */
import * as State from "@memstore-flows/model/State"
import type * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import * as Schema from "effect/Schema"

/**
 * What is kept: the project, and the number of writes applied by operation.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Saved = Schema.Struct({
  version: Schema.Literal(1),
  state: State.State,
  writes: Schema.Record({ key: Schema.String, value: Schema.Int })
}).annotations({ identifier: "Saved" })

/**
 * @since 0.1.0
 * @category models
 */
export type Saved = typeof Saved.Type

/**
 * `load` is read once at the start. `save` is called after each change and before the answer; a failure of it is a
 * defect of the request.
 *
 * @since 0.1.0
 * @category models
 */
export interface Storage {
  readonly load: Effect.Effect<Option.Option<Saved>>
  readonly save: (saved: Saved) => Effect.Effect<void>
}
