import type * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import type * as Fiber from "effect/Fiber"
import * as FiberId from "effect/FiberId"
import * as Option from "effect/Option"
import * as Runtime from "effect/Runtime"
import * as Schema from "effect/Schema"
import type * as Journal from "../Journal.js"
import { Encoded, nothingUndone, type Outcome } from "../Outcome.js"
import { RecordUnreadable } from "../RunError.js"
import { type Handler, type Live, learn, type Shared, type Slot } from "./live.js"
import type { Timers } from "./timers.js"
import { tracingOf } from "./tracing.js"

/** @internal What an engine is made of. */
export interface Core {
  readonly journal: Journal.Service
  readonly clock: Clock.Clock
  readonly timers: Timers
  readonly runtime: Runtime.Runtime<never>
  readonly handlers: Map<string, Handler>
  readonly lives: Map<string, Live>
  /** Fibers that write how a run goes on; closing waits for them. */
  readonly tasks: Set<Fiber.RuntimeFiber<unknown, unknown>>
  readonly ended: () => Effect.Effect<void>
  readonly promote: (record: Journal.RunRecord) => void
  readonly resume: "all" | "none"
  readonly shared: Shared
  closed: boolean
}

/** @internal */
export const handlerOf = (core: Core, record: { readonly flow: string; readonly version: number }) =>
  core.handlers.get(`${record.flow}@${record.version}`)

/** @internal Runs an effect in a fiber that nobody interrupts. */
export const spawn = (core: Core, effect: Effect.Effect<void>): void => {
  const fiber = Runtime.runFork(core.runtime)(Effect.interruptible(effect), { immediate: false })
  core.tasks.add(fiber)
  fiber.addObserver(() => core.tasks.delete(fiber))
}

const decodeOutcome = Schema.decodeUnknownEither(Schema.parseJson(Encoded))

/** @internal The outcome a run record holds. */
export const outcomeOf = (
  record: Journal.RunRecord
): Either.Either<Option.Option<Outcome<unknown, unknown>>, RecordUnreadable> => {
  if (record.outcome === null) return Either.right(Option.none())
  return Either.mapBoth(decodeOutcome(record.outcome), {
    onLeft: ({ message }) => new RecordUnreadable({ run: record.id, record: "outcome", reason: message }),
    onRight: Option.some
  })
}

/** @internal A run as this engine begins to work on it. */
export const liveOf = (
  core: Core,
  record: Journal.RunRecord,
  handler: Handler,
  entries: ReadonlyArray<Journal.Entry>
): Live => {
  const live: Live = {
    handler,
    journal: core.journal,
    clock: core.clock,
    engine: core.shared,
    slots: new Map(),
    done: Deferred.unsafeMake(FiberId.none),
    listeners: new Set(),
    waiting: new Map(),
    active: [],
    pass: 0,
    past: undefined,
    owed: new Set(),
    tracing: tracingOf(handler.tracer),
    standing: undefined,
    record,
    phase: "queued",
    frozen: false,
    pending: undefined,
    root: undefined,
    undoing: undefined,
    park: undefined,
    unpark: undefined,
    progress: undefined,
    resumedAt: undefined,
    cancelMark: undefined,
    problem: undefined
  }
  for (const entry of entries) learn(live, entry)
  return live
}

/** @internal The steps whose undo is due and has not been done. */
export const owedBy = (live: Live): ReadonlyArray<Slot> =>
  Array.from(live.slots.values()).filter(({ intent, step, undone }) => (intent?.undo || step?.undo) && !undone)

/** @internal */
export const cancelled: Outcome<never, never> = { _tag: "Cancelled", undo: nothingUndone }
