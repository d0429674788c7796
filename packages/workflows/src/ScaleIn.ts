/**
 * The flow "remove shards from a cluster".
 *
 * @since 0.1.0
 */
import type { DeleteShard } from "@memstore-flows/api/DeleteShard"
import type { ListBackups } from "@memstore-flows/api/ListBackups"
import type { ListClusters } from "@memstore-flows/api/ListClusters"
import type { ListShards } from "@memstore-flows/api/ListShards"
import { ResourceId } from "@memstore-flows/api/ResourceId"
import type { Shard } from "@memstore-flows/api/Shard"
import * as Flow from "@memstore-flows/engine/Flow"
import type * as Run from "@memstore-flows/engine/Run"
import * as Topology from "@memstore-flows/model/Topology"
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Checks from "./Checks.js"
import type { Finding } from "./Finding.js"
import { Resized, removeEach, resized, shardsNow } from "./internal/resize.js"
import { ScaleError, TargetShards } from "./Scale.js"

/**
 * Which shards leave: these by id, or so many by a policy: the `newest` (highest ids), the `oldest`, or the `emptiest`
 * (fewest slots).
 *
 * @since 0.1.0
 * @category schemas
 */
export const Leaving = Schema.Union(
  Schema.Struct({ shardIds: Schema.NonEmptyArray(ResourceId) }),
  Schema.Struct({ count: TargetShards, policy: Schema.Literal("newest", "oldest", "emptiest") })
).annotations({ identifier: "ScaleInLeaving" })

/**
 * @since 0.1.0
 * @category models
 */
export type Leaving = typeof Leaving.Type

/**
 * `remove`: which shards leave; never the last one.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Payload = Schema.Struct({
  clusterId: ResourceId,
  remove: Leaving,
  ...Checks.payloadFields
}).annotations({ identifier: "ScaleInPayload" })

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
 * What this flow calls, and nothing else.
 *
 * @since 0.1.0
 * @category models
 */
export type Requirements = DeleteShard | ListBackups | ListClusters | ListShards

/**
 * The contract. It locks the cluster.
 *
 * @since 0.1.0
 * @category contracts
 */
export const flow = Flow.make({
  name: "ScaleIn",
  version: 1,
  payload: Payload,
  success: Result,
  error: ScaleError,
  resource: ({ clusterId }) => `cluster/${clusterId}`
})

const slotsOf = (shards: ReadonlyArray<Shard>) => {
  const layout = Topology.layout(Topology.make(shards))
  return (id: string): number =>
    (layout.find((each) => each.id === id)?.slots ?? []).reduce((sum, { end, start }) => sum + end - start + 1, 0)
}

/**
 * The ids of the shards that leave, in the order in which they do. Pure.
 *
 * @since 0.1.0
 * @category destructors
 */
export const choose = (shards: ReadonlyArray<Shard>, leaving: Leaving): ReadonlyArray<string> => {
  if ("shardIds" in leaving) return [...new Set(leaving.shardIds)]
  const ids = shards.map(({ id }) => id).sort()
  const slots = slotsOf(shards)
  const order = {
    newest: () => ids.reverse(),
    oldest: () => ids,
    emptiest: () => ids.sort((a, b) => slots(a) - slots(b))
  }
  return order[leaving.policy]().slice(0, leaving.count)
}

const findings = ({ clusterId, remove }: Payload, shards: ReadonlyArray<Shard>): ReadonlyArray<Finding> => {
  const [known, unknown] = Arr.partition(choose(shards, remove), (id) => !shards.some((shard) => shard.id === id))
  const last = known.length < shards.length ? undefined : known.at(-1)
  return [
    ...unknown.map((shardId) => ({ _tag: "UnknownShard" as const, clusterId, shardId })),
    ...(last === undefined ? [] : [{ _tag: "LastShard" as const, shardId: last }])
  ]
}

/**
 * The flow as a plain Effect, to be built into others.
 *
 * Refused before anything is sent, and again before each shard: a shard that is not there, the last shard, no fresh
 * backup, too little memory in the shards that stay (with `LoadProbe`), slots spread unevenly. Each shard that leaves is
 * waited for until its slots are in the others. It cannot be undone; the outcome says which are gone.
 *
 * @since 0.1.0
 * @category constructors
 */
export const body = (payload: Payload): Effect.Effect<Result, ScaleError, Requirements | Run.Run> =>
  Effect.gen(function* () {
    const { clusterId } = payload
    const before = yield* shardsNow("shards", clusterId)
    const leaving = choose(before, payload.remove)
    yield* removeEach({ clusterId, ids: leaving, own: findings(payload, before) })
    return yield* resized(clusterId, before, [], leaving)
  }).pipe(Checks.without(payload.checksOff))

/**
 * Makes the flow known to the engine.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = flow.toLayer(body)
