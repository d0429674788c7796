import type { ListShards } from "@memstore-flows/api/ListShards"
import * as Run from "@memstore-flows/engine/Run"
import * as Step from "@memstore-flows/engine/Step"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import {
  Ambiguous,
  type CallError,
  ClusterFailed,
  CreateError,
  LeftInPlace,
  OutcomeUnknown,
  PasswordUnavailable,
  Refused,
  WaitTimedOut
} from "../FlowError.js"
import * as Mutation from "../Mutation.js"
import * as Observe from "../Observe.js"
import { clusters } from "../Preflight.js"
import { removeCluster } from "../RemoveCluster.js"
import type { Resolution } from "../Resolution.js"
import * as Waiter from "../Waiter.js"
import { WaitPolicy } from "../WaitPolicy.js"
import { ask, proven } from "./adoption.js"
import type { Spec } from "./newClusterSpec.js"
import { Shards } from "./shards.js"
import { undoRetry } from "./undoRetry.js"
import { lacking, whole } from "./whole.js"

/** Every way making a cluster can fail. */
export const NewClusterError = Schema.Union(
  ...CreateError.members,
  Refused,
  ClusterFailed,
  WaitTimedOut,
  Ambiguous,
  OutcomeUnknown,
  PasswordUnavailable
)
export type NewClusterError = typeof NewClusterError.Type

/** The ids of clusters that had the name before; `null` when they could not be listed. */
const Before = Schema.NullOr(Schema.Array(Schema.String))
type Before = typeof Before.Type

/** Looked at just before the undo deletes a cluster; a reason keeps it. */
export type Spare = Effect.Effect<Option.Option<string>, CallError, ListShards>

/**
 * - `operation`: of the API, for errors; `what`: in words, for errors and history
 * - `spare`: why the undo should not delete the cluster after all
 * - `send`: the one call; the id of the cluster when its answer has it
 */
export interface NewCluster<R> {
  readonly spec: Pick<Spec, "name" | "shardCount" | "subnets">
  readonly operation: "CreateCluster" | "RestoreCluster"
  readonly what: string
  readonly onUndo: "delete" | "keep"
  readonly spare?: Spare | undefined
  readonly send: Effect.Effect<Option.Option<string>, NewClusterError, R>
}

/** One attempt at making the cluster. What is known of it is changed in place by each replay, for the undo to see. */
interface Attempt {
  readonly nth: number
  readonly run: string
  readonly scope: string
  asked: number
  answer: Resolution | undefined
  adopted: boolean
}

/** The first of a kind has no number. */
const numbered = (name: string, nth: number): string => (nth === 1 ? name : `${name} ${nth}`)

const waiting = ({ asked, scope }: Attempt): string => scope + numbered("outcome", asked + 1)

const unknown = ({ operation, spec }: NewCluster<never>, attempt: Attempt, from: number) =>
  Effect.map(
    Clock.currentTimeMillis,
    (until) =>
      new OutcomeUnknown({
        run: attempt.run,
        waiting: waiting(attempt),
        operation,
        name: spec.name,
        subnets: spec.subnets.map(({ id }) => id),
        from,
        until
      })
  )

const sameName = (options: NewCluster<never>, attempt: Attempt, before: Before, at: number) =>
  Effect.gen(function* () {
    const { operation, spec } = options
    const known = before === null ? Option.none() : yield* clusters
    if (before === null || Option.isNone(known))
      return yield* Effect.flatMap(unknown(options, attempt, at), Effect.fail)
    const ids = known.value.filter(({ id, name }) => name === spec.name && !before.includes(id)).map(({ id }) => id)
    const [id] = ids
    if (ids.length > 1) {
      const lookFor = `several clusters named "${spec.name}" appeared`
      return yield* new Ambiguous({ operation, lookFor, candidates: ids })
    }
    return id === undefined ? Mutation.absent : Mutation.applied(id)
  })

const takeAway = ({ onUndo, spare = Effect.succeedNone }: NewCluster<never>, clusterId: string) =>
  Effect.gen(function* () {
    if (onUndo === "keep") return yield* new LeftInPlace({ reason: `cluster ${clusterId} is kept, as asked` })
    const why = yield* spare
    if (Option.isSome(why)) return yield* new LeftInPlace({ reason: `cluster ${clusterId} is kept: ${why.value}` })
    yield* removeCluster(clusterId)
  })

const expected = ({ spec }: NewCluster<never>, from: number) => ({ ...spec, from })

const undo = (
  options: NewCluster<never>,
  attempt: Attempt,
  before: Before,
  result: Option.Option<string>,
  at: number
) =>
  Effect.gen(function* () {
    const { adopted, answer } = attempt
    if (answer?._tag === "NotCreated" || adopted) return
    const deadline = yield* Effect.flatMap(WaitPolicy, ({ remove }) => Waiter.deadlineIn(remove))
    if (answer) {
      const clusterId = yield* proven(answer.clusterId, expected(options, at), deadline)
      return yield* takeAway(options, clusterId)
    }
    const look = sameName(options, attempt, before, at)
    const found = Option.isSome(result) ? result : yield* Mutation.seen({ operation: options.what, look, deadline })
    if (Option.isSome(found)) yield* takeAway(options, found.value)
  })

/** One call, settled by the name of the cluster if its answer is lost and clusters can be listed. */
const createOnce = <R>(options: NewCluster<R>, attempt: Attempt) =>
  Effect.flatMap(WaitPolicy, (policy) => {
    const told: NewCluster<never> = { ...options, send: Effect.succeedNone }
    return Mutation.make(numbered("create", attempt.nth), {
      before: Before,
      success: Schema.String,
      error: NewClusterError,
      operation: options.what,
      observe: Effect.map(
        clusters,
        Option.match({
          onNone: () => null,
          onSome: (known) => known.flatMap(({ id, name }) => (name === options.spec.name ? [id] : []))
        })
      ),
      look: (before, at) => sameName(told, attempt, before, at),
      apply: () => options.send,
      timeout: policy.create,
      undo: (before, result, at) => undo(told, attempt, before, result, at)
    })
  })
const adopt = (options: NewCluster<never>, attempt: Attempt, unknown: OutcomeUnknown, clusterId: string) =>
  Step.make(numbered("adopt", attempt.asked), {
    success: Schema.String,
    error: NewClusterError,
    run: Effect.gen(function* () {
      const { create } = yield* WaitPolicy
      return yield* proven(clusterId, expected(options, unknown.from), yield* Waiter.deadlineIn(create))
    }),
    undo: (adopted) =>
      Effect.suspend(() => {
        attempt.adopted = true
        return takeAway(options, adopted)
      }),
    undoRetry
  })

/** Waits until somebody says what became of the call. None: there is no cluster, and the call may be sent again. */
const resolve = (
  options: NewCluster<never>,
  attempt: Attempt,
  unknown: OutcomeUnknown,
  why?: string
): Effect.Effect<
  Option.Option<string>,
  NewClusterError,
  Effect.Effect.Context<ReturnType<typeof ask> | ReturnType<typeof adopt>>
> =>
  Effect.gen(function* () {
    const answer = yield* ask(unknown, why)
    attempt.asked++
    attempt.answer = answer
    if (answer._tag === "NotCreated") return Option.none()
    return yield* adopt(options, attempt, unknown, answer.clusterId).pipe(
      Effect.map(Option.some),
      Effect.catchTag("Ambiguous", ({ lookFor }) => {
        attempt.answer = undefined
        const next = new OutcomeUnknown({ ...unknown, waiting: waiting(attempt) })
        return resolve(options, attempt, next, lookFor)
      })
    )
  })

/**
 * Makes the cluster once. A lost answer is settled by its name; where clusters cannot be listed, by a `Resolution` from
 * outside.
 */
export const create = <R>(options: NewCluster<R>) =>
  Effect.flatMap(Run.Run, ({ id: run, scope }) => {
    const told: NewCluster<never> = { ...options, send: Effect.succeedNone }
    const from = (
      nth: number,
      asked: number
    ): Effect.Effect<
      string,
      NewClusterError,
      Effect.Effect.Context<ReturnType<typeof createOnce<R>> | ReturnType<typeof resolve>>
    > =>
      Effect.suspend(() => {
        const attempt: Attempt = { nth, run, scope, asked, answer: undefined, adopted: false }
        return Effect.catchTag(createOnce(options, attempt), "OutcomeUnknown", (unknown) =>
          Effect.flatMap(
            resolve(told, attempt, unknown),
            Option.match({ onNone: () => from(nth + 1, attempt.asked), onSome: Effect.succeed })
          )
        )
      })
    return from(1, 0)
  })

/** The step that waits until a cluster made just now is in service, and a node that died meanwhile has been replaced. */
export const inService = (clusterId: string, during: string, { nodeCountPerShard }: Pick<Spec, "nodeCountPerShard">) =>
  Step.make("in service", {
    success: Shards,
    error: NewClusterError,
    run: Effect.gen(function* () {
      const run = yield* Run.Run
      const policy = yield* WaitPolicy
      const { shards } = yield* Observe.settled({
        clusterId,
        during,
        deadline: yield* Waiter.deadlineIn(policy.create),
        appearing: true,
        onPending: (message) => Effect.provideService(Run.progress({ message, subject: clusterId }), Run.Run, run)
      })
      const sizes = new Map(shards.map(({ id }) => [id, nodeCountPerShard]))
      return lacking(shards, sizes) === undefined ? shards : yield* whole(clusterId, during, sizes, policy.create)
    })
  })
