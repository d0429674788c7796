import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import type { Run } from "../Run.js"
import type { Codec } from "./codec.js"
import { isForward, now, publish } from "./live.js"
import { append, read, writeSuccess } from "./record.js"
import {
  begin,
  conclude,
  type Ending,
  enter,
  findOnly,
  found,
  perform,
  register,
  replay,
  type Site,
  spanned,
  type Undoing,
  within
} from "./step.js"

/** @internal */
export interface IntentSpec<I, A, E, R> {
  readonly intent: Codec<I>
  readonly success: Codec<A>
  readonly error: Codec<E>
  readonly prepare: Effect.Effect<I, E, R>
  readonly run: (intent: I) => Effect.Effect<A, E, R>
  readonly undo: (intent: I, result: Option.Option<A>) => Undoing<R>
}

const keep = <I, A, E, R>(site: Site<R>, spec: IntentSpec<I, A, E, R>, intent: I, value: string | null) => {
  const { live, slot } = site
  const at = now(live)
  const { name, startedAt } = slot
  const entry = {
    run: live.record.id,
    kind: "intent",
    name,
    exit: "success",
    value,
    undo: true,
    branch: site.place.branch,
    startedAt,
    at
  } as const
  return append(live, entry, (stored) => {
    slot.intent = stored
    register(site, stored.seq, () => spec.undo(intent, Option.none()))
    if (live.listeners.size > 0) publish(live, { _tag: "StepPrepared", run: live.record.id, at, step: name })
    return Exit.succeed(intent)
  })
}

const prepare = <I, A, E, R>(site: Site<R>, spec: IntentSpec<I, A, E, R>): Effect.Effect<I, E, R> => {
  const { live } = site
  const neverRan: Ending<A, E, R> = { ...spec, undo: undefined, always: false }
  const refuse = (exit: Exit.Exit<never, E>) => Effect.zipRight(conclude(site, neverRan, exit), Effect.never)
  begin(site)
  return within(site, spanned(site, "prepare", spec.prepare), (exit): Effect.Effect<I, E, R> => {
    if (Exit.isFailure(exit)) return refuse(Exit.failCause(exit.cause))
    if (!isForward(live)) return Effect.interrupt
    return writeSuccess(
      site.slot.name,
      spec.intent,
      exit.value,
      (value) => keep(site, spec, exit.value, value),
      (thrown) => refuse(Exit.die(thrown))
    )
  })
}

const prepared = <I, A, E, R>(site: Site<R>, spec: IntentSpec<I, A, E, R>): Effect.Effect<I, E, R> => {
  const { live, slot } = site
  const { intent: entry } = slot
  if (!entry) return live.frozen ? findOnly(site) : prepare(site, spec)
  return Effect.map(read(live, spec.intent, entry), (intent) => {
    register(site, entry.seq, () => spec.undo(intent, Option.none()))
    if (live.frozen && !slot.step) found(site)
    return intent
  })
}

/** @internal */
export const intentStep = <I, A, E, R>(name: string, spec: IntentSpec<I, A, E, R>): Effect.Effect<A, E, R | Run> =>
  enter<A, E, R>(name, "intent", (site) => {
    const { slot } = site
    const ending = (undo: Ending<A, E, R>["undo"]): Ending<A, E, R> => ({ ...spec, undo, always: true })
    if (slot.step && !slot.intent) return replay(site, ending(undefined), slot.step)
    return Effect.flatMap(prepared(site, spec), (intent) =>
      perform(
        site,
        ending((result) => spec.undo(intent, Option.some(result))),
        Effect.suspend(() => spec.run(intent))
      )
    )
  })
