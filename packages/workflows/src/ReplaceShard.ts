/**
 * The flow "replace a shard": the only way to move a primary.
 *
 * @since 0.1.0
 */
import type { AddShard } from "@memstore-flows/api/AddShard"
import type { DeleteShard } from "@memstore-flows/api/DeleteShard"
import type { ListBackups } from "@memstore-flows/api/ListBackups"
import type { ListClusters } from "@memstore-flows/api/ListClusters"
import type { ListShards } from "@memstore-flows/api/ListShards"
import { ResourceId } from "@memstore-flows/api/ResourceId"
import { SubnetAssignment } from "@memstore-flows/api/Subnet"
import * as Flow from "@memstore-flows/engine/Flow"
import type * as Run from "@memstore-flows/engine/Run"
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Checks from "./Checks.js"
import { replaceShard } from "./internal/replacing.js"
import { Resized } from "./internal/resize.js"
import { ScaleError } from "./Scale.js"

/**
 * - `shardId`: the shard to replace
 * - `newShard`: the subnets of the one that takes its place
 * - `onUndo`: whether the new shard is removed (default) or kept when the run fails or is cancelled before the old one
 *   is gone
 *
 * @since 0.1.0
 * @category schemas
 */
export const Payload = Schema.Struct({
  clusterId: ResourceId,
  shardId: ResourceId,
  newShard: SubnetAssignment,
  onUndo: Schema.optionalWith(Schema.Literal("remove", "keep"), { exact: true }),
  ...Checks.payloadFields
}).annotations({ identifier: "ReplaceShardPayload" })

/**
 * @since 0.1.0
 * @category models
 */
export type Payload = typeof Payload.Type

/**
 * As of `ScaleTo`: `added` and `removed` are one shard each.
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
 * What this flow calls, and nothing else.
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
  name: "ReplaceShard",
  version: 1,
  payload: Payload,
  success: Result,
  error: ScaleError,
  resource: ({ clusterId }) => `cluster/${clusterId}`
})

/**
 * The flow as a plain Effect, to be built into others.
 *
 * A shard is added in the wanted subnets; when its slots have moved, the old one is removed, and its slots go to the
 * others. There is one shard more meanwhile, which counts for the quota. Undone, the new shard is removed; once the old
 * one is gone it stays, for the cluster needs it.
 *
 * @since 0.1.0
 * @category constructors
 */
export const body = (payload: Payload): Effect.Effect<Result, ScaleError, Requirements | Run.Run> =>
  replaceShard(payload)

/**
 * Makes the flow known to the engine.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = flow.toLayer(body)
