import type { Sharding } from "@effect/cluster/Sharding"
import type { Service } from "@memstore-flows/engine/Runs"
import * as Signal from "@memstore-flows/engine/Signal"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { ofOwner } from "./events.js"
import { FlowRun } from "./flowRun.js"
import type { Host } from "./host.js"

/** Until the run is ours, has ended, or the shard moves on and takes the message with it. */
const again = Schedule.spaced("100 millis")

/** @internal What an owner does for the others. */
export const layer = (engine: Service, host: Host): Layer.Layer<never, never, Sharding> => {
  const mine = (id: string) =>
    Effect.flatMap(host.own(id), (owned) => {
      if (owned) return Effect.void
      return Effect.flatMap(Effect.option(engine.get(id)), (info) =>
        info._tag === "Some" && info.value.endedAt === null ? Effect.fail("not yet" as const) : Effect.void
      )
    })

  return FlowRun.toLayer(
    {
      run: ({ payload: { id } }) => Effect.sync(() => host.want(id)),
      info: ({ payload: { id } }) => engine.get(id),
      events: ({ payload: { id } }) => Stream.suspend(() => (host.owns(id) ? ofOwner(engine, id) : Stream.empty)),
      cancel: ({ payload: { id } }) =>
        Effect.zipRight(mine(id), engine.cancel(id)).pipe(
          Effect.retry({ schedule: again, while: (error) => error === "not yet" || error._tag === "JournalError" }),
          Effect.catchAll((error) =>
            error === "not yet" || error._tag === "JournalError" ? Effect.never : Effect.fail(error)
          )
        ),
      signal: ({ payload: { id, name, value } }) =>
        Effect.zipRight(
          mine(id),
          engine.signal(id, Signal.make(name, Schema.Unknown), value === null ? undefined : JSON.parse(value))
        ).pipe(
          Effect.as("Stored" as const),
          Effect.catchTag("SignalRefused", "RunNotFound", "PayloadInvalid", () => Effect.succeed("Refused" as const)),
          Effect.retry({ schedule: again }),
          Effect.catchAll(() => Effect.never)
        )
    },
    { concurrency: "unbounded", mailboxCapacity: "unbounded", maxIdleTime: "5 seconds" }
  )
}
