import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FiberRef from "effect/FiberRef"
import type { Event } from "../Event.js"
import type * as Journal from "../Journal.js"
import { Run } from "../Run.js"
import { StepNameReused, StepNested } from "../RunError.js"
import type { Codec } from "./codec.js"
import { isCut, isCutByFlow, isInterrupted, itself, recordCut, recordCutAtOnce } from "./cutting.js"
import { cut, delist, enlist, type Live, now, type Place, place, publish, type Slot, slotOf } from "./live.js"
import { append, replayed, writeDefect, writeFailure, writeSuccess } from "./record.js"
import { inTurn, uncut, type Way } from "./replay.js"
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

/** The fiber has ended: what it was cut in is no longer under way. */
const left = (live: Live, place: Place): void => {
  if (!place.step) return
  delist(live, place.step)
  if (isCutByFlow(live)) recordCutAtOnce(live, place.step, place)
}

/** @internal Enters a step: takes its name. */
export const enter = <A, E, R>(
  name: string,
  way: Way,
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
      fiber.addObserver(() => left(live, here))
    }
    const site = { name, live, slot, place: here, context, root }
    return live.past ? inTurn(live.past, site, way, () => then(site)) : then(site)
  })

/**
 * @internal
 * Runs what a step runs, and goes on with how it ended; meanwhile the fiber says which step it is in. A step that is cut
 * goes on with nothing: its fiber is at its end.
 */
export const within = <A, E, R, B, E2, R2>(
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

/** @internal */
export const begin = <R>({ live, slot }: Site<R>): void => {
  const at = now(live)
  enlist(live, slot, at)
  if (live.listeners.size > 0) publish(live, { _tag: "StepStarted", run: live.record.id, at, step: slot.name })
}

/** @internal */
export const spanned = <A, E, R>(site: Site<R>, what: "prepare" | "step" | "undo", effect: Effect.Effect<A, E, R>) => {
  const { live, name, slot } = site
  return live.tracing ? inSpan(live, live.tracing, { name, full: slot.name }, what, effect) : effect
}

/** @internal */
export const register = <R>(site: Site<R>, seq: number, undo: () => Undoing<R>): void => {
  const { context, slot } = site
  slot.undo = { seq, effect: () => Effect.provide(spanned(site, "undo", Effect.suspend(undo)), context) }
}

const registerResult = <A, E, R>(site: Site<R>, { undo }: Ending<A, E, R>, seq: number, value: A): void => {
  if (undo) register(site, seq, () => undo(value))
}

/** @internal */
export const found = <R>({ live, slot }: Site<R>): void => {
  if (live.owed.delete(slot.name) && live.owed.size === 0) cut(live)
}

const ended = (entry: Journal.Entry): Event => {
  const base = { run: entry.run, at: entry.at, step: entry.name }
  return entry.exit === "success"
    ? { _tag: "StepSucceeded", ...base }
    : { _tag: "StepFailed", ...base, defect: entry.exit === "defect" }
}

/** What is done is recorded, also during a cancel or a shutdown; what the engine cut is not. */
const isRecorded = <A, E>(live: Live, exit: Exit.Exit<A, E>): boolean => {
  if (live.phase !== "running" && live.phase !== "cancelling" && live.phase !== "detached") return false
  if (Exit.isSuccess(exit)) return true
  return !Cause.isInterrupted(exit.cause) || (live.phase === "running" && !Cause.isInterruptedOnly(exit.cause))
}

const interrupted = <A, E, R>(site: Site<R>, ending: Ending<A, E, R>, exit: Exit.Exit<A, E>): Effect.Effect<A, E> =>
  Effect.withFiberRuntime((fiber) =>
    isInterrupted(fiber)
      ? Effect.zipRight(recordCut(site.live, site.slot, site.place), exit)
      : conclude(site, ending, itself)
  )

/** @internal */
export const conclude = <A, E, R>(
  site: Site<R>,
  ending: Ending<A, E, R>,
  exit: Exit.Exit<A, E>
): Effect.Effect<A, E> => {
  const { live, slot } = site
  delist(live, slot)
  if (!isRecorded(live, exit)) {
    if (Exit.isSuccess(exit)) return Effect.interrupt
    return isCutByFlow(live) && Cause.isInterruptedOnly(exit.cause) ? interrupted(site, ending, exit) : exit
  }
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

/** @internal Waits for the flow to cut what it cut before. */
export const cutAgain = <R>(site: Site<R>): Effect.Effect<never> => {
  if (site.root) return uncut(site.live, site.slot)
  if (site.live.frozen) found(site)
  return Effect.never
}

/** @internal */
export const replay = <A, E, R>(site: Site<R>, ending: Ending<A, E, R>, entry: Journal.Entry): Effect.Effect<A, E> => {
  const { live } = site
  if (isCut(entry)) return cutAgain(site)
  const again = Effect.map(replayed(live, ending.success, ending.error, entry), (value) => {
    registerResult(site, ending, entry.seq, value)
    return value
  })
  if (!live.frozen) return again
  const told = Effect.sync(() => found(site))
  return Effect.ensuring(again, Effect.zipRight(told, Effect.yieldNow()))
}

/** @internal */
export const perform = <A, E, R>(
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
  enter<A, E, R>(name, "step", (site) => perform(site, spec, spec.run))
