/**
 * The flow "add shards to a cluster".
 *
 * @since 0.1.0
 */
import type { AddShard } from "@memstore-flows/api/AddShard"
import type { DeleteShard } from "@memstore-flows/api/DeleteShard"
import type { ListBackups } from "@memstore-flows/api/ListBackups"
import type { ListClusters } from "@memstore-flows/api/ListClusters"
import type { ListShards } from "@memstore-flows/api/ListShards"
import { ResourceId } from "@memstore-flows/api/ResourceId"
import type { Shard } from "@memstore-flows/api/Shard"
import { SubnetAssignment } from "@memstore-flows/api/Subnet"
import * as Flow from "@memstore-flows/engine/Flow"
import type * as Run from "@memstore-flows/engine/Run"
import * as Rules from "@memstore-flows/model/Rules"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Checks from "./Checks.js"
import type { Finding } from "./Finding.js"
import { addEach, coming, Resized, resized, shardsGrowing } from "./internal/resize.js"
import { ScaleError, TargetShards } from "./Scale.js"

/**
 * - `add`: how many shards to add
 * - `newShards`: subnets of each in order; by default those of the shards there are, in turn
 * - `onUndo`: whether added shards are removed (default) or kept when the run fails or is cancelled
 *
 * @since 0.1.0
 * @category schemas
 */
export const Payload = Schema.Struct({
  clusterId: ResourceId,
  add: TargetShards,
  newShards: Schema.optionalWith(Schema.Array(SubnetAssignment), { exact: true }),
  onUndo: Schema.optionalWith(Schema.Literal("remove", "keep"), { exact: true }),
  ...Checks.payloadFields
}).annotations({ identifier: "ScaleOutPayload" })

/**
 * @since 0.1.0
 * @category models
 */
export type Payload = typeof Payload.Type

/**
 * As of `ScaleTo`.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Result = Resized

/**
 * @since 0.1.0
 * @category models
 */
export type Result = typeof Result.Type

/**
 * What this flow calls, and nothing else; `DeleteShard` is for the undo.
 *
 * @since 0.1.0
 * @category models
 */
export type Requirements = AddShard | DeleteShard | ListBackups | ListClusters | ListShards

/**
 * The contract. It locks the cluster.
 *
 * @since 0.1.0
 * @category contracts
 */
export const flow = Flow.make({
  name: "ScaleOut",
  version: 1,
  payload: Payload,
  success: Result,
  error: ScaleError,
  resource: ({ clusterId }) => `cluster/${clusterId}`
})

const findings = ({ add, newShards = [] }: Payload, now: ReadonlyArray<Shard>): ReadonlyArray<Finding> =>
  newShards.length === 0 || newShards.length === add
    ? Rules.shardCount(now.length + add)
    : [...Rules.shardCount(now.length + add), { _tag: "AssignmentCount", wanted: add, given: newShards.length }]

/**
 * The flow as a plain Effect, to be built into others.
 *
 * Shards are added one at a time, the checks made before each; each is waited for until its slots have moved and every
 * slot is covered once. Undone, they are removed again, or kept if `onUndo` says so.
 *
 * @since 0.1.0
 * @category constructors
 */
export const body = (payload: Payload): Effect.Effect<Result, ScaleError, Requirements | Run.Run> =>
  Effect.gen(function* () {
    const { add, clusterId, newShards, onUndo: undo = "remove" } = payload
    const comingTo = (shards: ReadonlyArray<Shard>) => coming(shards, add, newShards)
    const before = yield* shardsGrowing("shards", clusterId, comingTo)
    const shards = comingTo(before)
    const added = yield* addEach({ clusterId, shards, undo, own: findings(payload, before) })
    return yield* resized(clusterId, before, added, [], shards)
  }).pipe(Checks.without(payload.checksOff))

/**
 * Makes the flow known to the engine.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = flow.toLayer(body)
