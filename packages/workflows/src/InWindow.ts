/**
 * Runs any flow inside maintenance windows: it stops between steps when a window ends, and goes on in the next.
 *
 * @since 0.1.0
 */
import * as Flow from "@memstore-flows/engine/Flow"
import * as Run from "@memstore-flows/engine/Run"
import * as Step from "@memstore-flows/engine/Step"
import * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { WindowInvalid } from "./FlowError.js"
import type { FlowModule, PureSchema } from "./FlowModule.js"
import { Gate, gated, type Pass } from "./internal/gate.js"
import * as Window from "./Window.js"

const Decision = Schema.Struct({ open: Schema.Boolean, at: Schema.Number })

const decide = (windows: Window.Windows) =>
  Effect.gen(function* () {
    const seen = Window.look(windows, yield* Clock.currentTimeMillis)
    if (seen._tag === "Open") return { open: true, at: seen.until }
    yield* Run.progress({ message: `waits for the window at ${DateTime.formatIso(DateTime.unsafeMake(seen.opensAt))}` })
    return { open: false, at: seen.opensAt }
  })

const numbered = (name: string, nth: number): string => (nth === 1 ? name : `${name} (${nth})`)

/** Each look is journaled, so a resumed run waits for the same window; one that wakes too late looks again. */
const pass =
  (windows: Window.Windows): Pass =>
  (step) =>
    Step.scope(`window before ${step}`)(
      Effect.gen(function* () {
        for (let nth = 1; ; nth++) {
          const { at, open } = yield* Step.make(numbered("look", nth), { success: Decision, run: decide(windows) })
          if (open) return
          yield* Step.sleepUntil(numbered("opens", nth), DateTime.unsafeMake(at))
        }
      })
    )

/**
 * Lets a step of your own begin only while a window is open, when it is run `within` windows; elsewhere it does nothing.
 * The steps of this package that write, and the checks before them, are such already.
 *
 * @since 0.1.0
 * @category combinators
 */
export const step: (
  name: string
) => <A, E, R>(self: Effect.Effect<A, E, R | Run.Run>) => Effect.Effect<A, E, R | Run.Run> = gated

/**
 * Runs a body inside windows. It begins in one, and each write and each check before it begins only while one is open and
 * its `reserve` is left; in between the run is parked. A step under way when a window ends is not cut. What reads and
 * waits goes on at any time, and so do undos, which wait for nothing.
 *
 * Fails with `WindowInvalid`, naming every fault at once, before anything is sent.
 *
 * @since 0.1.0
 * @category combinators
 */
export const within =
  (windows: Window.Windows) =>
  <A, E, R>(body: Effect.Effect<A, E, R>): Effect.Effect<A, E | WindowInvalid, R | Run.Run> =>
    Effect.gen(function* () {
      yield* Step.make("windows", { error: WindowInvalid, run: Effect.asVoid(Window.validate(windows)) })
      yield* pass(windows)("the first step")
      return yield* Effect.provideService(body, Gate, { pass: pass(windows) })
    })

/**
 * The payload of a flow with the windows it may work in.
 *
 * @since 0.1.0
 * @category models
 */
export interface Payload<P> extends Window.Windows {
  readonly payload: P
}

/**
 * The payload as the journal and JSON hold it: durations in milliseconds.
 *
 * @since 0.1.0
 * @category models
 */
export interface PayloadEncoded<I> extends Schema.Schema.Encoded<typeof Window.Windows> {
  readonly payload: I
}

/**
 * A flow that works inside windows: `flow` is its contract, under the name `InWindow/<name>`, with the same lock.
 *
 * @since 0.1.0
 * @category models
 */
export type InWindow<
  Name extends string,
  P extends PureSchema,
  S extends PureSchema,
  E extends PureSchema,
  R
> = FlowModule<
  `InWindow/${Name}`,
  Schema.Schema<Payload<P["Type"]>, PayloadEncoded<P["Encoded"]>>,
  S,
  Schema.Schema<E["Type"] | WindowInvalid, E["Encoded"] | Schema.Schema.Encoded<typeof WindowInvalid>>,
  R | Run.Run
>

/**
 * Makes of a flow one that works inside windows. `flow.toLayer(body)` makes it known to the engine.
 *
 * @since 0.1.0
 * @category constructors
 */
export const of = <Name extends string, P extends PureSchema, S extends PureSchema, E extends PureSchema, R>({
  body,
  flow
}: FlowModule<Name, P, S, E, R>): InWindow<Name, P, S, E, R> => {
  const fields = { ...Window.Windows.fields, payload: flow.payload }
  // The compiler does not see through a struct and a union whose parts are parameters.
  const payload = Schema.Struct(fields) as unknown as Schema.Schema<Payload<P["Type"]>, PayloadEncoded<P["Encoded"]>>
  const error = Schema.Union(flow.error, WindowInvalid) as unknown as Schema.Schema<
    E["Type"] | WindowInvalid,
    E["Encoded"] | Schema.Schema.Encoded<typeof WindowInvalid>
  >
  return {
    flow: Flow.make({
      name: `InWindow/${flow.name}` as const,
      version: flow.version,
      payload,
      success: flow.success,
      error,
      resource: (given) => flow.resource(given.payload)
    }),
    body: ({ payload, ...windows }) => within(windows)(body(payload))
  }
}
