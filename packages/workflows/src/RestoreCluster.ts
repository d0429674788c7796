/**
 * The flow "restore a backup into a new cluster".
 *
 * @since 0.1.0
 */
import { Shard } from "@memstore-flows/api/Shard"
import * as Flow from "@memstore-flows/engine/Flow"
import type * as Run from "@memstore-flows/engine/Run"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Checks from "./Checks.js"
import { VerificationFailed } from "./FlowError.js"
import { verifyTopology } from "./internal/verifyCluster.js"
import * as Restore from "./Restore.js"

/**
 * - `cluster`: the cluster to make; `shardCount` is the backup's
 * - `onUndo`: whether it is deleted (default) or kept when the run fails or is cancelled
 * - `checksOff`: such as `subnetSpread`: each shard's primary and a replica in different subnets
 *
 * @since 0.1.0
 * @category schemas
 */
export const Payload = Schema.Struct({
  cluster: Restore.RestoreSpec,
  onUndo: Schema.optionalWith(Restore.OnUndo, { exact: true }),
  ...Checks.payloadFields
}).annotations({ identifier: "RestoreClusterPayload" })

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
  identifier: "RestoreClusterResult"
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
export const RestoreClusterError = Schema.Union(...Restore.RestoreError.members, VerificationFailed)

/**
 * @since 0.1.0
 * @category errors
 */
export type RestoreClusterError = typeof RestoreClusterError.Type

/**
 * What this flow calls, and nothing else.
 *
 * @since 0.1.0
 * @category models
 */
export type Requirements = Restore.Requirements

/**
 * The contract. It locks the name of the new cluster.
 *
 * @since 0.1.0
 * @category contracts
 */
export const flow = Flow.make({
  name: "RestoreCluster",
  version: 1,
  payload: Payload,
  success: Result,
  error: RestoreClusterError,
  resource: ({ cluster }) => `cluster-name/${cluster.name}`
})

/**
 * The flow as a plain Effect, to be built into others.
 *
 * The backup is named, and everything about it is checked first: see `Restore.preflight`. The cluster is waited for until
 * it is in service, then its shards, nodes and slots are verified. Undone, it is deleted, or kept if `onUndo` says so.
 *
 * @since 0.1.0
 * @category constructors
 */
export const body = ({
  checksOff,
  cluster,
  onUndo
}: Payload): Effect.Effect<Result, RestoreClusterError, Requirements | Run.Run> =>
  Effect.gen(function* () {
    const { clusterId, shards } = yield* Restore.restore(cluster, { onUndo })
    yield* verifyTopology(clusterId, shards, cluster)
    return { clusterId, shards }
  }).pipe(Checks.without(checksOff))

/**
 * Makes the flow known to the engine.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = flow.toLayer(body)
