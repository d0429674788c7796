/**
 * The flow "delete a cluster for good".
 *
 * @since 0.1.0
 */
import { DeleteCluster } from "@memstore-flows/api/DeleteCluster"
import type { ListBackups } from "@memstore-flows/api/ListBackups"
import type { ListClusters } from "@memstore-flows/api/ListClusters"
import type { ListShards } from "@memstore-flows/api/ListShards"
import { ResourceId } from "@memstore-flows/api/ResourceId"
import * as Flow from "@memstore-flows/engine/Flow"
import type * as Run from "@memstore-flows/engine/Run"
import * as Step from "@memstore-flows/engine/Step"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Approval from "./Approval.js"
import * as Checks from "./Checks.js"
import { Ambiguous, NotApproved } from "./FlowError.js"
import * as Mutation from "./Mutation.js"
import * as Observe from "./Observe.js"
import * as Waiter from "./Waiter.js"
import { WaitPolicy } from "./WaitPolicy.js"

/**
 * - `keepAutomaticBackups`: must be said: `true` keeps each until it expires, `false` deletes them with the cluster
 * - `approval`: whether a person is asked before the deletion
 * - `checksOff`: for instance `freshBackup`, when no backup of the last day is wanted
 *
 * @since 0.1.0
 * @category schemas
 */
export const Payload = Schema.Struct({
  clusterId: ResourceId,
  keepAutomaticBackups: Schema.Boolean,
  approval: Approval.Ask,
  ...Checks.payloadFields
}).annotations({ identifier: "DecommissionClusterPayload" })

/**
 * @since 0.1.0
 * @category models
 */
export type Payload = typeof Payload.Type

/**
 * What is gone: the cluster, and the endpoints clients must forget (private IPs).
 *
 * @since 0.1.0
 * @category schemas
 */
export const Result = Schema.Struct({
  clusterId: Schema.String,
  endpointsRemoved: Schema.Array(Schema.String)
}).annotations({ identifier: "DecommissionClusterResult" })

/**
 * @since 0.1.0
 * @category models
 */
export type Result = typeof Result.Type

/**
 * Every way this flow can fail.
 *
 * @since 0.1.0
 * @category errors
 */
export const DecommissionError = Schema.Union(...Checks.CheckError.members, Ambiguous, NotApproved)

/**
 * @since 0.1.0
 * @category errors
 */
export type DecommissionError = typeof DecommissionError.Type

/**
 * What this flow calls, and nothing else.
 *
 * @since 0.1.0
 * @category models
 */
export type Requirements = DeleteCluster | ListBackups | ListClusters | ListShards

/**
 * The contract. It locks the cluster.
 *
 * @since 0.1.0
 * @category contracts
 */
export const flow = Flow.make({
  name: "DecommissionCluster",
  version: 1,
  payload: Payload,
  success: Result,
  error: DecommissionError,
  resource: ({ clusterId }) => `cluster/${clusterId}`
})

const lookForAbsence = (clusterId: string) =>
  Observe.topology(clusterId).pipe(
    Effect.map(({ shards }) => {
      const deleting = shards.some(({ status }) => status === "Deleting")
      return deleting ? Mutation.underWay("Deleting") : Mutation.absent
    }),
    Effect.catchTag("NotFound", () => Effect.succeed(Mutation.applied(undefined)))
  )

const remove = ({ clusterId, keepAutomaticBackups }: Payload) =>
  Effect.flatMap(WaitPolicy, (policy) =>
    Mutation.make("delete", {
      before: Schema.Undefined,
      success: Schema.Undefined,
      error: DecommissionError,
      operation: `deleted cluster ${clusterId}`,
      observe: Effect.as(Observe.topology(clusterId), undefined),
      look: () => lookForAbsence(clusterId),
      apply: () =>
        Effect.flatMap(DeleteCluster, (send) =>
          Effect.as(send({ clusterId, keepAutomaticBackups }), Option.none<undefined>())
        ),
      timeout: policy.remove,
      undo: () =>
        Effect.flatMap(Waiter.deadlineIn(policy.remove), (deadline) =>
          Mutation.leave(
            { operation: `deletion of cluster ${clusterId}`, look: lookForAbsence(clusterId), deadline },
            () => `cluster ${clusterId} was deleted, which cannot be undone`
          )
        )
    })
  )

const Endpoints = Schema.Array(Schema.String)

/**
 * The flow as a plain Effect, to be built into others.
 *
 * Refused before anything is sent, and again after the approval: no available backup of the last 24 hours, a backup under
 * way, the lock not held, a change under way. A `Failed` cluster may be deleted. The deletion is waited for until the
 * cluster answers 404. It cannot be undone; once it is sent, the undo says so.
 *
 * @since 0.1.0
 * @category constructors
 */
export const body = (payload: Payload): Effect.Effect<Result, DecommissionError, Requirements | Run.Run> =>
  Effect.gen(function* () {
    const { approval, clusterId } = payload
    const change = {
      what: `delete cluster ${clusterId}`,
      clusterId,
      destructive: true,
      irreversible: ["delete"],
      removesCluster: true,
      tellsEndpoints: true
    }
    yield* Checks.guard("checks", change)
    const before = yield* Step.make("endpoints", {
      success: Endpoints,
      error: DecommissionError,
      run: Effect.map(Observe.topology(clusterId), ({ shards }) =>
        shards.flatMap(({ nodes }) => nodes.map(({ endpoint }) => endpoint)).filter((endpoint) => endpoint !== "")
      )
    })
    yield* Approval.ask(`delete cluster ${clusterId} for good?`, approval)
    yield* Checks.guard("checks before delete", change)
    yield* remove(payload)
    return { clusterId, endpointsRemoved: before }
  }).pipe(Checks.without(payload.checksOff))

/**
 * Makes the flow known to the engine.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = flow.toLayer(body)
