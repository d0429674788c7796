import * as Effect from "effect/Effect"
import type { JournalError } from "../../Journal.js"
import { unfinished } from "../../JournalRecord.js"
import type { Info } from "../../Run.js"
import type { RecordUnreadable, RunNotFound } from "../../RunError.js"
import * as Runs from "../../Runs.js"
import { type Order, Ordered, resourceOf, type Tick, type Turn, tickFlow } from "./records.js"

/** @internal Why an order was not carried out, though the schedule is there. */
export type Unserved = Exclude<Runs.OutcomeError, RunNotFound>

const prefix = "schedule/"

/** @internal The flow that a tick starts. */
export const flowOf = (tick: Info): string => tick.flow.slice(prefix.length)

/** @internal The last tick of a schedule, if it has not ended. */
export const lastTick = (schedule: string): Effect.Effect<Info | undefined, JournalError, Runs.Runs> =>
  Effect.map(Runs.list({ resource: resourceOf(schedule), state: unfinished, limit: 1 }), ([tick]) => tick)

/** @internal What a tick was started with; nothing when it is no longer there. */
export const readTick = (tick: Info): Effect.Effect<Tick | undefined, RecordUnreadable | JournalError, Runs.Runs> =>
  Effect.catchTag(Runs.payload(tickFlow(flowOf(tick)), tick.id), "RunNotFound", () => Effect.succeed(undefined))

/** @internal How a tick ended; nothing when it was cancelled, or is no longer there. Waits for it. */
export const turnOf = (tick: Info): Effect.Effect<Turn | undefined, Unserved, Runs.Runs> =>
  Runs.outcome(tickFlow(flowOf(tick)), tick.id).pipe(
    Effect.map((outcome) => (outcome._tag === "Succeeded" ? outcome.value : undefined)),
    Effect.catchTag("RunNotFound", () => Effect.succeed(undefined))
  )

const send = (tick: Info, order: Order): Effect.Effect<boolean, JournalError, Runs.Runs> =>
  Runs.signal(tick.id, Ordered, order).pipe(
    Effect.as(true),
    Effect.catchTags({
      SignalRefused: () => Effect.succeed(false),
      RunNotFound: () => Effect.succeed(false),
      PayloadInvalid: Effect.die
    })
  )

/**
 * @internal Gives an order to whichever tick can take it, and waits until that has done as told. A tick takes one order:
 * when another came first, or its time did, the tick after it is asked. Nothing if there is no such schedule.
 */
export const command = (schedule: string, order: Order): Effect.Effect<Turn | undefined, Unserved, Runs.Runs> =>
  Effect.gen(function* () {
    for (;;) {
      const tick = yield* lastTick(schedule)
      if (tick === undefined) return undefined
      const sent = yield* send(tick, order)
      const turn = yield* turnOf(tick)
      if (sent && turn !== undefined) return turn
    }
  })

/** @internal The number that follows the latest of the schedule's ticks the journal still has. */
export const nextNumber = (schedule: string): Effect.Effect<number, JournalError, Runs.Runs> =>
  Effect.map(Runs.list({ resource: resourceOf(schedule), limit: 1 }), ([latest]) =>
    latest === undefined ? 1 : Number(latest.id.slice(latest.id.lastIndexOf("/") + 1)) + 1
  )
