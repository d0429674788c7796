import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import type * as Option from "effect/Option"
import type * as Journal from "../Journal.js"
import { Run } from "../Run.js"
import type { Codec } from "./codec.js"
import { isCutByFlow, recordCut } from "./cutting.js"
import { cut, isForward, type Live, learn, now, type Park, place, publish } from "./live.js"
import { append, journalFailed, read, tryAppend } from "./record.js"
import { cutAgain, enter, findOnly, type Site } from "./step.js"

/** The longest a JavaScript timer takes is 2^31 - 1 ms. */
const longest = 2 ** 30

/** @internal Sleeps until a time of the clock, however far. */
export const sleepTo = (live: Live, until: number): Effect.Effect<void> =>
  Effect.suspend(() => {
    const left = until - now(live)
    if (left <= 0) return Effect.void
    return Effect.zipRight(Effect.sleep(Math.min(left, longest)), sleepTo(live, until))
  })

/** Waits in the fiber. In a parallel branch the flow may give it up. */
const inFiber = <A>({ live, place, root, slot }: Site<never>, wait: Effect.Effect<A>): Effect.Effect<A> => {
  if (root) return wait
  return Effect.onInterrupt(wait, () =>
    Effect.suspend(() => (isCutByFlow(live) ? recordCut(live, slot, place) : Effect.void))
  )
}

/** Whether no parallel branch is under way. */
const isAlone: Effect.Effect<boolean> = Effect.withFiberRuntime((fiber) =>
  fiber.getFiberRef(place).forked
    ? Effect.map(Fiber.children(fiber), (branches) => branches.length === 0)
    : Effect.succeed(true)
)

/** Ends the body for a while, if nothing else of the run is under way. */
const parked = <A>(live: Live, park: Park, otherwise: Effect.Effect<A>): Effect.Effect<A> =>
  Effect.flatMap(isAlone, (alone) => {
    if (!alone || live.active.length > 0 || !isForward(live)) return otherwise
    live.park = park
    cut(live)
    return Effect.never
  })

/** Ends the fiber and leaves a timer, if nothing else of the run is under way; otherwise waits in the fiber. */
const parkOr = <A>(site: Site<never>, park: Park, wait: Effect.Effect<A>): Effect.Effect<A> =>
  Effect.checkInterruptible((interruptible) =>
    interruptible && site.root ? parked(site.live, park, wait) : inFiber(site, wait)
  )

/**
 * @internal Ends the body until `came`, if nothing else of the run is under way and the step that follows is not recorded.
 * It is no step: it comes back at once when `isHere`, and whenever the run cannot be parked.
 */
export const parkFor = <R>(
  next: string,
  isHere: Effect.Effect<boolean, never, R>,
  came: Effect.Effect<unknown, never, R>
): Effect.Effect<void, never, R | Run> =>
  Effect.withFiberRuntime<void, never, R | Run>((fiber) => {
    // The context of a fiber holds what the effect it runs requires.
    const context = fiber.currentContext as Context.Context<R | Run>
    const { live, scope } = Context.get(context, Run)
    const step = scope + next
    if (fiber !== live.root || !isForward(live) || live.slots.get(step)?.step) return Effect.void
    const park = { step, until: undefined, signal: undefined, came: Effect.provide(came, context) }
    return Effect.if(isHere, { onTrue: () => Effect.void, onFalse: () => parked(live, park, Effect.void) })
  })

const mark = (site: Site<never>, kind: "sleep" | "wait", value: number | null): Effect.Effect<Journal.Entry> => {
  const { live } = site
  const { name } = site.slot
  const at = now(live)
  const text = value === null ? null : String(value)
  const entry = {
    run: live.record.id,
    kind,
    name,
    exit: "success",
    value: text,
    undo: false,
    branch: site.place.branch,
    startedAt: at,
    at
  } as const
  return append(live, entry, (stored) => {
    site.slot.mark = stored
    return Effect.succeed(stored)
  })
}

const rest = (site: Site<never>, until: number): Effect.Effect<void> => {
  const { live } = site
  const { name } = site.slot
  if (now(live) >= until) return Effect.void
  if (live.frozen) return findOnly(site)
  const woken = Effect.sync(() => publish(live, { _tag: "Woken", run: live.record.id, at: now(live), step: name }))
  return parkOr(
    site,
    { step: name, until, signal: undefined, came: undefined },
    Effect.zipRight(sleepTo(live, until), woken)
  )
}

/** @internal */
export const sleep = (name: string, wakeAt: (now: number) => number): Effect.Effect<void, never, Run> =>
  enter<void, never, never>(name, "sleep", (site) => {
    const { live } = site
    if (site.slot.step) return cutAgain(site)
    const known = site.slot.mark
    if (known) return rest(site, Number(known.value))
    if (live.frozen) return findOnly(site)
    const until = wakeAt(now(live))
    return Effect.flatMap(mark(site, "sleep", until), ({ at }) => {
      publish(live, { _tag: "Sleeping", run: live.record.id, at, step: site.slot.name, until })
      return rest(site, until)
    })
  })

const listen = (site: Site<never>, until: number | undefined): Effect.Effect<void> => {
  const { live } = site
  const { name } = site.slot
  return Effect.flatMap(Deferred.make<void>(), (arrived) => {
    live.waiting.set(name, arrived)
    const deadline = until === undefined ? Effect.never : sleepTo(live, until)
    const timer = Effect.forkDaemon(Effect.zipRight(deadline, Deferred.succeed(arrived, undefined)))
    const stop = (fiber: Fiber.Fiber<unknown>) =>
      Effect.zipRight(
        Effect.sync(() => live.waiting.delete(name)),
        Fiber.interruptFork(fiber)
      )
    const signalled = Effect.suspend(() => (site.slot.signal ? Effect.void : Deferred.await(arrived)))
    return Effect.acquireUseRelease(timer, () => signalled, stop)
  })
}

const answered = <A>(site: Site<never>, codec: Codec<A>, entry: Journal.Entry): Effect.Effect<Option.Option<A>> =>
  entry.exit === "success" ? Effect.asSome(read(site.live, codec, entry)) : Effect.succeedNone

const timedOut = <A>(site: Site<never>, codec: Codec<A>): Effect.Effect<Option.Option<A>> => {
  const { live } = site
  const { name } = site.slot
  const at = now(live)
  const base = { run: live.record.id, kind: "signal", name, undo: false, startedAt: at, at } as const
  return tryAppend(live, { ...base, exit: "failure", value: null }, (stored) => {
    if (stored) {
      learn(live, stored)
      publish(live, { _tag: "SignalTimedOut", run: live.record.id, at, step: name })
      return Effect.succeedNone
    }
    return Effect.matchEffect(live.journal.entries(live.record.id), {
      onFailure: (error) => journalFailed(live, error),
      onSuccess: (entries) => {
        const first = entries.find((entry) => entry.kind === "signal" && entry.name === name)
        return first ? answered(site, codec, first) : Effect.succeedNone
      }
    })
  })
}

const await_ = <A>(site: Site<never>, codec: Codec<A>, until: number | undefined): Effect.Effect<Option.Option<A>> =>
  Effect.suspend(() => {
    const entry = site.slot.signal
    if (entry) return answered(site, codec, entry)
    if (site.live.frozen) return findOnly(site)
    if (until !== undefined && now(site.live) >= until) return timedOut(site, codec)
    const park = { step: site.slot.name, until, signal: site.slot.name, came: undefined }
    return Effect.zipRight(parkOr(site, park, listen(site, until)), await_(site, codec, until))
  })

/** @internal What was sent under this name, or `none` once the deadline has passed. */
export const waitFor = <A>(
  name: string,
  codec: Codec<A>,
  timeout: number | undefined
): Effect.Effect<Option.Option<A>, never, Run> =>
  enter<Option.Option<A>, never, never>(name, "wait", (site) => {
    const { live } = site
    if (site.slot.step) return cutAgain(site)
    const known = site.slot.mark
    if (known) return await_(site, codec, known.value === null ? undefined : Number(known.value))
    if (live.frozen) return findOnly(site)
    const until = timeout === undefined ? null : now(live) + timeout
    return Effect.flatMap(mark(site, "wait", until), ({ at }) => {
      publish(live, { _tag: "WaitingForSignal", run: live.record.id, at, step: site.slot.name, until })
      return await_(site, codec, until ?? undefined)
    })
  })
