import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import type { Event } from "../Event.js"
import type * as Journal from "../Journal.js"
import { type Defect, nothingUndone, type Outcome } from "../Outcome.js"
import { type Codec, type CodecError, describe, isText, stringify } from "./codec.js"
import type { Core } from "./core.js"
import { type Live, now, publish, tell } from "./live.js"
import { stand } from "./meters.js"
import { save } from "./record.js"
import { close } from "./tracing.js"

type Result = Outcome<unknown, unknown>

const died = (defect: Defect): Result => ({ _tag: "Died", defect, undo: nothingUndone })

const encoded = <A>(codec: Codec<A>, value: A, outcome: (json: unknown) => Result): Effect.Effect<Result> => {
  const refused = (error: CodecError) => Effect.succeed(died(describe(error)))
  return Effect.matchEffect(codec.toJson(value), {
    onFailure: refused,
    onSuccess: (json) => {
      const text = stringify(json)
      if (isText(text)) return Effect.succeed(outcome(json))
      return Effect.matchEffect(text, { onFailure: refused, onSuccess: () => Effect.succeed(outcome(json)) })
    }
  })
}

/** @internal How a body ended, its value and its error as JSON. */
export const outcomeFrom = ({ handler }: Live, exit: Exit.Exit<unknown, unknown>): Effect.Effect<Result> => {
  if (Exit.isSuccess(exit)) return encoded(handler.success, exit.value, (value) => ({ _tag: "Succeeded", value }))
  const failure = Cause.failureOption(exit.cause)
  if (Option.isSome(failure)) {
    return encoded(handler.error, failure.value, (error) => ({ _tag: "Failed", error, undo: nothingUndone }))
  }
  const thrown = Cause.dieOption(exit.cause)
  if (Option.isSome(thrown)) return Effect.succeed(died(describe(thrown.value)))
  return Effect.succeed(died({ name: "Interrupted", message: "the flow interrupted itself" }))
}

const states = { Succeeded: "succeeded", Failed: "failed", Died: "failed", Cancelled: "cancelled" } as const

/** @internal The last event of a run. */
export const lastEvent = (run: string, at: number, outcome: Result): Event => {
  switch (outcome._tag) {
    case "Succeeded":
      return { _tag: "RunSucceeded", run, at }
    case "Cancelled":
      return { _tag: "RunCancelled", run, at, undo: outcome.undo }
    case "Failed":
      return { _tag: "RunFailed", run, at, undo: outcome.undo, defect: null }
    case "Died":
      return { _tag: "RunFailed", run, at, undo: outcome.undo, defect: outcome.defect }
  }
}

const errorName = (outcome: Result): string | undefined => {
  if (outcome._tag === "Died") return outcome.defect.name
  if (outcome._tag !== "Failed") return undefined
  return Predicate.hasProperty(outcome.error, "_tag") ? String(outcome.error._tag) : "Failed"
}

/** @internal Writes the outcome, tells who waits for it, and lets the next run in line begin. */
export const end = (core: Core, live: Live, outcome: Result): Effect.Effect<void> =>
  Effect.suspend(() => {
    live.phase = "ending"
    const { id } = live.record
    const end = { state: states[outcome._tag], endedAt: now(live), outcome: JSON.stringify(outcome) }
    return save(live, live.journal.finish(id, end), (next) => over(core, live, end, outcome, next))
  })

const over = (
  core: Core,
  live: Live,
  end: Pick<Journal.RunRecord, "state" | "outcome"> & { readonly endedAt: number },
  outcome: Result,
  next: Option.Option<Journal.RunRecord>
): Effect.Effect<void> => {
  const { id } = live.record
  live.record = { ...live.record, ...end }
  live.phase = "ended"
  live.undoing = undefined
  stand(live, undefined)
  live.handler.meters.ended[states[outcome._tag]](1)
  close(live, end.state, errorName(outcome))
  if (core.lives.get(id) === live) core.lives.delete(id)
  if (live.listeners.size > 0) publish(live, lastEvent(id, end.endedAt, outcome))
  tell(live, Exit.succeed(outcome))
  if (Option.isSome(next)) core.promote(next.value)
  return core.ended()
}
