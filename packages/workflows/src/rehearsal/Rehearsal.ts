/**
 * Tries a flow out before it is run: the real code, on the rules of the service, in no time. Nothing is sent but reads.
 *
 * @since 0.1.0
 */
import type * as MemStore from "@memstore-flows/api/MemStore"
import type * as Flow from "@memstore-flows/engine/Flow"
import type * as Run from "@memstore-flows/engine/Run"
import * as Latencies from "@memstore-flows/model/Latencies"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { CallError } from "../FlowError.js"
import * as Ground from "./internal/ground.js"
import * as Live from "./internal/live.js"
import { planOf } from "./internal/planOf.js"
import { shown } from "./internal/shown.js"
import * as Trial from "./internal/trial.js"
import { undoOf } from "./internal/undoOf.js"
import type { Plan } from "./Plan.js"

type Pure = Schema.Schema.AnyNoContext | typeof Schema.Never

/**
 * A flow as every module of this package exports it: its contract and its body. A flow of your own is one too. What its
 * body requires beyond the calls of the API must be provided to it, in a form that is harmless.
 *
 * @since 0.1.0
 * @category models
 */
export interface Rehearsable<
  Name extends string,
  P extends Schema.Schema.AnyNoContext,
  S extends Pure,
  E extends Pure
> {
  readonly flow: Flow.Flow<Name, P, S, E>
  readonly body: (payload: P["Type"]) => Effect.Effect<S["Type"], E["Type"], MemStore.Operations | Run.Run>
}

/**
 * The calls a rehearsal makes: reads, all of them.
 *
 * @since 0.1.0
 * @category models
 */
export type Reads = Live.Reads

/**
 * - `latencies`: how long the service takes; `Latencies.realistic` unless given, or those learned from runs
 * - `clusters`: ids of clusters the flow is about, where clusters cannot be listed; those a payload names as `clusterId`
 *   are known anyway
 * - `undo`: whether the undo of each call is worked out, by a rehearsal of its own for each; default `true`
 * - `bounds`: how far a rehearsal goes before it counts as endless: wake-ups (500,000) and tasks (20,000,000)
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  readonly latencies?: Latencies.Latencies
  readonly clusters?: ReadonlyArray<string>
  readonly undo?: boolean
  readonly bounds?: { readonly moves: number; readonly tasks: number }
}

/**
 * The flow could not be rehearsed to its end.
 *
 * - `nothing-to-wait-for`: it waits for what never comes in a rehearsal; `waiting` is the signal, if it is one
 * - `too-long`: it went over its bounds
 * - `not-started`: the payload is not of the flow's schema, or the engine would not take it; `waiting` says why
 *
 * @since 0.1.0
 * @category errors
 */
export class RehearsalStalled extends Schema.TaggedError<RehearsalStalled>(
  "@memstore-flows/workflows/RehearsalStalled"
)("RehearsalStalled", {
  flow: Schema.String,
  reason: Schema.Literal("nothing-to-wait-for", "too-long", "not-started"),
  after: Schema.Number,
  waiting: Schema.NullOr(Schema.String)
}) {
  override get message(): string {
    const detail = this.waiting === null ? "" : ` (${this.waiting})`
    return `${this.flow} cannot be rehearsed: ${this.reason} after ${Math.round(this.after / 1000)} s${detail}`
  }
}

/**
 * Every way a rehearsal can fail. That the flow would be refused or fail is no failure: the plan says it.
 *
 * @since 0.1.0
 * @category errors
 */
export const RehearsalError = Schema.Union(...CallError.members, RehearsalStalled)

/**
 * @since 0.1.0
 * @category errors
 */
export type RehearsalError = typeof RehearsalError.Type

const defaultBounds = { moves: 500_000, tasks: 20_000_000 }

/**
 * The plan of a flow on a payload.
 *
 * The project is read, and the flow's own code is run on the model of the service, on a clock of its own, from its first
 * check to its result. What cannot be read is an assumption, and the plan names it. Questions to people are answered with
 * yes. Probes of what is live are the caller's; of what is not there yet, the model answers.
 *
 * @since 0.1.0
 * @category constructors
 */
export const rehearse = <Name extends string, P extends Schema.Schema.AnyNoContext, S extends Pure, E extends Pure>(
  rehearsable: Rehearsable<Name, P, S, E>,
  payload: P["Type"],
  options: Options = {}
): Effect.Effect<Plan, RehearsalError, Reads> =>
  Effect.gen(function* () {
    const { flow } = rehearsable
    const encoded: unknown = yield* Effect.mapError(
      Schema.encodeUnknown(flow.payload, { errors: "all" })(payload),
      ({ message }) => new RehearsalStalled({ flow: flow.name, reason: "not-started", after: 0, waiting: message })
    )
    const resource = flow.resource(payload) ?? null
    const ground = yield* Live.read([...(options.clusters ?? []), ...Live.namedIn(encoded)])
    const trialOn = (latencies: Latencies.Latencies, cancelAfter?: number) =>
      Trial.make(rehearsable, payload, {
        at: ground.at,
        bounds: options.bounds ?? defaultBounds,
        state: Ground.stateOf(ground, latencies),
        unavailable: ground.unavailable,
        shown: shown(ground),
        allow: Ground.allow(ground),
        isLive: Ground.isLive(ground),
        ...(cancelAfter === undefined ? {} : { cancelAfter })
      }).pipe(
        Effect.mapError(
          (error) =>
            new RehearsalStalled({
              flow: flow.name,
              reason: error._tag === "Stalled" ? error.reason : "not-started",
              after: error._tag === "Stalled" ? error.at - ground.at : 0,
              waiting: error._tag === "Stalled" ? (error.waiting ?? null) : error.message
            })
        )
      )
    const trial = yield* trialOn(options.latencies ?? Latencies.realistic)
    const forward = trial.calls.filter(({ status, undo }) => !undo && status === 200)
    const undos =
      options.undo === false
        ? []
        : yield* Effect.forEach(forward, (call, index) =>
            Effect.option(
              Effect.map(trialOn(Latencies.fast, index + 1), (cancelled) => undoOf(cancelled, call.step, index + 1))
            )
          )
    return planOf({ flow, encoded, resource, ground, trial, undos })
  })
