import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { Flow } from "../Flow.js"
import type * as Journal from "../Journal.js"
import type { Outcome } from "../Outcome.js"
import { RecordUnreadable, RunCancelled, RunDetached, RunDied, RunNotFound } from "../RunError.js"
import type { OutcomeError } from "../Runs.js"
import { codecOf, type PureSchema } from "./codec.js"
import { type Core, handlerOf, outcomeOf } from "./core.js"
import { find } from "./info.js"

const notHere = (core: Core, { flow, id, version }: Journal.RunRecord): RunDetached =>
  handlerOf(core, { flow, version })
    ? new RunDetached({ run: id, reason: "detached", detail: "this engine does not work on it" })
    : new RunDetached({
        run: id,
        reason: "not-implemented",
        detail: `no implementation of ${flow}@${version} is registered here`
      })

const kept = (core: Core, name: string, id: string): Effect.Effect<Outcome<unknown, unknown>, OutcomeError> =>
  Effect.flatMap(find(core, id), (record): Effect.Effect<Outcome<unknown, unknown>, OutcomeError> => {
    if (record.flow !== name) return new RunNotFound({ run: id })
    if (record.endedAt === null) return notHere(core, record)
    return Effect.flatMap(outcomeOf(record), (known) =>
      Option.isSome(known) ? Effect.succeed(known.value) : notHere(core, record)
    )
  })

const settled = (core: Core, name: string, id: string): Effect.Effect<Outcome<unknown, unknown>, OutcomeError> =>
  Effect.suspend(() => {
    const live = core.lives.get(id)
    return live && live.record.flow === name ? Deferred.await(live.done) : kept(core, name, id)
  })

/** @internal Waits for a run to end, and says how. */
export const outcome = <S extends PureSchema, E extends PureSchema>(
  core: Core,
  flow: Pick<Flow<string, PureSchema, S, E>, "name" | "success" | "error">,
  id: string
) =>
  Effect.flatMap(settled(core, flow.name, id), (found) => {
    const unreadable = ({ reason }: { readonly reason: string }) =>
      new RecordUnreadable({ run: id, record: "outcome", reason })
    type Known = Outcome<S["Type"], E["Type"]>
    switch (found._tag) {
      case "Succeeded":
        return Effect.mapBoth(codecOf(flow.success).fromJson(found.value), {
          onFailure: unreadable,
          onSuccess: (value): Known => ({ _tag: "Succeeded", value })
        })
      case "Failed":
        return Effect.mapBoth(codecOf(flow.error).fromJson(found.error), {
          onFailure: unreadable,
          onSuccess: (error): Known => ({ _tag: "Failed", error, undo: found.undo })
        })
      default:
        return Effect.succeed<Known>(found)
    }
  })

/** @internal Returns or fails as the flow did. */
export const resultOf = <A, E>(id: string, known: Outcome<A, E>): Effect.Effect<A, E | RunCancelled | RunDied> => {
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
