/**
 * What a run may be started by in the place of a payload.
 *
 * @since 0.1.0
 */
import type * as Effect from "effect/Effect"
import type { Flow } from "./Flow.js"
import type { PureSchema } from "./internal/codec.js"

/**
 * A flow as far as a plan is asked about it.
 *
 * @since 0.1.0
 * @category models
 */
export type Planned<P extends PureSchema> = Pick<
  Flow<string, P, PureSchema, PureSchema>,
  "name" | "version" | "payload"
>

/**
 * A plan that was made before, looked at perhaps and kept, and holds only while what it was made from does. `Runs.start`
 * and `Runs.execute` take one as `plan`.
 *
 * - `payload`: what the flow is started with; fails when the plan is of another flow
 * - `holds`: fails when the plan holds no more. It is asked just before the run is added, and not of one that is there
 *
 * @since 0.1.0
 * @category models
 */
export interface StartPlan<E = never, R = never> {
  readonly payload: <P extends PureSchema>(flow: Planned<P>) => Effect.Effect<P["Type"], E>
  readonly holds: Effect.Effect<void, E, R>
}

/**
 * How to start a run by a plan. A plan that holds no more starts nothing; an id in use is looked for first, so the same
 * start again is the same run, though the plan holds no more since it has run.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options<E, R> {
  readonly plan: StartPlan<E, R>
  readonly id?: string
  readonly waitForLock?: boolean
}
