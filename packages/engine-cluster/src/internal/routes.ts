import type { Sharding } from "@effect/cluster/Sharding"
import type * as Event from "@memstore-flows/engine/Event"
import { JournalError } from "@memstore-flows/engine/Journal"
import type { Info } from "@memstore-flows/engine/Run"
import type { RunNotFound } from "@memstore-flows/engine/RunError"
import type { CancelAnswer } from "@memstore-flows/engine/Runs"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { entityIdOf, FlowRun } from "./flowRun.js"

/** @internal How the owner of a run is spoken to, whoever that is. */
export interface Routes {
  /** Tells the owner that there is something to do. Returns at once; nothing is lost if nobody hears it. */
  readonly run: (id: string) => Effect.Effect<void>
  readonly info: (id: string) => Effect.Effect<Info, RunNotFound | JournalError>
  readonly events: (id: string) => Stream.Stream<Event.Event, RunNotFound | JournalError>
  readonly cancel: (id: string) => Effect.Effect<CancelAnswer, RunNotFound | JournalError>
  readonly signal: (id: string, name: string, value: string | null) => Effect.Effect<"Stored" | "Refused", JournalError>
}

/** What the cluster itself could not do is, to a caller, that the database could not be reached. */
const refailed = (operation: string) => (error: { readonly _tag: string }) =>
  new JournalError({ operation, reason: `the owner of the run could not be told: ${error._tag}` })

/** @internal */
export const make: Effect.Effect<Routes, never, Sharding> = Effect.map(FlowRun.client, (clientOf) => {
  const to = (id: string) => clientOf(entityIdOf(id))
  return {
    run: (id) =>
      to(id)
        .run({ id }, { discard: true })
        .pipe(Effect.timeout("5 seconds"), Effect.ignore, Effect.forkDaemon, Effect.asVoid),
    info: (id) =>
      to(id)
        .info({ id })
        .pipe(
          Effect.catchAll((error) =>
            error._tag === "RunNotFound" || error._tag === "JournalError"
              ? Effect.fail(error)
              : Effect.fail(refailed("info")(error))
          )
        ),
    events: (id) =>
      Stream.mapError(to(id).events({ id }), (error) =>
        error._tag === "RunNotFound" || error._tag === "JournalError" ? error : refailed("events")(error)
      ),
    cancel: (id) =>
      Effect.mapError(to(id).cancel({ id }), (error) =>
        error._tag === "RunNotFound" ? error : refailed("cancel")(error)
      ),
    signal: (id, name, value) => Effect.mapError(to(id).signal({ id, name, value }), refailed("signal"))
  }
})
