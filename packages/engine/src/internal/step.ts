import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FiberRef from "effect/FiberRef"
import * as Option from "effect/Option"
import type { Event } from "../Event.js"
import type * as Journal from "../Journal.js"
import { Run } from "../Run.js"
import { StepNameReused, StepNested } from "../RunError.js"
import type { Codec } from "./codec.js"
import {
  cut,
  delist,
  enlist,
  isForward,
  type Live,
  now,
  type Place,
  place,
  publish,
  type Slot,
  slotOf
} from "./live.js"
import { append, read, replayed, writeDefect, writeFailure, writeSuccess } from "./record.js"
import { inSpan } from "./tracing.js"

/** @internal What an undo does, its errors already retried. */
export type Undoing<R> = Effect.Effect<void, unknown, R>

/** @internal How the end of a step is recorded. `always`: its undo is due however it ends. */
export interface Ending<A, E, R> {
  readonly success: Codec<A>
  readonly error: Codec<E>
  readonly undo: ((result: A) => Undoing<R>) | undefined
  readonly always: boolean
}

/** @internal */
export interface Spec<A, E, R> extends Ending<A, E, R> {
  readonly run: Effect.Effect<A, E, R>
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
  /** As the flow gave it, without the scopes it stands in. */
  readonly name: string
  readonly live: Live
  readonly slot: Slot
  readonly place: Place
  readonly context: Context.Context<R | Run>
  readonly root: boolean
}

/** @internal Enters a step: takes its name. */
export const enter = <A, E, R>(
  name: string,
  then: (site: Site<R>) => Effect.Effect<A, E, R>
): Effect.Effect<A, E, R | Run> =>
  Effect.withFiberRuntime<A, E, R | Run>((fiber) => {
    // The context of a fiber holds what the effect it runs requires.
    const context = fiber.currentContext as Context.Context<R | Run>
    const run = Context.get(context, Run)
    const { live } = run
    const full = run.scope + name
    const here = fiber.getFiberRef(place)
    if (here.step !== undefined && Cause.isEmpty(fiber.getFiberRef(FiberRef.interruptedCause))) {
      return Effect.die(new StepNested({ run: run.id, step: full, inside: here.step.name }))
    }
    if (live.phase !== "running" && !live.frozen) return Effect.interrupt
    const slot = slotOf(live, full)
    if (slot.pass === live.pass) return Effect.die(new StepNameReused({ run: run.id, step: full }))
    slot.pass = live.pass
    slot.undo = undefined
    slot.startedAt = -1
    const root = fiber === live.root
    if (!root && !here.watched) {
      here.watched = true
      fiber.addObserver(() => here.step && delist(live, here.step))
    }
    return then({ name, live, slot, place: here, context, root })
  })

/**
 * Runs what a step runs, and goes on with how it ended; meanwhile the fiber says which step it is in. A step that is cut
 * goes on with nothing: its fiber is at its end.
 */
const within = <A, E, R, B, E2, R2>(
  { live, place, slot }: Site<R>,
  effect: Effect.Effect<A, E, R>,
  then: (exit: Exit.Exit<A, E>) => Effect.Effect<B, E2, R2>
): Effect.Effect<B, E2, R | R2> => {
  const left = (exit: Exit.Exit<A, E>) => {
    place.step = undefined
    return then(exit)
  }
  const run = (body: Effect.Effect<A, E, R>) =>
    Effect.matchCauseEffect(body, {
      onFailure: (cause) => left(Exit.failCause(cause)),
      onSuccess: (value) => left(Exit.succeed(value))
    })
  place.step = slot
  return live.engine.atOnce ? run(effect) : Effect.uninterruptibleMask((restore) => run(restore(effect)))
}

/** @internal Waits for a replay that only looks for undos to have found them; at the root nobody else looks. */
export const findOnly = <R>(site: Site<R>): Effect.Effect<never> =>
  Effect.zipRight(
    site.root ? Effect.repeatN(Effect.yieldNow(), 20) : Effect.sleep("1 minute"),
    Effect.zipRight(
      Effect.sync(() => cut(site.live)),
      Effect.never
    )
  )

const begin = <R>({ live, slot }: Site<R>): void => {
  const at = now(live)
  enlist(live, slot, at)
  if (live.listeners.size > 0) publish(live, { _tag: "StepStarted", run: live.record.id, at, step: slot.name })
}

const spanned = <A, E, R>(site: Site<R>, what: "prepare" | "step" | "undo", effect: Effect.Effect<A, E, R>) => {
  const { live, name, slot } = site
  return live.tracing ? inSpan(live, live.tracing, { name, full: slot.name }, what, effect) : effect
}

const register = <R>(site: Site<R>, seq: number, undo: () => Undoing<R>): void => {
  const { context, slot } = site
  slot.undo = { seq, effect: () => Effect.provide(spanned(site, "undo", Effect.suspend(undo)), context) }
}

const registerResult = <A, E, R>(site: Site<R>, { undo }: Ending<A, E, R>, seq: number, value: A): void => {
  if (undo) register(site, seq, () => undo(value))
}

const found = <R>({ live, slot }: Site<R>): void => {
  if (live.owed.delete(slot.name) && live.owed.size === 0) cut(live)
}

const ended = (entry: Journal.Entry): Event => {
  const base = { run: entry.run, at: entry.at, step: entry.name }
  return entry.exit === "success"
    ? { _tag: "StepSucceeded", ...base }
    : { _tag: "StepFailed", ...base, defect: entry.exit === "defect" }
}

/** What is done is recorded, also during a cancel or a shutdown; what was cut is not. */
const isRecorded = <A, E>(live: Live, exit: Exit.Exit<A, E>): boolean => {
  if (live.phase !== "running" && live.phase !== "cancelling" && live.phase !== "detached") return false
  if (Exit.isSuccess(exit)) return true
  return !Cause.isInterrupted(exit.cause) || (live.phase === "running" && !Cause.isInterruptedOnly(exit.cause))
}

const conclude = <A, E, R>(site: Site<R>, ending: Ending<A, E, R>, exit: Exit.Exit<A, E>): Effect.Effect<A, E> => {
  const { live, slot } = site
  delist(live, slot)
  if (!isRecorded(live, exit)) return Exit.isSuccess(exit) ? Effect.interrupt : exit
  const defect = (thrown: unknown) => record(site, ending, "defect", writeDefect(thrown), Exit.die(thrown))
  if (Exit.isSuccess(exit)) {
    return writeSuccess(
      slot.name,
      ending.success,
      exit.value,
      (text) => record(site, ending, "success", text, exit),
      defect
    )
  }
  return writeFailure(
    slot.name,
    ending.error,
    exit.cause,
    (text) => record(site, ending, "failure", text, exit),
    defect
  )
}

const record = <A, E, R>(
  site: Site<R>,
  ending: Ending<A, E, R>,
  kind: Journal.Entry["exit"],
  value: string | null,
  exit: Exit.Exit<A, E>
): Effect.Effect<A, E> => {
  const { live, slot } = site
  const entry = {
    run: live.record.id,
    kind: "step",
    name: slot.name,
    exit: kind,
    value,
    undo: ending.undo !== undefined && (ending.always || kind === "success"),
    branch: site.place.branch,
    startedAt: slot.startedAt,
    at: now(live)
  } as const
  return append(live, entry, (stored) => {
    slot.step = stored
    live.handler.meters.step[kind]((entry.at - entry.startedAt) / 1_000)
    if (Exit.isSuccess(exit)) registerResult(site, ending, stored.seq, exit.value)
    if (live.listeners.size > 0) publish(live, ended(stored))
    return exit
  })
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
  const { live, slot } = site
  if (slot.step) return replay(site, ending, slot.step)
  if (live.frozen) return findOnly(site)
  if (slot.startedAt < 0) begin(site)
  return within(site, spanned(site, "step", run), (exit) => conclude(site, ending, exit))
}

/** @internal */
export const step = <A, E, R>(name: string, spec: Spec<A, E, R>): Effect.Effect<A, E, R | Run> =>
  enter<A, E, R>(name, (site) => perform(site, spec, spec.run))

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
  enter<A, E, R>(name, (site) => {
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
