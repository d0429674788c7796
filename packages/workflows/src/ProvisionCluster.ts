/**
 * The flow "make a new, empty cluster".
 *
 * @since 0.1.0
 */
import { CreateCluster } from "@memstore-flows/api/CreateCluster"
import type { DeleteCluster } from "@memstore-flows/api/DeleteCluster"
import type { ListClusters } from "@memstore-flows/api/ListClusters"
import type { ListEngineVersions } from "@memstore-flows/api/ListEngineVersions"
import type { ListFlavors } from "@memstore-flows/api/ListFlavors"
import type { ListShards } from "@memstore-flows/api/ListShards"
import { Shard } from "@memstore-flows/api/Shard"
import * as Flow from "@memstore-flows/engine/Flow"
import type * as Run from "@memstore-flows/engine/Run"
import * as Step from "@memstore-flows/engine/Step"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Checks from "./Checks.js"
import { VerificationFailed } from "./FlowError.js"
import { create, inService, NewClusterError } from "./internal/newCluster.js"
import { specFields, specFindings, withPassword } from "./internal/newClusterSpec.js"
import { verifyTopology } from "./internal/verifyCluster.js"
import { refuseIf } from "./Preflight.js"
import { OnUndo } from "./Restore.js"

/**
 * The cluster to make (page: "Create cluster"), without a password: `user` names a database user, whose password comes
 * from `PasswordSource`.
 *
 * @since 0.1.0
 * @category schemas
 */
export const ProvisionSpec = Schema.Struct(specFields).annotations({ identifier: "ProvisionSpec" })

/**
 * - `onUndo`: whether the cluster is deleted (default) or kept when the run fails or is cancelled
 * - `checksOff`: such as `subnetSpread`: each shard's primary and a replica in different subnets
 *
 * @since 0.1.0
 * @category schemas
 */
export const Payload = Schema.Struct({
  cluster: ProvisionSpec,
  onUndo: Schema.optionalWith(OnUndo, { exact: true }),
  ...Checks.payloadFields
}).annotations({ identifier: "ProvisionClusterPayload" })

/**
 * @since 0.1.0
 * @category models
 */
export type Payload = typeof Payload.Type

/**
 * The cluster that was made.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Result = Schema.Struct({ clusterId: Schema.String, shards: Schema.Array(Shard) }).annotations({
  identifier: "ProvisionClusterResult"
})

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
export const ProvisionError = Schema.Union(...NewClusterError.members, VerificationFailed)

/**
 * @since 0.1.0
 * @category errors
 */
export type ProvisionError = typeof ProvisionError.Type

/**
 * What this flow calls, and nothing else.
 *
 * @since 0.1.0
 * @category models
 */
export type Requirements = CreateCluster | DeleteCluster | ListClusters | ListEngineVersions | ListFlavors | ListShards

/**
 * The contract. It locks the name of the new cluster.
 *
 * @since 0.1.0
 * @category contracts
 */
export const flow = Flow.make({
  name: "ProvisionCluster",
  version: 1,
  payload: Payload,
  success: Result,
  error: ProvisionError,
  resource: ({ cluster }) => `cluster-name/${cluster.name}`
})

const send = (cluster: Payload["cluster"]) =>
  Effect.gen(function* () {
    const createCluster = yield* CreateCluster
    const { objectId } = yield* createCluster(yield* withPassword(cluster))
    return Option.some(objectId)
  })

/**
 * The flow as a plain Effect, to be built into others.
 *
 * Refused before anything is sent: flavor or version unknown, a name in use, quotas, subnets that do not fit or hold all
 * nodes of a shard, no password for a named user. A cluster of that name is never adopted. When the new one is in
 * service, its shards, nodes and slots are verified. Undone, it is deleted, found by its name if the answer was lost, or
 * kept if `onUndo` says so.
 *
 * @since 0.1.0
 * @category constructors
 */
export const body = (payload: Payload): Effect.Effect<Result, ProvisionError, Requirements | Run.Run> =>
  Effect.gen(function* () {
    const { cluster, onUndo = "delete" } = payload
    yield* Step.make("preflight", {
      success: Checks.Report,
      error: ProvisionError,
      run: Effect.flatMap(specFindings(cluster), ({ findings, report }) => Effect.as(refuseIf(findings), report))
    })
    const what = `new cluster ${cluster.name}`
    const clusterId = yield* create({ spec: cluster, operation: "CreateCluster", what, onUndo, send: send(cluster) })
    const shards = yield* inService(clusterId, "create", cluster)
    yield* verifyTopology(clusterId, shards, cluster)
    return { clusterId, shards }
  }).pipe(Checks.without(payload.checksOff))

/**
 * Makes the flow known to the engine.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = flow.toLayer(body)
