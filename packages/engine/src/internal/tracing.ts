import * as Cause from "effect/Cause"
import type * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as DefaultServices from "effect/DefaultServices"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as FiberRef from "effect/FiberRef"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Tracer from "effect/Tracer"
import type { RunRecord } from "../JournalRecord.js"

/** @internal What a run is traced with: `span` while the engine works on it, `before` the last one that has ended. */
export interface Tracing {
  readonly tracer: Tracer.Tracer
  span: Tracer.Span | undefined
  before: Tracer.Span | undefined
}

/** @internal A run, as far as its spans go. */
interface Traced {
  readonly clock: Clock.Clock
  readonly record: RunRecord
  readonly resumedAt: number | undefined
  readonly tracing: Tracing | undefined
}

type AnyFiber = Fiber.RuntimeFiber<unknown, unknown>

const standard = Context.get(DefaultServices.liveServices, Tracer.Tracer)

/** @internal The tracer somebody has given the fiber; nothing for that of Effect itself, whose spans nobody sees. */
export const tracerOf = (fiber: AnyFiber): Tracer.Tracer | undefined =>
  fiber.currentTracer !== standard && fiber.getFiberRef(FiberRef.currentTracerEnabled) ? fiber.currentTracer : undefined

/** @internal */
export const tracingOf = (tracer: Tracer.Tracer | undefined): Tracing | undefined =>
  tracer && { tracer, span: undefined, before: undefined }

const format = ({ sampled, spanId, traceId }: Tracer.AnySpan) => `00-${traceId}-${spanId}-0${sampled ? 1 : 0}`

const shape = /^00-([^-]+)-([^-]+)-0([01])$/

/** @internal The span a text in the form of a W3C `traceparent` names. */
export const parse = (text: string | null | undefined): Option.Option<Tracer.ExternalSpan> => {
  const [, traceId, spanId, sampled] = shape.exec(text ?? "") ?? []
  if (traceId === undefined || spanId === undefined) return Option.none()
  return Option.some(Tracer.externalSpan({ traceId, spanId, sampled: sampled === "1" }))
}

const named = (value: unknown, orElse: string): string => {
  if (Predicate.hasProperty(value, "_tag")) return String(value._tag)
  return value instanceof Error ? value.name : orElse
}

/** How an exit shows in a span: a failure by its name alone, since what it says may be of any kind. */
const shown = (span: Tracer.Span, exit: Exit.Exit<unknown, unknown>): Exit.Exit<unknown, unknown> => {
  if (Exit.isSuccess(exit)) return Exit.void
  if (Cause.isInterruptedOnly(exit.cause)) return Exit.failCause(exit.cause)
  const failure = Cause.failureOption(exit.cause)
  const name = Option.isSome(failure) ? named(failure.value, "Failure") : named(Cause.squash(exit.cause), "Defect")
  span.attribute("error.type", name)
  return Exit.fail(name)
}

/**
 * @internal The span of an insert, which ends with it and so is exported even where the process is killed later. Its
 * place, as the run is to hold it, goes to `use`.
 */
export const started = <A, E>(
  fiber: AnyFiber,
  run: { readonly id: string; readonly flow: string },
  nanos: () => bigint,
  use: (trace: string | null) => Effect.Effect<A, E>
): Effect.Effect<A, E> => {
  const tracer = tracerOf(fiber)
  if (!tracer) return use(null)
  const parent = Option.fromNullable(fiber.currentSpan)
  const span = tracer.span(`start ${run.flow}`, parent, Context.empty(), [], nanos(), "producer")
  span.attribute("memstore.flow", run.flow)
  span.attribute("memstore.run.id", run.id)
  return Effect.onExit(
    Effect.suspend(() => use(format(span))),
    (exit) => Effect.sync(() => span.end(nanos(), shown(span, exit)))
  )
}

/** @internal Begins the span of what the engine now does with a run, until it ends, sleeps, waits or is left. */
export const open = ({ clock, record, resumedAt, tracing }: Traced): void => {
  if (!tracing || tracing.span) return
  const links = tracing.before ? [{ _tag: "SpanLink", span: tracing.before, attributes: {} } as const] : []
  const begun = clock.unsafeCurrentTimeNanos()
  const span = tracing.tracer.span(`run ${record.flow}`, parse(record.trace), Context.empty(), links, begun, "consumer")
  span.attribute("memstore.flow", record.flow)
  span.attribute("memstore.flow.version", record.version)
  span.attribute("memstore.run.id", record.id)
  if (record.resource !== null) span.attribute("memstore.resource", record.resource)
  if (resumedAt !== undefined) span.attribute("memstore.run.resumed", true)
  tracing.span = span
}

/** @internal Ends the span of a run. `state` is where the run now stands, `error` the name of what it failed with. */
export const close = ({ clock, tracing }: Traced, state: string, error?: string): void => {
  const span = tracing?.span
  if (!tracing || !span) return
  span.attribute("memstore.run.state", state)
  if (error !== undefined) span.attribute("error.type", error)
  span.end(clock.unsafeCurrentTimeNanos(), error === undefined ? Exit.void : Exit.fail(error))
  tracing.span = undefined
  tracing.before = span
}

/** @internal What the fiber of a run carries, its span with it. */
export const carrying = <R>(live: Traced, context: Context.Context<R>): Context.Context<R> =>
  live.tracing?.span ? Context.add(context, Tracer.ParentSpan, live.tracing.span) : context

/** @internal A part of a step in a span of its own, if the run has one. */
export const inSpan = <A, E, R>(
  live: Traced,
  tracing: Tracing,
  step: { readonly name: string; readonly full: string },
  what: "prepare" | "step" | "undo",
  effect: Effect.Effect<A, E, R>
): Effect.Effect<A, E, R> =>
  Effect.withFiberRuntime<A, E, R>((fiber) => {
    const { clock, record } = live
    const parent = Option.fromNullable(what === "undo" ? tracing.span : fiber.currentSpan)
    const begun = clock.unsafeCurrentTimeNanos()
    const span = tracing.tracer.span(`${what} ${step.name}`, parent, Context.empty(), [], begun, "internal")
    span.attribute("memstore.run.id", record.id)
    span.attribute("memstore.step", step.full)
    const within = Effect.withParentSpan(Effect.withTracer(effect, tracing.tracer), span)
    return Effect.onExit(within, (exit) =>
      Effect.sync(() => span.end(clock.unsafeCurrentTimeNanos(), shown(span, exit)))
    )
  })
