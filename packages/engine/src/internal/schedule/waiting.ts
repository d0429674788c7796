import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import type { Flow } from "../../Flow.js"
import type { JournalError } from "../../Journal.js"
import type { Run } from "../../Run.js"
import * as Runs from "../../Runs.js"
import * as Signal from "../../Signal.js"
import type { PureSchema } from "../codec.js"
import { pause } from "../waiting.js"
import { Ordered, type Tick } from "./records.js"

/** @internal Waits until a run has ended, also through times in which nobody works on it. */
export const ended = <Name extends string, P extends PureSchema, S extends PureSchema, E extends PureSchema>(
  flow: Flow<Name, P, S, E>,
  id: string
): Effect.Effect<void, never, Runs.Runs> =>
  Runs.outcome(flow, id).pipe(
    Effect.asVoid,
    Effect.catchTags({ RunNotFound: () => Effect.void, RecordUnreadable: () => Effect.void }),
    Effect.retry(pause),
    Effect.orDie
  )

/** @internal Whether a run is known, and has not ended. */
export const isUnfinished = (id: string): Effect.Effect<boolean, JournalError, Runs.Runs> =>
  Runs.get(id).pipe(
    Effect.map(({ endedAt }) => endedAt === null),
    Effect.catchTag("RunNotFound", () => Effect.succeed(false))
  )

/** @internal Cancels a run, if it is there. */
export const cancelled = (id: string): Effect.Effect<void, JournalError, Runs.Runs> =>
  Effect.catchTag(Effect.asVoid(Runs.cancel(id)), "RunNotFound", () => Effect.void)

/** @internal The order that came before the time of a tick, if one did. */
export const orderOf = ({ at }: Tick): Effect.Effect<Option.Option<typeof Ordered.payload.Type>, never, Run> =>
  at === null
    ? Effect.asSome(Signal.wait(Ordered))
    : Effect.flatMap(Clock.currentTimeMillis, (now) =>
        Effect.option(Signal.waitWithin(Ordered, Duration.millis(Math.max(0, at - now))))
      )
