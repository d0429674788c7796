/**
 * What is sent to a run from outside: an approval, an answer, a go-ahead.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { codecOf, type PureSchema } from "./internal/codec.js"
import { waitFor } from "./internal/sleep.js"
import type { Run } from "./Run.js"

/**
 * No signal came before the deadline.
 *
 * @since 0.1.0
 * @category errors
 */
export class SignalTimedOut extends Schema.TaggedError<SignalTimedOut>("@memstore-flows/engine/SignalTimedOut")(
  "SignalTimedOut",
  { signal: Schema.String }
) {
  override get message(): string {
    return `no signal ${this.signal} before the deadline`
  }
}

/**
 * A name, and the schema of what is sent under it. `Runs.signal` sends it; `wait` and `waitWithin` receive it.
 *
 * @since 0.1.0
 * @category models
 */
export interface Signal<Payload extends PureSchema> {
  readonly name: string
  readonly payload: Payload
}

/**
 * A signal. `payload` defaults to `Schema.Void`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = <Payload extends PureSchema = typeof Schema.Void>(
  name: string,
  payload?: Payload
): Signal<Payload> => {
  // Without a schema the type parameter has its default, `typeof Schema.Void`.
  const schema = payload ?? (Schema.Void as unknown as Payload)
  codecOf(schema)
  return { name, payload: schema }
}

/**
 * Waits for a signal, for ever. One that was sent before is received at once; each is received once, so a name waited
 * for twice is refused as a step name is. Within `Step.scope`, the sender gives the same scope.
 *
 * @since 0.1.0
 * @category combinators
 */
export const wait = <Payload extends PureSchema>(signal: Signal<Payload>): Effect.Effect<Payload["Type"], never, Run> =>
  Effect.flatMap(
    waitFor(signal.name, codecOf(signal.payload), undefined),
    Option.match({ onNone: () => Effect.never, onSome: (value) => Effect.succeed(value) })
  )

/**
 * Waits for a signal until a deadline, which is recorded when the wait begins. A signal that comes later is refused.
 *
 * @since 0.1.0
 * @category combinators
 */
export const waitWithin = <Payload extends PureSchema>(
  signal: Signal<Payload>,
  timeout: Duration.DurationInput
): Effect.Effect<Payload["Type"], SignalTimedOut, Run> =>
  Effect.flatMap(
    waitFor(signal.name, codecOf(signal.payload), Duration.toMillis(timeout)),
    Option.match({
      onNone: () => Effect.fail(new SignalTimedOut({ signal: signal.name })),
      onSome: (value) => Effect.succeed(value)
    })
  )
