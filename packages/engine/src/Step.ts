/**
 * The unit of a flow: a plain Effect with a name, whose end is recorded, and perhaps an undo beside it.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import type { Flow, Implemented } from "./Flow.js"
import * as children from "./internal/child.js"
import { codecOf, codecOr, type PureSchema } from "./internal/codec.js"
import { intentStep } from "./internal/intent.js"
import { place } from "./internal/live.js"
import { branch } from "./internal/replay.js"
import * as durable from "./internal/sleep.js"
import { step } from "./internal/step.js"
import { Run } from "./Run.js"
import type { Busy, RunCancelled, RunDied, RunIdTaken } from "./RunError.js"
import type { Runs } from "./Runs.js"

/**
 * How an undo that fails is tried again, unless the step says otherwise: four more times, after 1, 2, 4 and 8 seconds.
 *
 * @since 0.1.0
 * @category models
 */
export const undoRetry: Schedule.Schedule<unknown> = Schedule.intersect(
  Schedule.exponential("1 second"),
  Schedule.recurs(4)
)

/**
 * A step, recorded in the journal when it ends: with a value, with a typed failure, or with a defect. When the run
 * resumes, the flow runs again from the top and a recorded step returns what it returned, without running.
 *
 * `run` is cut at once by a cancel or a shutdown; cut, it is not recorded, and has no undo. For a call whose answer may
 * be lost use `withIntent`. A step that the process did not live to record runs again: at least once, recorded once.
 * Retries belong inside `run`, as do resources that must be released.
 *
 * `undo` gets the value, as recorded, when the run is cancelled or fails. Undos run in reverse order of the journal, in
 * a fiber that a cancel does not interrupt, with the services the step had. One that fails is tried again by
 * `undoRetry`, and then reported as not undone. It may run more than once if the process dies meanwhile.
 *
 * `success` defaults to `Schema.Void`, `error` to `Schema.Never`. A name used twice in a run, or a step inside a step,
 * is a defect (`StepNameReused`, `StepNested`).
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = <
  R,
  Success extends PureSchema = typeof Schema.Void,
  Error extends PureSchema = typeof Schema.Never,
  UndoError = never,
  UndoR = never
>(
  name: string,
  options: {
    readonly success?: Success
    readonly error?: Error
    readonly run: Effect.Effect<Success["Type"], Error["Type"], R>
    readonly undo?: (value: Success["Type"]) => Effect.Effect<void, UndoError, UndoR>
    readonly undoRetry?: Schedule.Schedule<unknown, UndoError>
  }
): Effect.Effect<Success["Type"], Error["Type"], R | UndoR | Run> => {
  const { undo } = options
  const retry = options.undoRetry ?? undoRetry
  return step<Success["Type"], Error["Type"], R | UndoR>(name, {
    success: codecOr(options.success, Schema.Void),
    error: codecOr(options.error, Schema.Never),
    run: options.run,
    undo: undo && ((value) => Effect.retry(undo(value), retry)),
    always: false
  })
}

/**
 * A step whose undo is due even if it was cut in mid-call, failed, or its answer was lost.
 *
 * `prepare` reads what is there; its result, the intent, is in the journal before `run` begins, and is not read again
 * when the run resumes. `undo` gets the intent, and the result of `run` if there is one: it must find out from the
 * intent what, if anything, was done. A step whose `prepare` failed never ran, and is not undone.
 *
 * `run` may be run again with the same intent, when the process did not live to record its end. Otherwise as `make`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const withIntent = <
  Intent extends PureSchema,
  R,
  Success extends PureSchema = typeof Schema.Void,
  Error extends PureSchema = typeof Schema.Never,
  PrepareR = never,
  UndoError = never,
  UndoR = never
>(
  name: string,
  options: {
    readonly intent: Intent
    readonly success?: Success
    readonly error?: Error
    readonly prepare: Effect.Effect<Intent["Type"], Error["Type"], PrepareR>
    readonly run: (intent: Intent["Type"]) => Effect.Effect<Success["Type"], Error["Type"], R>
    readonly undo: (
      intent: Intent["Type"],
      result: Option.Option<Success["Type"]>
    ) => Effect.Effect<void, UndoError, UndoR>
    readonly undoRetry?: Schedule.Schedule<unknown, UndoError>
  }
): Effect.Effect<Success["Type"], Error["Type"], R | PrepareR | UndoR | Run> => {
  const retry = options.undoRetry ?? undoRetry
  return intentStep<Intent["Type"], Success["Type"], Error["Type"], R | PrepareR | UndoR>(name, {
    intent: codecOf(options.intent),
    success: codecOr(options.success, Schema.Void),
    error: codecOr(options.error, Schema.Never),
    prepare: options.prepare,
    run: options.run,
    undo: (intent, result) => Effect.retry(options.undo(intent, result), retry)
  })
}

/**
 * Puts `name` and a slash before the names of the steps in an effect, so that a body can be used twice in a flow.
 *
 * @since 0.1.0
 * @category combinators
 */
export const scope =
  (name: string) =>
  <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R | Run> =>
    Effect.withFiberRuntime((fiber) => {
      const run = Context.unsafeGet(fiber.currentContext, Run)
      const inner = { ...run, scope: `${run.scope}${name}/` }
      const here = fiber.getFiberRef(place)
      const within = Effect.provideService(self, Run, inner)
      return here.branch === null ? branch(run.live, here, inner.scope, within) : within
    })

/**
 * Runs a body for each item, its steps under the item's name. `concurrency` is 1 unless given.
 *
 * @since 0.1.0
 * @category combinators
 */
export const each = <Item, A, E, R>(
  items: Iterable<Item>,
  options: {
    readonly name: (item: Item, index: number) => string
    readonly concurrency?: number | "unbounded"
  },
  body: (item: Item, index: number) => Effect.Effect<A, E, R>
): Effect.Effect<Array<A>, E, R | Run> =>
  Effect.forEach(items, (item, index) => scope(options.name(item, index))(body(item, index)), {
    concurrency: options.concurrency ?? 1
  })

/**
 * Starts a run of another flow as a part of this one, and waits for how it ends. The child has its own id
 * (`<run>~<scopes and name>`), events, lock and undo, may be worked on elsewhere, and is started once, with the payload as
 * first given. While a flow only waits for a child, it is parked as in `sleep`.
 *
 * Fails as the child fails; with `RunCancelled` or `RunDied`; or with `Busy`, unless `waitForLock`, when it cannot begin.
 * What this run or one above it has locked is lent to the child: children that need the same then take turns.
 *
 * When this run is undone, the child is cancelled, and undone before what came before it. One that has succeeded is undone
 * by `undo`; without one it stays, and is reported as not undone (`RunStays`), as is what it could not undo itself. A flow
 * that gives up a child, in a race or at a time limit, cancels it.
 *
 * @since 0.1.0
 * @category constructors
 */
export const child = <
  Name extends string,
  P extends PureSchema,
  S extends PureSchema,
  E extends PureSchema,
  UndoError = never,
  UndoR = never
>(
  name: string,
  flow: Flow<Name, P, S, E>,
  options: {
    readonly payload: P["Type"]
    readonly waitForLock?: boolean
    readonly undo?: (value: S["Type"]) => Effect.Effect<void, UndoError, UndoR>
    readonly undoRetry?: Schedule.Schedule<unknown, UndoError>
  }
): Effect.Effect<
  S["Type"],
  E["Type"] | RunCancelled | RunDied | Busy | RunIdTaken,
  Run | Runs | Implemented<Name> | UndoR
> => {
  const { payload, undo, waitForLock = false } = options
  const retry = options.undoRetry ?? undoRetry
  return scope(name)(
    children.child(flow, { payload, waitForLock, undo: undo && ((value) => Effect.retry(undo(value), retry)) })
  )
}

/**
 * A durable sleep. The time to wake at is recorded when it begins, so a restart does not lengthen it.
 *
 * Where the flow does nothing else at the same time, the run is parked: its body ends, releasing what it holds, and
 * is replayed from the top at the time. In a parallel branch the fiber sleeps.
 *
 * @since 0.1.0
 * @category constructors
 */
export const sleep = (name: string, duration: Duration.DurationInput): Effect.Effect<void, never, Run> =>
  durable.sleep(name, (now) => now + Duration.toMillis(duration))

/**
 * A durable sleep until a time. Otherwise as `sleep`; the time as first given holds.
 *
 * @since 0.1.0
 * @category constructors
 */
export const sleepUntil = (name: string, until: DateTime.DateTime): Effect.Effect<void, never, Run> =>
  durable.sleep(name, () => DateTime.toEpochMillis(until))
