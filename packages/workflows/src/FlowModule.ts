/**
 * A flow as each module of this package exports it, for what is built around any flow.
 *
 * @since 0.1.0
 */
import type * as Flow from "@memstore-flows/engine/Flow"
import type * as Effect from "effect/Effect"
import type * as Schema from "effect/Schema"

/**
 * A schema that needs no services.
 *
 * @since 0.1.0
 * @category models
 */
export type PureSchema = Schema.Schema.All & { readonly Context: never }

/**
 * A contract and its body as a plain Effect. Every flow of this package is one, and so is a flow of your own.
 *
 * @since 0.1.0
 * @category models
 */
export interface FlowModule<
  Name extends string,
  P extends PureSchema,
  S extends PureSchema,
  E extends PureSchema,
  R = never
> {
  readonly flow: Flow.Flow<Name, P, S, E>
  readonly body: (payload: P["Type"]) => Effect.Effect<S["Type"], E["Type"], R>
}
