/**
 * The flow "bring a cluster to a number of shards", and with it "scale out" and "scale in".
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
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Checks from "./Checks.js"
import type { Finding } from "./Finding.js"
import { addEach, coming, Resized, removeEach, resized, shardsGrowing } from "./internal/resize.js"
import { ScaleError, TargetShards } from "./Scale.js"

/**
 * - `shards`: how many there shall be, 1-12
 * - `newShards`: subnets of each added shard in order, where any are; by default those of the shards there are, in turn
 * - `onUndo`: whether added shards are removed (default) or kept when the run fails or is cancelled
 *
 * @since 0.1.0
 * @category schemas
 */
export const Payload = Schema.Struct({
  clusterId: ResourceId,
  shards: TargetShards,
  newShards: Schema.optionalWith(Schema.Array(SubnetAssignment), { exact: true }),
  onUndo: Schema.optionalWith(Schema.Literal("remove", "keep"), { exact: true }),
  ...Checks.payloadFields
}).annotations({ identifier: "ScaleToPayload" })

/**
 * @since 0.1.0
 * @category models
 */
export type Payload = typeof Payload.Type

/**
 * - `added`, `removed`: shard ids
 * - `endpointsAdded`, `endpointsRemoved`: private IPs, for clients that hold a list
 * - `advice`: what the checks found in the end and did not refuse, such as uneven slots
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
  name: "ScaleTo",
  version: 1,
  payload: Payload,
  success: Result,
  error: ScaleError,
  resource: ({ clusterId }) => `cluster/${clusterId}`
})

const findings = ({ newShards = [], shards }: Payload, now: ReadonlyArray<Shard>): ReadonlyArray<Finding> => {
  const added = shards - now.length
  return newShards.length === 0 || newShards.length === added
    ? []
    : [{ _tag: "AssignmentCount", wanted: added, given: newShards.length }]
}

/**
 * The flow as a plain Effect, to be built into others.
 *
 * Shards are added or removed one at a time, the newest leaving first; the checks are made before each, and the slots
 * confirm each. Removing asks for a fresh backup. Undone, added shards are removed, unless the cluster would then have
 * fewer than before, or kept if `onUndo` says so; a removed shard cannot be brought back, which the outcome says.
 *
 * @since 0.1.0
 * @category constructors
 */
export const body = (payload: Payload): Effect.Effect<Result, ScaleError, Requirements | Run.Run> =>
  Effect.gen(function* () {
    const { clusterId, newShards, onUndo: undo = "remove", shards } = payload
    const comingTo = (now: ReadonlyArray<Shard>) => coming(now, shards - now.length, newShards)
    const before = yield* shardsGrowing("shards", clusterId, comingTo)
    const came = comingTo(before)
    const ids = before.map(({ id }) => id).sort()
    const leaving = ids.slice(Math.min(shards, ids.length)).reverse()
    const added = yield* addEach({ clusterId, shards: came, undo, own: findings(payload, before) })
    yield* removeEach({ clusterId, ids: leaving })
    return yield* resized(clusterId, before, added, leaving, came)
  }).pipe(Checks.without(payload.checksOff))

/**
 * Makes the flow known to the engine.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = flow.toLayer(body)
