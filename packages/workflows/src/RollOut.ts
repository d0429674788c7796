/**
 * Runs any flow over many clusters: a canary first, then the others side by side, until too many have failed.
 *
 * @since 0.1.0
 */
import * as Flow from "@memstore-flows/engine/Flow"
import { Defect, nothingUndone, type Outcome, UndoReport } from "@memstore-flows/engine/Outcome"
import * as Run from "@memstore-flows/engine/Run"
import type * as Runs from "@memstore-flows/engine/Runs"
import * as Step from "@memstore-flows/engine/Step"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Schema from "effect/Schema"
import type { FlowModule, PureSchema } from "./FlowModule.js"
import * as children from "./internal/children.js"

const settings = {
  name: Schema.NonEmptyString,
  canary: Schema.optionalWith(Schema.NonNegativeInt, { exact: true }),
  soak: Schema.optionalWith(Schema.DurationFromMillis, { exact: true }),
  concurrency: Schema.optionalWith(Schema.Int.pipe(Schema.between(1, 100)), { exact: true }),
  budget: Schema.optionalWith(Schema.NonNegativeInt, { exact: true })
}

/**
 * - `name`: of the roll-out, which is its lock: one at a time of a name
 * - `canary`: how many targets go first, one by one; 1 unless given. Any failure among them stops the roll-out
 * - `soak`: milliseconds to wait after the canary; none unless given
 * - `concurrency`: how many of the others go side by side, 1-100; 1 unless given
 * - `budget`: how many of the others may fail before no more are begun; none unless given
 *
 * @since 0.1.0
 * @category schemas
 */
export const Settings = Schema.Struct(settings).annotations({ identifier: "RollOutSettings" })

/**
 * @since 0.1.0
 * @category models
 */
export type Settings = typeof Settings.Type

/**
 * One cluster of a roll-out, under a name that no other has, and the payload of the flow for it.
 *
 * @since 0.1.0
 * @category models
 */
export interface Target<P> {
  readonly name: string
  readonly payload: P
}

/**
 * The settings, and the targets in order; the first are the canary.
 *
 * @since 0.1.0
 * @category models
 */
export interface Payload<P> extends Settings {
  readonly targets: readonly [Target<P>, ...ReadonlyArray<Target<P>>]
}

/**
 * The payload as the journal and JSON hold it: durations in milliseconds.
 *
 * @since 0.1.0
 * @category models
 */
export interface PayloadEncoded<I> extends Schema.Schema.Encoded<typeof Settings> {
  readonly targets: readonly [Target<I>, ...ReadonlyArray<Target<I>>]
}

/**
 * What came of one target. `run` is the id of its own run. `NotRun` says why it was never begun, or why what came of it
 * cannot be told; the canary or the budget is the reason when the roll-out was stopped.
 *
 * @since 0.1.0
 * @category models
 */
export type TargetResult<A, E> = { readonly name: string; readonly run: string } & (
  | Outcome<A, E>
  | { readonly _tag: "NotRun"; readonly why: string }
)

/**
 * - `results`: in the order of the targets
 * - `stopped`: why not all targets were begun; `null` when they were
 *
 * @since 0.1.0
 * @category models
 */
export interface Result<A, E> {
  readonly stopped: "canary" | "budget" | null
  readonly results: ReadonlyArray<TargetResult<A, E>>
}

/**
 * A flow over many clusters: `flow` is its contract, under the name `RollOut/<name>`; its body starts a run for each
 * target. `rehearsable` has the flows of the targets in its own body instead, for a plan.
 *
 * @since 0.1.0
 * @category models
 */
export interface RollOut<Name extends string, P extends PureSchema, S extends PureSchema, E extends PureSchema, R>
  extends FlowModule<
    `RollOut/${Name}`,
    Schema.Schema<Payload<P["Type"]>, PayloadEncoded<P["Encoded"]>>,
    Schema.Schema<Result<S["Type"], E["Type"]>, Result<S["Encoded"], E["Encoded"]>>,
    typeof Schema.Never,
    Run.Run | Runs.Runs | Flow.Implemented<Name>
  > {
  readonly rehearsable: FlowModule<
    `RollOut/${Name}`,
    Schema.Schema<Payload<P["Type"]>, PayloadEncoded<P["Encoded"]>>,
    Schema.Schema<Result<S["Type"], E["Type"]>, Result<S["Encoded"], E["Encoded"]>>,
    typeof Schema.Never,
    R | Run.Run
  >
}

const named = { name: Schema.String, run: Schema.String }

const resultOf = (success: PureSchema, error: PureSchema) =>
  Schema.Union(
    Schema.TaggedStruct("Succeeded", { ...named, value: success }),
    Schema.TaggedStruct("Failed", { ...named, error, undo: UndoReport }),
    Schema.TaggedStruct("Cancelled", { ...named, undo: UndoReport }),
    Schema.TaggedStruct("Died", { ...named, defect: Defect, undo: UndoReport }),
    Schema.TaggedStruct("NotRun", { ...named, why: Schema.String })
  )

const payloadOf = (payload: PureSchema) =>
  Schema.Struct({
    ...settings,
    targets: Schema.NonEmptyArray(Schema.Struct({ name: Schema.NonEmptyString, payload })).pipe(
      Schema.filter((targets) => {
        const names = targets.map(({ name }) => name)
        const twice = names.filter((name, index) => names.indexOf(name) !== index || name.includes("/"))
        return twice.length === 0 || `names of targets are used once, and have no slash: ${twice.join(", ")}`
      })
    )
  })

/** How one target is worked on, and how many of the ones begun have failed. */
interface Player<A, E, P, R> {
  readonly play: (id: string, target: Target<P>) => Effect.Effect<TargetResult<A, E>, never, R>
  readonly failed: (ids: ReadonlyArray<string>) => Effect.Effect<number, never, R>
}

const isFailed = ({ _tag }: { readonly _tag: string }): boolean => _tag !== "Succeeded"

const rollOut = <A, E, P, R>({ failed, play }: Player<A, E, P, R>, payload: Payload<P>) =>
  Effect.gen(function* () {
    const { budget = 0, canary = 1, concurrency = 1, soak, targets } = payload
    const { id } = yield* Run.Run
    const idOf = ({ name }: Target<P>): string => `${id}/${name}`
    const one = (why: string, allowed: number, of: ReadonlyArray<Target<P>>) => (target: Target<P>) =>
      Effect.gen(function* () {
        const { name } = target
        const go = yield* Step.make("go", {
          success: Schema.Boolean,
          run: Effect.map(failed(of.map(idOf)), (count) => count <= allowed)
        })
        if (go) return yield* play(idOf(target), target)
        return { _tag: "NotRun" as const, name, run: idOf(target), why }
      })
    const each = { name: ({ name }: Target<P>) => name }
    const [first, rest] = [targets.slice(0, canary), targets.slice(canary)]
    const canaries = yield* Step.each(first, each, one("canary", 0, first))
    if (canaries.some(isFailed)) {
      const left = rest.map((target) => ({
        _tag: "NotRun" as const,
        name: target.name,
        run: idOf(target),
        why: "canary"
      }))
      return { stopped: "canary" as const, results: [...canaries, ...left] }
    }
    if (soak !== undefined && first.length > 0 && rest.length > 0) yield* Step.sleep("soak", soak)
    const others = yield* Step.each(rest, { ...each, concurrency }, one("budget", budget, rest))
    const stopped = others.some((each) => each._tag === "NotRun" && each.why === "budget")
    return { stopped: stopped ? ("budget" as const) : null, results: [...canaries, ...others] }
  })

/**
 * Makes of a flow one that goes over many clusters. `flow.toLayer(body)` makes it known to the engine, which must know the
 * flow of the targets too.
 *
 * Each target is a run of its own, with its own lock, events and undo, started under the id `<run>/<target>` and waiting in
 * line for its lock. One that fails or is cancelled is undone by itself; those that have succeeded stay. Cancelled, the
 * roll-out cancels the runs under way and waits until they are undone.
 *
 * @since 0.1.0
 * @category constructors
 */
export const of = <Name extends string, P extends PureSchema, S extends PureSchema, E extends PureSchema, R>({
  body,
  flow
}: FlowModule<Name, P, S, E, R>): RollOut<Name, P, S, E, R> => {
  type Mine = RollOut<Name, P, S, E, R>
  type Ended = TargetResult<S["Type"], E["Type"]>
  // The compiler does not see through structs and unions whose parts are parameters.
  const payload = payloadOf(flow.payload) as unknown as Mine["flow"]["payload"]
  const ended = resultOf(flow.success, flow.error) as unknown as Schema.Schema<Ended, unknown>
  const success = Schema.Struct({
    stopped: Schema.NullOr(Schema.Literal("canary", "budget")),
    results: Schema.Array(ended)
  }) as unknown as Mine["flow"]["success"]
  const contract: Mine["flow"] = Flow.make({
    name: `RollOut/${flow.name}` as const,
    version: flow.version,
    payload,
    success,
    resource: ({ name }) => `roll-out/${name}`
  })
  const tell = (name: string, run: string, outcome: Either.Either<Outcome<S["Type"], E["Type"]>, string>): Ended =>
    Either.match(outcome, {
      onLeft: (why) => ({ _tag: "NotRun", name, run, why }),
      onRight: (known) => ({ ...known, name, run })
    })
  const child = (id: string, { name, payload }: Target<P["Type"]>) =>
    Effect.flatMap(children.start(flow, { id, payload }), (why) =>
      why === null
        ? Step.make("end", {
            success: ended,
            run: Effect.zipRight(
              Run.progress({ message: `waits for run ${id}`, subject: name }),
              Effect.map(children.ending(flow, id), (outcome) => tell(name, id, outcome))
            )
          })
        : Effect.succeed(tell(name, id, Either.left(why)))
    )
  const inline =
    (failures: { count: number }) =>
    (id: string, { name, payload }: Target<P["Type"]>) =>
      Effect.match(body(payload), {
        onSuccess: (value) => tell(name, id, Either.right({ _tag: "Succeeded", value })),
        onFailure: (error) => {
          failures.count++
          return tell(name, id, Either.right({ _tag: "Failed", error, undo: nothingUndone }))
        }
      })
  return {
    flow: contract,
    body: (payload) => rollOut({ play: child, failed: children.failedOf }, payload),
    rehearsable: {
      flow: contract,
      body: (payload) => {
        const failures = { count: 0 }
        return rollOut({ play: inline(failures), failed: () => Effect.sync(() => failures.count) }, payload)
      }
    }
  }
}
