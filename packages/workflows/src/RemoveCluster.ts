/**
 * Deletes a cluster and waits until it is gone, whatever state it is in.
 *
 * @since 0.1.0
 */
import { DeleteCluster } from "@memstore-flows/api/DeleteCluster"
import type { ListShards } from "@memstore-flows/api/ListShards"
import { isAuth } from "@memstore-flows/api/MemStoreError"
import { classify } from "@memstore-flows/api/Status"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import type { CallError, WaitTimedOut } from "./FlowError.js"
import * as Observe from "./Observe.js"
import * as Waiter from "./Waiter.js"
import { WaitPolicy } from "./WaitPolicy.js"

type Seen = { readonly _tag: "Gone" } | { readonly _tag: "There"; readonly status: string }

const see = (clusterId: string) =>
  Observe.topology(clusterId).pipe(
    Effect.map(({ shards }): Seen => ({ _tag: "There", status: shards[0]?.status ?? "Init" })),
    Effect.catchTag("NotFound", () => Effect.succeed<Seen>({ _tag: "Gone" }))
  )

/** What one round of "look, and delete unless that is under way" showed. */
interface Round {
  readonly state: string
  readonly gone: boolean
  /** The cluster was seen, or its deletion accepted: a 404 now means that it is gone, not that it is yet to appear. */
  readonly known: boolean
}

/**
 * Deletes a cluster, also in mid-change or `Failed`, and waits until it answers 404.
 *
 * A refusal because the cluster is busy is waited out. A cluster that answers 404 and was never seen counts as gone
 * after `WaitPolicy.settle`. Calling it for a cluster that is gone does nothing.
 *
 * - `keepAutomaticBackups`: as in `DeleteCluster`; by default automatic backups go with the cluster
 *
 * @since 0.1.0
 * @category constructors
 */
export const removeCluster = (
  clusterId: string,
  options: { readonly keepAutomaticBackups?: boolean } = {}
): Effect.Effect<void, CallError | WaitTimedOut, DeleteCluster | ListShards> =>
  Effect.gen(function* () {
    const { remove, settle } = yield* WaitPolicy
    const deleteCluster = yield* DeleteCluster
    let known = false
    let refusedAt: string | undefined
    const send = Effect.flatMap(
      Effect.either(deleteCluster({ clusterId, keepAutomaticBackups: options.keepAutomaticBackups ?? false })),
      (answer) => {
        if (Either.isLeft(answer)) {
          return isAuth(answer.left) ? Effect.fail(answer.left) : Effect.succeed<string>(answer.left._tag)
        }
        known = true
        return Effect.succeed<string>("Deleting")
      }
    )
    const round = Effect.gen(function* () {
      const seen = yield* see(clusterId)
      if (seen._tag === "Gone" && known) return { state: "gone", gone: true, known } satisfies Round
      const status = seen._tag === "Gone" ? "not seen" : seen.status
      known ||= seen._tag === "There"
      const waits = status === "Deleting" || (status === refusedAt && classify(status) === "Pending")
      if (waits) return { state: status, gone: false, known } satisfies Round
      const state = yield* send
      refusedAt = state === "Deleting" ? undefined : status
      return { state, gone: seen._tag === "Gone" && state === "NotFound", known } satisfies Round
    })
    const deadline = yield* Waiter.deadlineIn(remove)
    let absentSince: number | undefined
    yield* Waiter.until({
      what: `cluster ${clusterId} to be gone`,
      read: round,
      deadline,
      judge: ({ gone, known, state }, now): Waiter.Verdict<void> => {
        if (!gone) return Waiter.pending(state)
        absentSince ??= now
        return known || now - absentSince >= Duration.toMillis(settle) ? Waiter.done(undefined) : Waiter.pending(state)
      }
    })
  })
