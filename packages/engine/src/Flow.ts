/**
 * A flow: its contract, apart from its implementation.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as FiberRef from "effect/FiberRef"
import * as Layer from "effect/Layer"
import * as Runtime from "effect/Runtime"
import * as Schema from "effect/Schema"
import type * as Tracer from "effect/Tracer"
import { type Codec, codecOf, type PureSchema } from "./internal/codec.js"
import { lentTo } from "./internal/lending.js"
import { start as at, type Live, place } from "./internal/live.js"
import * as Meters from "./internal/meters.js"
import { lost } from "./internal/record.js"
import { Engine } from "./internal/registry.js"
import { carrying, tracerOf } from "./internal/tracing.js"
import type { JournalError } from "./Journal.js"
import { Run } from "./Run.js"
import { RecordUnreadable } from "./RunError.js"

/**
 * Says at type level that a flow of this name has an implementation. `Flow.toLayer` provides it, `Runs.start` requires it.
 *
 * @since 0.1.0
 * @category models
 */
export interface Implemented<Name extends string> {
  readonly _tag: "@memstore-flows/engine/Implemented"
  readonly name: Name
}

/**
 * The contract of a flow: a value anyone may import.
 *
 * @since 0.1.0
 * @category models
 */
export interface Flow<
  Name extends string,
  Payload extends PureSchema,
  Success extends PureSchema,
  Error extends PureSchema
> {
  readonly name: Name
  readonly version: number
  readonly payload: Payload
  readonly success: Success
  readonly error: Error
  /** The key of what the run changes, and locks; `undefined` for none. */
  readonly resource: (payload: Payload["Type"]) => string | undefined
  /**
   * Registers the implementation with the engine, and resumes the runs of this flow and version that have not ended.
   *
   * The body is run from the top whenever a run resumes: it must come to the same steps again, so what it reads from
   * outside (time, random values, the network) belongs in steps. So do resources: parking, shutdown and cancel end the
   * body, and with it every scope in it. When the layer is closed its runs are detached, not cancelled.
   */
  readonly toLayer: <R>(
    body: (payload: Payload["Type"]) => Effect.Effect<Success["Type"], Error["Type"], R>
  ) => Layer.Layer<Implemented<Name>, JournalError, Exclude<R, Run> | Engine>
}

const implemented = <Name extends string>(name: Name) =>
  Context.GenericTag<Implemented<Name>>(`@memstore-flows/engine/Implemented/${name}`)

/** The engine moves values of a flow only from the flow to its own codecs, so their type is of no concern to it. */
const erase = <A>(codec: Codec<A>) => codec as unknown as Codec<unknown>

/**
 * Sets what the fiber of a run carries for good: nothing else runs in it, so there is nothing to put back, which is what
 * `Effect.locally` and `Effect.provideService` would do.
 */
const inside = <A, E, R>(run: typeof Run.Service, body: Effect.Effect<A, E, R>): Effect.Effect<A, E, Exclude<R, Run>> =>
  Effect.withFiberRuntime((fiber) => {
    const context = carrying(run.live, Context.add(fiber.currentContext, Run, run))
    const carried = Effect.zipRight(FiberRef.set(place, at()), FiberRef.set(FiberRef.currentContext, context))
    // The context just set holds what the type of the effect leaves out.
    return Effect.interruptible(Effect.zipRight(carried, body)) as Effect.Effect<A, E, Exclude<R, Run>>
  })

const register = Effect.fnUntraced(function* <Payload extends PureSchema, A, E, R>(
  flow: Omit<Flow<string, Payload, PureSchema, PureSchema>, "toLayer">,
  body: (payload: Payload["Type"]) => Effect.Effect<A, E, R>
) {
  const engine = yield* Engine
  const runtime = yield* Effect.runtime<Exclude<R, Run>>()
  const payload = codecOf(flow.payload)
  const start = (live: Live): Effect.Effect<A, E, R> => {
    const { id } = live.record
    const unreadable = (error: { readonly reason: string }) =>
      lost(live, new RecordUnreadable({ run: id, record: "payload", reason: error.reason }))
    return Effect.flatMap(Effect.catchAll(payload.fromText(live.record.payload), unreadable), body)
  }
  const tracer = yield* Effect.withFiberRuntime<Tracer.Tracer | undefined>((fiber) => Effect.succeed(tracerOf(fiber)))
  const meters = Meters.make(flow.name, yield* FiberRef.get(FiberRef.currentMetricLabels))
  yield* engine.register({
    meters,
    tracer,
    flow: flow.name,
    version: flow.version,
    success: erase(codecOf(flow.success)),
    error: erase(codecOf(flow.error)),
    fork: (live, succeeded) => {
      const { id, resource } = live.record
      const held = resource === null ? null : lentTo(id, resource)
      const run = { id, flow: flow.name, resource: held, scope: "", live }
      const body = Effect.flatMap(start(live), (value) => succeeded(value) ?? Effect.succeed(value))
      return Runtime.runFork(runtime)(inside(run, body), { immediate: false })
    }
  })
})

/**
 * The contract of a flow.
 *
 * `name` and `version` (1 unless given) say which runs in a journal are of this flow: change the version when the steps
 * change, and keep the old implementation registered while it has runs. `success` defaults to `Schema.Void`, `error` to
 * `Schema.Never`. `resource` names what a run changes: only one run at a time, of any flow, holds a resource.
 *
 * What the schemas encode to is written to the journal. A schema that holds `Schema.Redacted`, which encodes to the raw
 * secret, is refused with a thrown `TypeError`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = <
  const Name extends string,
  Payload extends PureSchema,
  Success extends PureSchema = typeof Schema.Void,
  Error extends PureSchema = typeof Schema.Never
>(options: {
  readonly name: Name
  readonly version?: number
  readonly payload: Payload
  readonly success?: Success
  readonly error?: Error
  readonly resource?: (payload: Payload["Type"]) => string | undefined
}): Flow<Name, Payload, Success, Error> => {
  // A schema not given leaves its type parameter at the default.
  const success = options.success ?? (Schema.Void as unknown as Success)
  const error = options.error ?? (Schema.Never as unknown as Error)
  for (const schema of [options.payload, success, error]) codecOf<PureSchema>(schema)
  const flow: Flow<Name, Payload, Success, Error> = {
    name: options.name,
    version: options.version ?? 1,
    payload: options.payload,
    success,
    error,
    resource: options.resource ?? (() => undefined),
    toLayer: (body) =>
      Layer.scoped(
        implemented(options.name),
        Effect.as(register(flow, body), { _tag: "@memstore-flows/engine/Implemented", name: options.name } as const)
      )
  }
  return flow
}
