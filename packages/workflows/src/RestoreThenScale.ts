/**
 * The flow "restore from a backup, then scale the shards".
 *
 * @since 0.1.0
 */
import type { AddShard } from "@memstore-flows/api/AddShard"
import type { DeleteShard } from "@memstore-flows/api/DeleteShard"
import { Shard } from "@memstore-flows/api/Shard"
import { SubnetAssignment } from "@memstore-flows/api/Subnet"
import * as Flow from "@memstore-flows/engine/Flow"
import type * as Run from "@memstore-flows/engine/Run"
import * as Rules from "@memstore-flows/model/Rules"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Checks from "./Checks.js"
import type { Finding } from "./Finding.js"
import { restoreTakes, shardTakes } from "./internal/expected.js"
import { OnUndo, RestoreError, type Requirements as RestoreRequirements, RestoreSpec, restore } from "./Restore.js"
import { scaleTo, TargetShards } from "./Scale.js"

/**
 * - `cluster`: the cluster to make; `shardCount` is the backup's
 * - `shards`: how many shards there shall be in the end, 1-12
 * - `newShards`: subnets of each added shard in order; by default those of `cluster.subnetAssignments`, in turn
 * - `onUndo`: whether the new cluster is deleted (default) or kept when the run fails or is cancelled
 *
 * @since 0.1.0
 * @category schemas
 */
export const Payload = Schema.Struct({
  cluster: RestoreSpec,
  shards: TargetShards,
  newShards: Schema.optionalWith(Schema.Array(SubnetAssignment), { exact: true }),
  onUndo: Schema.optionalWith(OnUndo, { exact: true }),
  ...Checks.payloadFields
}).annotations({ identifier: "RestoreThenScalePayload" })

/**
 * @since 0.1.0
 * @category models
 */
export type Payload = typeof Payload.Type

/**
 * The cluster that was made, with the topology reached.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Result = Schema.Struct({ clusterId: Schema.String, shards: Schema.Array(Shard) }).annotations({
  identifier: "RestoreThenScaleResult"
})

/**
 * @since 0.1.0
 * @category models
 */
export type Result = typeof Result.Type

/**
 * What this flow calls, and nothing else.
 *
 * @since 0.1.0
 * @category models
 */
export type Requirements = RestoreRequirements | AddShard | DeleteShard

/**
 * The contract. It locks the name of the new cluster.
 *
 * @since 0.1.0
 * @category contracts
 */
export const flow = Flow.make({
  name: "RestoreThenScale",
  version: 1,
  payload: Payload,
  success: Result,
  error: RestoreError,
  resource: ({ cluster }) => `cluster-name/${cluster.name}`
})

const placementOf =
  ({ cluster, newShards }: Payload) =>
  (n: number): SubnetAssignment => {
    const index = n - cluster.shardCount - 1
    const given = newShards?.[index] ?? cluster.subnetAssignments[index % cluster.subnetAssignments.length]
    return given ?? { primary: { id: "" }, replicas: [] }
  }

const findings = (payload: Payload): ReadonlyArray<Finding> => {
  const { cluster, newShards = [], shards } = payload
  const added = Math.max(0, shards - cluster.shardCount)
  const count = newShards.length === 0 || newShards.length === added
  return [
    ...(count ? [] : [{ _tag: "AssignmentCount" as const, wanted: added, given: newShards.length }]),
    ...newShards.flatMap((subnetAssignment, index) =>
      Rules.pool({ subnets: cluster.subnets, subnetAssignment, path: `newShards[${index}]` })
    ),
    ...newShards.flatMap(({ replicas }, assignment) => {
      const wanted = cluster.nodeCountPerShard - 1
      return replicas.length === wanted
        ? []
        : [{ _tag: "AssignmentReplicas" as const, assignment, wanted, given: replicas.length }]
    })
  ]
}

const restored = ({ cluster }: Payload): Checks.Off => ({
  check: "freshBackup",
  reason: `the cluster was restored from backup "${cluster.restoreSource.backupName}" by this run`
})

/**
 * The flow as a plain Effect, to be built into others.
 *
 * Everything is checked first, the shards to come included, and again before each shard; a fresh backup is not asked for,
 * as the cluster was made of one. The backup is restored into a new cluster; when it is in service, shards are added or
 * removed one at a time, each confirmed by the slots. Undone, the new cluster is deleted,
 * or kept if `onUndo` says so.
 *
 * @since 0.1.0
 * @category constructors
 */
export const body = (payload: Payload): Effect.Effect<Result, RestoreError, Requirements | Run.Run> =>
  Effect.gen(function* () {
    const { cluster, newShards, onUndo, shards } = payload
    const changes = Math.abs(shards - cluster.shardCount)
    const takes = changes === 0 ? undefined : Duration.sum(restoreTakes, Duration.times(shardTakes, changes))
    const prospect = { peakShards: shards, newShards, takes }
    const { clusterId } = yield* restore(cluster, { onUndo, ...prospect, findings: findings(payload) })
    const nodeCount = cluster.nodeCountPerShard
    const placement = placementOf(payload)
    const undo = onUndo === "keep" ? "keep" : "nothing"
    const reached = yield* scaleTo({ clusterId, shards, nodeCount, placement, undo })
    return { clusterId, shards: reached }
  }).pipe(Checks.without([...(payload.checksOff ?? []), restored(payload)]))

/**
 * Makes the flow known to the engine.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = flow.toLayer(body)
