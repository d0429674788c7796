import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Scope from "effect/Scope"
import type * as Journal from "../Journal.js"
import { unfinished } from "../JournalRecord.js"
import { RunDetached } from "../RunError.js"
import type { Core } from "./core.js"
import { attach } from "./driver.js"
import { detach, type Handler, type Live } from "./live.js"

/** @internal */
export interface Registry {
  readonly core: Core
  readonly register: (handler: Handler) => Effect.Effect<void, Journal.JournalError, Scope.Scope>
}

/**
 * An engine at work. Flows register with it; `Runs` is how it is spoken to.
 *
 * @since 0.1.0
 * @category tags
 */
export class Engine extends Context.Tag("@memstore-flows/engine/Engine")<Engine, Registry>() {}

const page = 500

const resumeAll = (
  core: Core,
  handler: Handler,
  after: number | undefined
): Effect.Effect<void, Journal.JournalError> =>
  Effect.flatMap(core.journal.list({ flow: handler.flow, states: unfinished, after, limit: page }), (records) => {
    const mine = records.filter((record) => record.version === handler.version)
    const last = records[records.length - 1]
    const rest = last && records.length === page ? resumeAll(core, handler, last.seq) : Effect.void
    return Effect.zipRight(
      Effect.forEach(mine, (record) => attach(core, record, true), { discard: true }),
      rest
    )
  })

const stopped = ({ done, root, undoing, phase }: Live): Effect.Effect<unknown> => {
  if (phase === "ending") return Effect.ignore(Deferred.await(done))
  return Effect.forEach([root, undoing], (fiber) => (fiber ? fiber.await : Effect.void), { discard: true })
}

/** @internal Detaches runs and waits until nothing of them runs any more. One that is writing its outcome ends. */
export const leave = (lives: ReadonlyArray<Live>, reason: RunDetached["reason"], detail: string): Effect.Effect<void> =>
  Effect.suspend(() => {
    const waits = lives.map(stopped)
    for (const live of lives) {
      if (live.phase === "ending") continue
      live.unpark?.()
      detach(live, new RunDetached({ run: live.record.id, reason, detail }))
    }
    return Effect.all(waits, { discard: true })
  })

/** @internal Detaches every run, and waits until nothing is written any more. */
export const leaveAll = (core: Core): Effect.Effect<void> =>
  Effect.zipRight(
    leave(Array.from(core.lives.values()), "shutdown", "the engine was closed"),
    Effect.suspend(() =>
      core.tasks.size === 0 ? Effect.void : Effect.forEach([...core.tasks], (fiber) => fiber.await, { discard: true })
    )
  )

/**
 * @internal Runs an effect when the scope closes, in the fiber that closes it. `Effect.addFinalizer` would first give that
 * fiber what this one carries, service by service: more work than to open and to close an engine.
 */
export const whenClosed = (effect: Effect.Effect<void>): Effect.Effect<void, never, Scope.Scope> =>
  Effect.flatMap(Effect.scope, (scope) => Scope.addFinalizer(scope, Effect.uninterruptible(effect)))

/** @internal */
export const make = (core: Core): Registry => ({
  core,
  register: (handler) => {
    const key = `${handler.flow}@${handler.version}`
    const forget = Effect.suspend(() => {
      core.handlers.delete(key)
      const lives = Array.from(core.lives.values()).filter((live) => live.handler === handler)
      return leave(lives, "shutdown", "the layer of its flow was closed")
    })
    const add = Effect.suspend(() => {
      if (core.handlers.has(key)) return Effect.dieMessage(`flow ${key} is registered twice`)
      core.handlers.set(key, handler)
      return Effect.void
    })
    return Effect.zipRight(
      Effect.uninterruptible(Effect.zipRight(add, whenClosed(forget))),
      core.resume === "all" ? resumeAll(core, handler, undefined) : Effect.void
    )
  }
})
