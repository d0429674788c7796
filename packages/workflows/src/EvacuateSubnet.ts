/**
 * The flow "move everything out of a subnet".
 *
 * @since 0.1.0
 */
import { limits } from "@memstore-flows/api/Limits"
import type { ListBackups } from "@memstore-flows/api/ListBackups"
import { ResourceId } from "@memstore-flows/api/ResourceId"
import { Shard } from "@memstore-flows/api/Shard"
import { SubnetAssignment } from "@memstore-flows/api/Subnet"
import * as Flow from "@memstore-flows/engine/Flow"
import type * as Run from "@memstore-flows/engine/Run"
import * as Step from "@memstore-flows/engine/Step"
import * as Rules from "@memstore-flows/model/Rules"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Checks from "./Checks.js"
import { SubnetRefilled } from "./FlowError.js"
import { replicaTakes, shardTakes } from "./internal/expected.js"
import { replaceShard } from "./internal/replacing.js"
import { guardDeletion, orChanged } from "./internal/replicaGuards.js"
import { type Past, standingAfter, standingFirst } from "./internal/standing.js"
import { type Sizes, sizesOf } from "./internal/whole.js"
import * as Placement from "./Placement.js"
import * as ReplaceReplica from "./ReplaceReplica.js"
import type * as ReplaceShard from "./ReplaceShard.js"
import { deleteReplica, ReplicaError } from "./Replica.js"

/**
 * - `subnetId`: the subnet to leave; `to`: where its nodes may go
 * - `primaries`: a shard whose primary stands there is replaced as a whole, or `report`ed (default): no call moves a
 *   primary
 * - `onUndo`: whether what was added for a move under way is removed (default) or kept
 *
 * @since 0.1.0
 * @category schemas
 */
export const Payload = Schema.Struct({
  clusterId: ResourceId,
  subnetId: Schema.NonEmptyString,
  to: Schema.NonEmptyArray(Schema.NonEmptyString),
  primaries: Schema.optionalWith(Schema.Literal("report", "replaceShard"), { exact: true }),
  onUndo: Schema.optionalWith(Schema.Literal("remove", "keep"), { exact: true }),
  ...Checks.payloadFields
}).annotations({ identifier: "EvacuateSubnetPayload" })

/**
 * @since 0.1.0
 * @category models
 */
export type Payload = typeof Payload.Type

/**
 * A node that stays where it is, and why.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Unmoved = Schema.Struct({
  shardId: Schema.String,
  nodeId: Schema.String,
  why: Schema.Literal("Primary", "ShardFull", "ClusterFull")
}).annotations({ identifier: "EvacuateSubnetUnmoved" })

/**
 * @since 0.1.0
 * @category models
 */
export type Unmoved = typeof Unmoved.Type

/**
 * One move: a replica goes to another subnet, or a shard is replaced by one elsewhere. A `Surplus` replica goes without
 * another in its stead: a node died or changed its role in mid-move, and its shard has one more than at the start.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Move = Schema.Union(
  Schema.TaggedStruct("Replica", { shardId: Schema.String, nodeId: Schema.String, subnetId: Schema.String }),
  Schema.TaggedStruct("Shard", { shardId: Schema.String, newShard: SubnetAssignment }),
  Schema.TaggedStruct("Surplus", { shardId: Schema.String, nodeId: Schema.String })
).annotations({ identifier: "EvacuateSubnetMove" })

/**
 * @since 0.1.0
 * @category models
 */
export type Move = typeof Move.Type

/**
 * - `moves`: what was moved, in order
 * - `unmoved`: what still stands in the subnet: a `Primary`, a replica of a shard that has five nodes (`ShardFull`), a
 *   node of a shard that would have to be the thirteenth (`ClusterFull`)
 * - `endpointsAdded`, `endpointsRemoved`: private IPs, for clients that hold a list
 *
 * @since 0.1.0
 * @category schemas
 */
export const Result = Schema.Struct({
  clusterId: Schema.String,
  moves: Schema.Array(Move),
  unmoved: Schema.Array(Unmoved),
  endpointsAdded: Schema.Array(Schema.String),
  endpointsRemoved: Schema.Array(Schema.String),
  shards: Schema.Array(Shard)
}).annotations({ identifier: "EvacuateSubnetResult" })

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
export const EvacuateError = Schema.Union(...ReplicaError.members, SubnetRefilled)

/**
 * @since 0.1.0
 * @category errors
 */
export type EvacuateError = typeof EvacuateError.Type

/**
 * What this flow calls, and nothing else.
 *
 * @since 0.1.0
 * @category models
 */
export type Requirements = ListBackups | ReplaceReplica.Requirements | ReplaceShard.Requirements

/**
 * The contract. It locks the cluster.
 *
 * @since 0.1.0
 * @category contracts
 */
export const flow = Flow.make({
  name: "EvacuateSubnet",
  version: 1,
  payload: Payload,
  success: Result,
  error: EvacuateError,
  resource: ({ clusterId }) => `cluster/${clusterId}`
})

interface Wish extends Pick<Payload, "subnetId" | "to" | "primaries"> {
  /** How many nodes shards had at the start. */
  readonly sizes?: Sizes
}

const surplusOf = (shard: Shard, { sizes, subnetId }: Wish): string | undefined => {
  if (shard.nodes.length <= (sizes?.get(shard.id) ?? shard.nodes.length)) return undefined
  const here = shard.nodes.find(({ role, subnet }) => role === "replica" && subnet.id === subnetId)
  return here?.id ?? Placement.leastNeeded(shard)
}

const ofShard = (shard: Shard, wish: Wish, full: boolean) => {
  const { primaries, subnetId, to } = wish
  const moves: Array<Move> = []
  const unmoved: Array<Unmoved> = []
  const surplus = surplusOf(shard, wish)
  if (surplus !== undefined)
    return { moves: [{ _tag: "Surplus" as const, shardId: shard.id, nodeId: surplus }], unmoved }
  const here = shard.nodes.filter(({ subnet }) => subnet.id === subnetId)
  const primary = here.find(({ role }) => role === "primary")
  const newShard = Placement.outOf(shard, subnetId, to)
  if (primary !== undefined && primaries === "replaceShard" && !full && newShard !== undefined) {
    return { moves: [{ _tag: "Shard" as const, shardId: shard.id, newShard }], unmoved }
  }
  for (const node of here) {
    const { id: nodeId, role } = node
    const target = Placement.forReplica(shard, to)
    const stays = shard.nodes.length >= limits.nodesPerShard.max || target === undefined
    if (role === "primary") {
      const why = primaries === "replaceShard" ? "ClusterFull" : "Primary"
      unmoved.push({ shardId: shard.id, nodeId, why })
    } else if (stays) unmoved.push({ shardId: shard.id, nodeId, why: "ShardFull" })
    else moves.push({ _tag: "Replica", shardId: shard.id, nodeId, subnetId: target })
  }
  return { moves, unmoved }
}

/**
 * The fewest moves that empty a subnet, replicas before shards, and what cannot be moved. Pure. `sizes`: how many nodes
 * shards had at the start, those with a move that did not end: what is left of it is one node too many.
 *
 * A shard whose primary stands there is one move with all its nodes. As each move changes where nodes stand, only the
 * first is for certain; plan again after it.
 *
 * @since 0.1.0
 * @category destructors
 */
export const plan = (
  shards: ReadonlyArray<Shard>,
  wish: Wish
): { readonly moves: ReadonlyArray<Move>; readonly unmoved: ReadonlyArray<Unmoved> } => {
  const full = shards.length >= limits.shards.max
  const parts = shards.map((shard) => ofShard(shard, wish, full))
  const moves = parts.flatMap((part): ReadonlyArray<Move> => part.moves)
  const order = ["Surplus", "Replica", "Shard"] as const
  return {
    moves: order.flatMap((tag) => moves.filter(({ _tag }) => _tag === tag)),
    unmoved: parts.flatMap((part) => part.unmoved)
  }
}

const standing = (shards: ReadonlyArray<Shard>, subnetId: string) =>
  shards.flatMap(({ id: shardId, nodes }) =>
    nodes.flatMap(({ id: nodeId, subnet }) => (subnet.id === subnetId ? [{ shardId, nodeId }] : []))
  )

const Look = Schema.Struct({ moves: Schema.Array(Move), unmoved: Schema.Array(Unmoved), shards: Schema.Array(Shard) })

const look = (name: string, payload: Payload, past?: Past) =>
  Step.make(name, {
    success: Look,
    error: ReplicaError,
    run: Effect.gen(function* () {
      const shards = yield* past === undefined ? standingFirst(name, payload) : standingAfter(name, payload, past)
      const sizes = new Map([...(past?.sizes ?? [])].filter(([id]) => past?.crossed.includes(id)))
      return { ...plan(shards, { ...payload, sizes }), shards }
    })
  })

/** The checks before anything moves, on all that is to come: what a later move would be refused for is refused now. */
const guardAll = ({ clusterId, subnetId, to }: Payload, moves: ReadonlyArray<Move>) => {
  const replicas = moves.filter((move) => move._tag === "Replica")
  const replaced = moves.filter((move) => move._tag === "Shard")
  const nodes = [...replicas.map(() => 1), ...replaced.map(({ newShard }) => 1 + newShard.replicas.length)]
  const takes = [...replicas.map(() => replicaTakes), ...replaced.map(() => Duration.times(shardTakes, 2))]
  const change = {
    what: `move ${moves.length} times out of subnet ${subnetId}`,
    clusterId,
    destructive: moves.length > 0,
    irreversible: ["the moves that have ended"],
    addsShards: replaced.length > 0 ? 1 : 0,
    addsNodes: Math.max(0, ...nodes),
    addsReplicas: replicas.map(({ shardId, subnetId }) => ({ shardId, subnetId })),
    removesNodes: replicas.map(({ nodeId, shardId }) => ({ shardId, nodeId })),
    placements: replaced.map(({ newShard }) => newShard),
    takes: takes.reduce(Duration.sum, Duration.zero),
    tellsEndpoints: true
  }
  return Checks.guard("checks", change, ({ clusters }) => {
    const pool = Option.getOrUndefined(clusters)?.find(({ id }) => id === clusterId)?.subnets
    const same = to.includes(subnetId) ? [{ _tag: "TargetIsSource" as const, subnetId }] : []
    return [...same, ...to.flatMap((each) => Rules.outside(pool, each, "to"))]
  }).pipe(Checks.without([{ check: "rolesReread", reason: "each move reads the roles anew" }]))
}

const carryOut = (
  { clusterId, onUndo }: Payload,
  move: Move
): Effect.Effect<void, ReplicaError, Requirements | Run.Run> => {
  const undo = onUndo === undefined ? {} : { onUndo }
  if (move._tag === "Shard") {
    const { newShard, shardId } = move
    return Effect.asVoid(replaceShard({ clusterId, shardId, newShard, ...undo }, { alike: true }))
  }
  const { nodeId, shardId } = move
  if (move._tag === "Surplus") {
    const named = { clusterId, shardId, nodeId }
    return Effect.zipRight(
      guardDeletion("checks before delete", { ...named, reliesOn: [] }),
      deleteReplica("delete", named)
    )
  }
  const { subnetId } = move
  return ReplaceReplica.body({ clusterId, shardId, nodeId, subnetId, ...undo }).pipe(
    orChanged({ clusterId, shardId, nodeId }),
    Effect.asVoid
  )
}

/**
 * The flow as a plain Effect, to be built into others.
 *
 * After each move it looks again and plans anew, so a failover meanwhile is taken into account, also one in mid-move; each
 * look is journaled, so a resumed run goes on with the same moves. Replicas are moved as `ReplaceReplica` does, shards as
 * `ReplaceShard`. What cannot be moved is in the result. When nodes keep coming back, it fails with `SubnetRefilled` after
 * twice as many moves as nodes stood there at the start, and with `ReplicaChanged` when as many were cut across. Undone, the move under way is undone as far as it can be; those that ended stay.
 *
 * @since 0.1.0
 * @category constructors
 */
export const body = (payload: Payload): Effect.Effect<Result, EvacuateError, Requirements | Run.Run> =>
  Effect.gen(function* () {
    const { clusterId, subnetId } = payload
    const before = yield* look("look", payload)
    yield* guardAll(payload, before.moves)
    const start = standing(before.shards, subnetId)
    const sizes = sizesOf(before.shards)
    const moves: Array<Move> = []
    const crossed: Array<string> = []
    let now = before
    for (let n = 1; now.moves[0] !== undefined; n++) {
      const [move] = now.moves
      const left = standing(now.shards, subnetId)
      if (moves.length >= 2 * start.length) {
        return yield* new SubnetRefilled({ clusterId, subnetId, moves: moves.length, left })
      }
      const ended = yield* Step.scope(`move ${n}`)(carryOut(payload, move)).pipe(
        Effect.as(true),
        Effect.catchTag("ReplicaChanged", (changed) =>
          crossed.push(move.shardId) > 2 * start.length ? Effect.fail(changed) : Effect.succeed(false)
        )
      )
      if (ended) moves.push(move)
      now = yield* look(`look after move ${n}`, payload, { sizes, crossed, hasEnded: ended })
    }
    const { shards, unmoved } = now
    return { clusterId, moves, unmoved, ...Checks.endpoints(before.shards, shards), shards }
  }).pipe(Checks.without(payload.checksOff))

/**
 * Makes the flow known to the engine.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = flow.toLayer(body)
