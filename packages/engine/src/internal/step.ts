import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import type { Event } from "../Event.js"
import type * as Journal from "../Journal.js"
import { Run } from "../Run.js"
import { StepNameReused, StepNested } from "../RunError.js"
import { type Codec, isAtHand } from "./codec.js"
import { cut, isForward, type Live, now, type Place, place, publish } from "./live.js"
import { append, keyOf, read, replayed, type Written, write } from "./record.js"

/** @internal What an undo does, its errors already retried. */
export type Undoing<R> = Effect.Effect<void, unknown, R>

/** @internal How the end of a step is recorded. `always`: its undo is due however it ends. */
interface Ending<A, E, R> {
  readonly success: Codec<A>
  readonly error: Codec<E>
  readonly undo: ((result: A) => Undoing<R>) | undefined
  readonly always: boolean
}

/** @internal */
export interface Spec<A, E, R> {
  readonly success: Codec<A>
  readonly error: Codec<E>
  readonly run: Effect.Effect<A, E, R>
  readonly undo: ((result: A) => Undoing<R>) | undefined
}

/** @internal */
export interface IntentSpec<I, A, E, R> {
  readonly intent: Codec<I>
  readonly success: Codec<A>
  readonly error: Codec<E>
  readonly prepare: Effect.Effect<I, E, R>
  readonly run: (intent: I) => Effect.Effect<A, E, R>
  readonly undo: (intent: I, result: Option.Option<A>) => Undoing<R>
}

/** @internal A step at its place in a run. */
export interface Site<R> {
  readonly live: Live
  readonly name: string
  readonly place: Place
  readonly context: Context.Context<R | Run>
  readonly restore: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  readonly root: boolean
}

/** @internal Enters a step: takes its name, and hands what follows an uninterruptible region. */
export const enter = <A, E, R>(
  name: string,
  then: (site: Site<R>) => Effect.Effect<A, E, R>
): Effect.Effect<A, E, R | Run> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.withFiberRuntime<A, E, R | Run>((fiber) => {
      // The context of a fiber holds what the effect it runs requires.
      const context = fiber.currentContext as Context.Context<R | Run>
      const run = Context.get(context, Run)
      const { live } = run
      const full = run.scope + name
      const here = fiber.getFiberRef(place)
      if (here.step !== undefined) return Effect.die(new StepNested({ run: run.id, step: full, inside: here.step }))
      if (live.seen.has(full)) return Effect.die(new StepNameReused({ run: run.id, step: full }))
      if (live.phase !== "running" && !live.frozen) return Effect.interrupt
      live.seen.add(full)
      return then({ live, name: full, place: here, context, restore, root: fiber === live.root })
    })
  )

/** Runs what a step runs, says meanwhile which step the fiber is in, and goes on with how it ended. */
const within = <A, E, R, B, E2, R2>(
  { name, place, restore }: Site<R>,
  effect: Effect.Effect<A, E, R>,
  then: (exit: Exit.Exit<A, E>) => Effect.Effect<B, E2, R2>
): Effect.Effect<B, E2, R | R2> => {
  const left = (exit: Exit.Exit<A, E>) => {
    place.step = undefined
    return then(exit)
  }
  place.step = name
  return Effect.matchCauseEffect(restore(effect), {
    onFailure: (cause) => left(Exit.failCause(cause)),
    onSuccess: (value) => left(Exit.succeed(value))
  })
}

/** @internal Waits for a replay that only looks for undos to have found them; at the root nobody else looks. */
export const findOnly = <R>(site: Site<R>): Effect.Effect<never> =>
  site.restore(
    Effect.zipRight(
      site.root ? Effect.repeatN(Effect.yieldNow(), 20) : Effect.sleep("1 minute"),
      Effect.zipRight(
        Effect.sync(() => cut(site.live)),
        Effect.never
      )
    )
  )

const begin = <R>({ live, name }: Site<R>): void => {
  const at = now(live)
  live.active.set(name, at)
  if (live.listeners.size > 0) publish(live, { _tag: "StepStarted", run: live.record.id, at, step: name })
}

const register = <R>({ context, live, name }: Site<R>, seq: number, undo: () => Undoing<R>): void => {
  live.undos.set(name, { step: name, seq, effect: () => Effect.provide(Effect.suspend(undo), context) })
}

const found = <R>({ live, name }: Site<R>): void => {
  if (live.owed.delete(name) && live.owed.size === 0) cut(live)
}

const ended = (entry: Journal.Entry): Event => {
  const base = { run: entry.run, at: entry.at, step: entry.name }
  return entry.exit === "success"
    ? { _tag: "StepSucceeded", ...base }
    : { _tag: "StepFailed", ...base, defect: entry.exit === "defect" }
}

const isRecorded = <A, E>(live: Live, exit: Exit.Exit<A, E>): boolean => {
  if (live.phase !== "running" && live.phase !== "cancelling" && live.phase !== "detached") return false
  if (Exit.isSuccess(exit)) return true
  return !Cause.isInterrupted(exit.cause) || (live.phase === "running" && !Cause.isInterruptedOnly(exit.cause))
}

const conclude = <A, E, R>(site: Site<R>, ending: Ending<A, E, R>, exit: Exit.Exit<A, E>): Effect.Effect<A, E> => {
  const { live, name } = site
  const startedAt = live.active.get(name) ?? now(live)
  live.active.delete(name)
  if (!isRecorded(live, exit)) return Exit.isSuccess(exit) ? Effect.interrupt : exit
  const record = (written: Written<A, E>) =>
    append(live, entryOf(site, ending, written, startedAt), (entry) => {
      if (Exit.isSuccess(written.exit)) registerResult(site, ending, entry.seq, written.exit.value)
      if (live.listeners.size > 0) publish(live, ended(entry))
      return written.exit
    })
  const written = write(name, ending.success, ending.error, exit)
  return isAtHand(written) ? record(written.right) : Effect.flatMap(written, record)
}

const entryOf = <A, E, R>(
  { live, name }: Site<R>,
  ending: Ending<A, E, R>,
  written: Written<A, E>,
  startedAt: number
): Journal.NewEntry => ({
  run: live.record.id,
  kind: "step",
  name,
  exit: written.kind,
  value: written.value,
  undo: ending.undo !== undefined && (ending.always || written.kind === "success"),
  startedAt,
  at: now(live)
})

const registerResult = <A, E, R>(site: Site<R>, ending: Ending<A, E, R>, seq: number, value: A): void => {
  const { undo } = ending
  if (undo) register(site, seq, () => undo(value))
}

const replay = <A, E, R>(site: Site<R>, ending: Ending<A, E, R>, entry: Journal.Entry): Effect.Effect<A, E> => {
  const { live } = site
  const again = Effect.map(replayed(live, ending.success, ending.error, entry), (value) => {
    registerResult(site, ending, entry.seq, value)
    return value
  })
  if (!live.frozen) return again
  const told = Effect.sync(() => found(site))
  return Effect.ensuring(again, Effect.zipRight(told, Effect.yieldNow()))
}

const perform = <A, E, R>(
  site: Site<R>,
  ending: Ending<A, E, R>,
  run: Effect.Effect<A, E, R>
): Effect.Effect<A, E, R> => {
  const { live, name } = site
  const entry = live.entries.get(keyOf("step", name))
  if (entry) return replay(site, ending, entry)
  if (live.frozen) return findOnly(site)
  if (!live.active.has(name)) begin(site)
  return within(site, run, (exit) => conclude(site, ending, exit))
}

/** @internal */
export const step = <A, E, R>(name: string, spec: Spec<A, E, R>): Effect.Effect<A, E, R | Run> =>
  enter<A, E, R>(name, (site) => perform(site, { ...spec, always: false }, spec.run))

const keep = <I, A, E, R>(site: Site<R>, spec: IntentSpec<I, A, E, R>, intent: I, value: string | null) => {
  const { live, name } = site
  const at = now(live)
  const startedAt = live.active.get(name) ?? at
  const entry = {
    run: live.record.id,
    kind: "intent",
    name,
    exit: "success",
    value,
    undo: true,
    startedAt,
    at
  } as const
  return append(live, entry, ({ seq }) => {
    register(site, seq, () => spec.undo(intent, Option.none()))
    if (live.listeners.size > 0) publish(live, { _tag: "StepPrepared", run: live.record.id, at, step: name })
    return Exit.succeed(intent)
  })
}

const prepare = <I, A, E, R>(site: Site<R>, spec: IntentSpec<I, A, E, R>): Effect.Effect<I, E, R> => {
  const { live } = site
  const neverRan: Ending<A, E, R> = { ...spec, undo: undefined, always: false }
  const refuse = (exit: Exit.Exit<never, E>) => Effect.zipRight(conclude(site, neverRan, exit), Effect.never)
  begin(site)
  return within(site, spec.prepare, (exit): Effect.Effect<I, E, R> => {
    if (Exit.isFailure(exit)) return refuse(Exit.failCause(exit.cause))
    if (!isForward(live)) return Effect.interrupt
    return Effect.matchEffect(spec.intent.toText(exit.value), {
      onFailure: (error) => refuse(Exit.die(error)),
      onSuccess: (value) => keep(site, spec, exit.value, value)
    })
  })
}

const prepared = <I, A, E, R>(site: Site<R>, spec: IntentSpec<I, A, E, R>): Effect.Effect<I, E, R> => {
  const { live, name } = site
  const entry = live.entries.get(keyOf("intent", name))
  if (!entry) return live.frozen ? findOnly(site) : prepare(site, spec)
  return Effect.map(read(live, spec.intent, entry), (intent) => {
    register(site, entry.seq, () => spec.undo(intent, Option.none()))
    if (live.frozen && !live.entries.has(keyOf("step", name))) found(site)
    return intent
  })
}

/** @internal */
export const intentStep = <I, A, E, R>(name: string, spec: IntentSpec<I, A, E, R>): Effect.Effect<A, E, R | Run> =>
  enter<A, E, R>(name, (site) => {
    const { live } = site
    const ending = (undo: Ending<A, E, R>["undo"]): Ending<A, E, R> => ({ ...spec, undo, always: true })
    const done = live.entries.get(keyOf("step", site.name))
    if (done && !live.entries.has(keyOf("intent", site.name))) return replay(site, ending(undefined), done)
    return Effect.flatMap(prepared(site, spec), (intent) =>
      perform(
        site,
        ending((result) => spec.undo(intent, Option.some(result))),
        Effect.suspend(() => spec.run(intent))
      )
    )
  })
