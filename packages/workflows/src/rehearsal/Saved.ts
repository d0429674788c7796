/**
 * Runs a flow by a plan: one that was saved, or one that a person approves while the run waits.
 *
 * @since 0.1.0
 */
import type * as MemStore from "@memstore-flows/api/MemStore"
import type * as Run from "@memstore-flows/engine/Run"
import type { Planned, StartPlan } from "@memstore-flows/engine/StartPlan"
import * as Step from "@memstore-flows/engine/Step"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Approval from "../Approval.js"
import { type CallError, NotApproved } from "../FlowError.js"
import type { PureSchema } from "../FlowModule.js"
import { basisOf } from "./internal/ground.js"
import * as Live from "./internal/live.js"
import * as words from "./internal/words.js"
import { Difference, difference, type Plan, Plan as PlanSchema } from "./Plan.js"
import { type Options, type Reads, type Rehearsable, RehearsalError, rehearse } from "./Rehearsal.js"
import * as Tree from "./Tree.js"

type Pure = Schema.Schema.AnyNoContext | typeof Schema.Never

/**
 * The topology is not what the plan was made from; `difference` says how. Nothing was sent.
 *
 * @since 0.1.0
 * @category errors
 */
export class PlanStale extends Schema.TaggedError<PlanStale>("@memstore-flows/workflows/PlanStale")("PlanStale", {
  flow: Schema.String,
  fingerprint: Schema.String,
  difference: Difference
}) {
  override get message(): string {
    const { found, lost } = this.difference
    const list = [...lost.map((line) => `no longer: ${line}`), ...found.map((line) => `now: ${line}`)]
    return `the plan ${this.fingerprint} of ${this.flow} is stale: ${list.join("; ")}`
  }
}

/**
 * The plan cannot be run: it is of another flow or version, its payload cannot be read, or it does not end well.
 *
 * @since 0.1.0
 * @category errors
 */
export class PlanUnfit extends Schema.TaggedError<PlanUnfit>("@memstore-flows/workflows/PlanUnfit")("PlanUnfit", {
  flow: Schema.String,
  reason: Schema.String
}) {
  override get message(): string {
    return `the plan is not fit for ${this.flow}: ${this.reason}`
  }
}

const restoredIn = ({ backups }: Plan): ReadonlySet<string> => new Set(backups.map(({ name }) => name))

/**
 * Looks whether a plan still fits what is there. Reads only.
 *
 * @since 0.1.0
 * @category constructors
 */
export const verify = (plan: Plan): Effect.Effect<void, PlanStale | CallError, Reads> =>
  Effect.gen(function* () {
    const ids = [...plan.before.map(({ id }) => id), ...Live.namedIn(plan.payload)]
    const ground = yield* Live.read(ids)
    const now = basisOf(ground, new Set(ids), restoredIn(plan))
    const found = difference(plan, now)
    if (found.lost.length + found.found.length === 0) return
    return yield* new PlanStale({ flow: plan.flow.name, fingerprint: plan.fingerprint, difference: found })
  })

const readable = <P extends PureSchema>(flow: Planned<P>, plan: Plan): Effect.Effect<P["Type"], PlanUnfit> => {
  const unfit = (reason: string) => new PlanUnfit({ flow: flow.name, reason })
  if (plan.flow.name !== flow.name || plan.flow.version !== flow.version) {
    return unfit(`it is of ${plan.flow.name} version ${plan.flow.version}`)
  }
  if (plan.ending._tag !== "Succeeds") return unfit(`it ${[words.ending(plan), ...words.reasons(plan)].join("; ")}`)
  // `PureSchema` is `Schema<A, I>` written so that `never` fits.
  const payload = flow.payload as unknown as Schema.Schema<P["Type"], unknown>
  return Effect.mapError(Schema.decodeUnknown(payload, { errors: "all" })(plan.payload), ({ message }) =>
    unfit(message)
  )
}

/**
 * A plan as `Runs.start` and `Runs.execute` take it. The run is started with the plan's payload if the topology is still
 * what the plan was made from; otherwise it fails with `PlanStale`, and nothing was sent.
 *
 * The run makes its own checks, too: they see what changes between this look and its first write.
 *
 * @since 0.1.0
 * @category constructors
 */
export const of = (plan: Plan): StartPlan<PlanStale | PlanUnfit | CallError, Reads> => ({
  payload: (flow) => readable(flow, plan),
  holds: verify(plan)
})

/**
 * Every way a body under `approved` can fail, beside its own.
 *
 * @since 0.1.0
 * @category errors
 */
export const ApprovedError = Schema.Union(...RehearsalError.members, PlanStale, PlanUnfit, NotApproved)

/**
 * @since 0.1.0
 * @category errors
 */
export type ApprovedError = typeof ApprovedError.Type

/**
 * A body that first rehearses, shows the plan, and goes on only when a person says yes, and then only if nothing has
 * changed since. The plan is in the journal; it stands as a tree in the run's progress while the run waits.
 *
 * `Runs.signal(id, Approval.signal, answer, { scope: "plan/approval" })` answers. `ask` says how long the run waits, and
 * what holds when no answer comes. A plan that does not end well is not asked about: it fails with `PlanUnfit`.
 *
 * @since 0.1.0
 * @category combinators
 */
export const approved =
  <Name extends string, P extends Schema.Schema.AnyNoContext, S extends Pure, E extends Pure>(
    rehearsable: Rehearsable<Name, P, S, E>,
    ask: Approval.Ask,
    options: Options = {}
  ) =>
  (payload: P["Type"]): Effect.Effect<S["Type"], E["Type"] | ApprovedError, MemStore.Operations | Reads | Run.Run> =>
    Effect.gen(function* () {
      const { flow } = rehearsable
      const plan = yield* Step.make("rehearsal", {
        success: PlanSchema,
        error: RehearsalError,
        run: rehearse(rehearsable, payload, options)
      })
      yield* readable(flow, plan)
      const question = `${words.heading(plan)}; plan ${plan.fingerprint}`
      yield* Effect.catchTag(Approval.ask(Tree.render(plan), ask), "NotApproved", ({ by, why }) =>
        Effect.fail(new NotApproved({ question, why, by }))
      )
      yield* Step.make("unchanged", { error: ApprovedError, run: verify(plan) })
    }).pipe(Step.scope("plan"), Effect.zipRight(Effect.suspend(() => rehearsable.body(payload))))
