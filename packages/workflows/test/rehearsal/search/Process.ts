import type { MemStoreClient } from "@memstore-flows/api/MemStoreClient"
import * as Journal from "@memstore-flows/engine/Journal"
import type * as Outcome from "@memstore-flows/engine/Outcome"
import type * as Runs from "@memstore-flows/engine/Runs"
import type * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FiberId from "effect/FiberId"
import type * as Plane from "../../../src/rehearsal/internal/plane.js"
import { type CallMoment, type Fate, type Moment, uneventful } from "./Fate.js"

/** How a process came to its end: killed, asked to close, or with the outcome of its run. */
export type End = "killed" | "closed" | Outcome.Outcome<unknown, unknown>

type Client = Context.Tag.Service<MemStoreClient>

/** One process with an engine in it. Once it was killed, nothing of it goes on: no call, no write, no end of a fiber. */
export interface Process {
  readonly run: string
  readonly fate: Fate
  readonly end: Deferred.Deferred<End, unknown>
  /** Done when the world comes to its end. */
  readonly over: Deferred.Deferred<void>
  /** Who waits to know that it was killed. */
  killed: Deferred.Deferred<End> | undefined
  alive: boolean
  runs: Runs.Service | undefined
}

/** A process that has not done anything yet; `run` is the one that is cancelled when its time comes. */
export const make = (run: string, fate: Fate, over: Deferred.Deferred<void>): Process => ({
  run,
  fate,
  over,
  end: Deferred.unsafeMake(FiberId.none),
  killed: undefined,
  alive: true,
  runs: undefined
})

/** Until nobody looks any more: then what is left of a killed process comes to its end, for its memory's sake. */
const halt = ({ over }: Process): Effect.Effect<never> => Effect.zipRight(Deferred.await(over), Effect.interrupt)

const killed = new Journal.JournalError({ operation: "any", reason: "the process was killed" })

const stop = ({ over }: Process): Effect.Effect<never, Journal.JournalError> =>
  Effect.zipRight(Deferred.await(over), killed)

/** Waits until a process is killed. */
export const untilKilled = (process: Process): Effect.Effect<End> => {
  if (!process.alive) return Effect.succeed("killed")
  process.killed ??= Deferred.unsafeMake(FiberId.none)
  return Deferred.await(process.killed)
}

/** Ends a process on the spot. */
export const kill = (process: Process): void => {
  process.alive = false
  if (process.killed) Deferred.unsafeDone(process.killed, Exit.succeed("killed" as const))
  Deferred.unsafeDone(process.end, Exit.succeed("killed" as const))
}

/** Asks a process to end in order. */
export const close = ({ end }: Process): void => Deferred.unsafeDone(end, Exit.succeed("closed" as const))

/** Asks the engine of a process to cancel the run, and goes on. */
export const cancel = ({ run, runs }: Process): Effect.Effect<void> =>
  runs === undefined ? Effect.void : Effect.asVoid(Effect.forkDaemon(Effect.ignore(runs.cancel(run))))

const dying = <E>(process: Process, then: Effect.Effect<never, E>): Effect.Effect<never, E> =>
  Effect.suspend(() => {
    kill(process)
    return then
  })

const struck = (process: Process, { cancelled, closed }: Moment): Effect.Effect<void> =>
  Effect.suspend(() => {
    if (closed) close(process)
    return cancelled ? cancel(process) : Effect.void
  })

/** The journal as a process sees it, struck at its writes. */
export const journalOf = (process: Process, inner: Journal.Service): Journal.Service => {
  const stopped = stop(process)
  const read = <A>(effect: Effect.Effect<A, Journal.JournalError>) =>
    Effect.suspend(() => (process.alive ? effect : stopped))
  const write = <A>(effect: Effect.Effect<A, Journal.JournalError>): Effect.Effect<A, Journal.JournalError> =>
    Effect.suspend(() => {
      if (!process.alive) return stopped
      const moment = process.fate.nextRecord()
      if (moment.killed === "before") return dying(process, stopped)
      if (moment.killed === "after") return Effect.zipRight(effect, dying(process, stopped))
      return moment.cancelled || moment.closed ? Effect.tap(effect, () => struck(process, moment)) : effect
    })
  return {
    insert: (run, options) => write(inner.insert(run, options)),
    update: (run, change) => write(inner.update(run, change)),
    finish: (run, end) => write(inner.finish(run, end)),
    append: (entry) => write(inner.append(entry)),
    evict: (rule) => read(inner.evict(rule)),
    get: (run) => read(inner.get(run)),
    list: (query) => read(inner.list(query)),
    entries: (run) => read(inner.entries(run))
  }
}

/** The client of a process, struck at its calls; `next` takes what befalls the call that follows at once. */
export const clientOf = (process: Process, inner: Client, next: (strike: Plane.Strike) => void): Client => {
  const halted = halt(process)
  const around = <A, E>(call: Effect.Effect<A, E>, moment: CallMoment): Effect.Effect<A, E> => {
    if (moment === uneventful) {
      next(moment.strike)
      return call
    }
    const { killed, slow, strike } = moment
    const sent = Effect.suspend(() => {
      if (!process.alive) return halted
      next(strike)
      return call
    })
    const whole = killed === "after" ? Effect.onExit(sent, () => dying(process, halted)) : sent
    const begun = Effect.zipRight(
      struck(process, moment),
      slow?.where === "request" ? Effect.sleep(slow.millis) : Effect.void
    )
    return slow?.where === "answer"
      ? Effect.zipRight(begun, Effect.exit(whole)).pipe(
          Effect.tap(() => Effect.sleep(slow.millis)),
          Effect.flatten
        )
      : Effect.zipRight(begun, whole)
  }
  return {
    call: (operation) => {
      const call = inner.call(operation)
      return (request) =>
        Effect.suspend(() => {
          if (!process.alive) return halted
          const moment = process.fate.nextCall()
          return moment.killed === "before" ? dying(process, halted) : around(call(request), moment)
        })
    }
  }
}
