import type { JournalError } from "@memstore-flows/engine/Journal"
import type { Outcome } from "@memstore-flows/engine/Outcome"
import type { Info } from "@memstore-flows/engine/Run"
import { RunCancelled, type RunDetached, RunDied, type RunNotFound } from "@memstore-flows/engine/RunError"
import type { CancelAnswer, Service } from "@memstore-flows/engine/Runs"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import type { Ended } from "./ended.js"
import { follow, ofOwner } from "./events.js"
import type { Host } from "./host.js"
import type { Routes } from "./routes.js"

interface Options {
  readonly engine: Service
  readonly host: Host
  readonly routes: Routes
  readonly ended: Ended
  /** Comes back when this process leaves the cluster. */
  readonly closed: Effect.Effect<void>
}

const resultOf = <A, E>(id: string, known: Outcome<A, E>): Effect.Effect<A, E | RunCancelled | RunDied> => {
  switch (known._tag) {
    case "Succeeded":
      return Effect.succeed(known.value)
    case "Failed":
      return Effect.fail(known.error)
    case "Cancelled":
      return Effect.fail(new RunCancelled({ run: id, undo: known.undo }))
    case "Died":
      return Effect.fail(new RunDied({ run: id, defect: known.defect, undo: known.undo }))
  }
}

/** How long a caller waits for an owner to answer, where the journal or the message itself answers well enough. */
const patience = { info: "500 millis", cancel: "5 seconds" } as const

/** @internal The runs of all runners, as any process of the cluster sees them. */
export const make = ({ ended, engine, host, closed, routes }: Options): Service => {
  /** Waits until a run that is not worked on here is, or has ended elsewhere; fails when this process leaves. */
  const news = (id: string, count: number, error: RunDetached) =>
    Effect.raceFirst(
      Effect.zipRight(closed, error),
      Effect.raceFirst(
        host.taken(id, count),
        Effect.flatMap(ended(id), () => engine.detach(id))
      )
    )

  const outcome: Service["outcome"] = (flow, id) =>
    Effect.suspend(() => {
      const count = host.count()
      return Effect.catchTag(engine.outcome(flow, id), "RunDetached", (error) =>
        error.reason === "not-implemented" ? error : Effect.zipRight(news(id, count, error), outcome(flow, id))
      )
    })

  const result: Service["result"] = (flow, id) => Effect.flatMap(outcome(flow, id), (known) => resultOf(id, known))

  const cancel = (id: string): Effect.Effect<CancelAnswer, RunNotFound | JournalError> =>
    Effect.suspend(() => {
      if (host.owns(id)) return engine.cancel(id)
      return Effect.flatMap(engine.get(id), ({ endedAt }): Effect.Effect<CancelAnswer, RunNotFound | JournalError> => {
        if (endedAt !== null) return Effect.succeed("AlreadyEnded")
        // The message is kept until somebody has acted on it: whoever waits longer learns nothing more.
        const answer = Effect.timeoutOption(routes.cancel(id), patience.cancel)
        return Effect.map(
          answer,
          Option.getOrElse(() => "Requested" as const)
        )
      })
    })

  const get = (id: string): Effect.Effect<Info, RunNotFound | JournalError> =>
    Effect.flatMap(engine.get(id), (info) => {
      if (info.endedAt !== null || host.owns(id)) return Effect.succeed(info)
      const told = Effect.timeoutOption(routes.info(id), patience.info)
      return Effect.map(
        Effect.catchAll(told, () => Effect.succeedNone),
        Option.getOrElse(() => info)
      )
    })

  const execute: Service["execute"] = (flow, options) =>
    Effect.uninterruptibleMask((restore) =>
      Effect.flatMap(restore(engine.start(flow, options)), ({ id }) => {
        const waited = restore(result(flow, id))
        return options.cancelOnInterrupt ? Effect.onInterrupt(waited, () => Effect.ignore(cancel(id))) : waited
      })
    )

  const events = (id: string) =>
    follow({
      // What an engine still holds of a run that went elsewhere is out of date; a run it works on is left at work.
      past: Stream.unwrap(
        Effect.suspend(() => Effect.as(host.owns(id) ? Effect.void : engine.detach(id), engine.events(id)))
      ),
      live: Stream.suspend(() => (host.owns(id) ? ofOwner(engine, id) : routes.events(id))),
      ended: ended(id)
    })

  return {
    ...engine,
    get,
    outcome,
    result,
    execute,
    cancel,
    events,
    resume: (id) =>
      Effect.flatMap(engine.get(id), (info) =>
        info.endedAt !== null || host.owns(id) ? engine.resume(id) : Effect.zipRight(routes.run(id), get(id))
      )
  }
}
