/**
 * Adds and removes shards, one at a time, each confirmed by the slots.
 *
 * @since 0.1.0
 */
import { AddShard } from "@memstore-flows/api/AddShard"
import { ShardCount } from "@memstore-flows/api/ClusterSpec"
import { DeleteShard } from "@memstore-flows/api/DeleteShard"
import type { ListBackups } from "@memstore-flows/api/ListBackups"
import type { ListClusters } from "@memstore-flows/api/ListClusters"
import type { ListShards } from "@memstore-flows/api/ListShards"
import type { Shard } from "@memstore-flows/api/Shard"
import * as Slots from "@memstore-flows/api/Slots"
import type { SubnetAssignment } from "@memstore-flows/api/Subnet"
import type { ProgressReport } from "@memstore-flows/engine/Event"
import type * as Run from "@memstore-flows/engine/Run"
import * as Step from "@memstore-flows/engine/Step"
import * as Rules from "@memstore-flows/model/Rules"
import * as Topology from "@memstore-flows/model/Topology"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { Ambiguous, CallError, ClusterFailed, LeftInPlace, Refused, WaitTimedOut } from "./FlowError.js"
import { guardAdding, guardRemoving } from "./internal/shardGuards.js"
import { Shards } from "./internal/shards.js"
import * as Mutation from "./Mutation.js"
import * as Observe from "./Observe.js"
import { inService, refuseIf } from "./Preflight.js"
import * as Waiter from "./Waiter.js"
import { WaitPolicy } from "./WaitPolicy.js"

/**
 * Every way adding or removing a shard can fail.
 *
 * @since 0.1.0
 * @category errors
 */
export const ScaleError = Schema.Union(...CallError.members, Refused, ClusterFailed, WaitTimedOut, Ambiguous)

/**
 * @since 0.1.0
 * @category errors
 */
export type ScaleError = typeof ScaleError.Type

const held = (shards: ReadonlyArray<Shard>, id: string): number =>
  shards.filter((shard) => shard.id === id).reduce((sum, { slots }) => sum + sizeOf(slots), 0)

const sizeOf = (slots: string): number => Slots.size(Either.getOrElse(Slots.parse(slots), (): Slots.Slots => []))

const filling = (before: ReadonlyArray<Shard>, now: ReadonlyArray<Shard>, state: string): ProgressReport => {
  const added = now.find(({ id }) => !before.some((shard) => shard.id === id))
  if (added === undefined) return { message: state, unit: "slots" }
  const total = Math.floor(Slots.slotCount / (before.length + 1))
  const done = Math.min(total, held(now, added.id))
  return { message: state, subject: `shard ${added.id}`, done, total, unit: "slots" }
}

const lookForShard = (clusterId: string, before: ReadonlyArray<Shard>) =>
  Effect.gen(function* () {
    const after = yield* Observe.topology(clusterId)
    if (Observe.hasFailed(after)) return yield* new ClusterFailed({ clusterId, during: "add shard" })
    const state = Observe.unsettled(after)
    if (state !== undefined) return Mutation.underWay(state, filling(before, after.shards, state))
    const found = Topology.newShard({ before: Topology.make(before), after })
    if (found._tag === "Found") return Mutation.applied(found.value.id)
    if (found._tag === "Missing") return Mutation.absent
    const candidates = found.candidates.map(({ id }) => id)
    return yield* new Ambiguous({ operation: "AddShard", lookFor: "more than one shard appeared", candidates })
  })

/**
 * - `nodeCount`: nodes of the new shard, 2-5
 * - `subnetAssignments`: one assignment, `nodeCount - 1` replicas
 * - `undo`: `remove` (default) takes the new shard away again; `keep` reports that it stays; `nothing` leaves it to a
 *   wider undo, such as deleting the whole cluster
 *
 * @since 0.1.0
 * @category models
 */
export interface AddShardOptions {
  readonly clusterId: string
  readonly nodeCount: number
  readonly subnetAssignments: SubnetAssignment
  readonly undo?: "remove" | "keep" | "nothing" | undefined
}

const sendAdd = ({ clusterId, nodeCount, subnetAssignments }: AddShardOptions) =>
  Effect.flatMap(AddShard, (send) =>
    Effect.as(send({ clusterId, nodeCount, subnetAssignments }), Option.none<string>())
  )

/** Takes an added shard away again, unless the cluster would then have fewer shards than before. */
const takeAway = (clusterId: string, before: ReadonlyArray<Shard>, result: Option.Option<string>) =>
  Effect.gen(function* () {
    const { scale } = yield* WaitPolicy
    const deadline = yield* Waiter.deadlineIn(scale)
    const found = Option.isSome(result)
      ? result
      : yield* Mutation.seen({ operation: "added shard", look: lookForShard(clusterId, before), deadline })
    if (Option.isNone(found)) return
    const { shards } = yield* Observe.settled({ clusterId, during: "undo", deadline })
    if (shards.some(({ id }) => id === found.value) && shards.length <= before.length) {
      const reason = `shard ${found.value} stays: without it the cluster would have fewer shards than before`
      return yield* new LeftInPlace({ reason })
    }
    yield* drop(clusterId, found.value, { fresh: true, deadline })
  })

const kept = (clusterId: string, before: ReadonlyArray<Shard>, result: Option.Option<string>) =>
  Effect.gen(function* () {
    const { scale } = yield* WaitPolicy
    const deadline = yield* Waiter.deadlineIn(scale)
    const look = Option.isSome(result)
      ? Effect.succeed(Mutation.applied(result.value))
      : lookForShard(clusterId, before)
    yield* Mutation.leave({ operation: "added shard", look, deadline }, (id) => `shard ${id} is kept, as asked`)
  })

/**
 * Adds one shard and waits until its slots have moved and every slot is covered once. Gives the new shard's id.
 *
 * Refused before anything is sent: over 12 shards, a wrong number of nodes or subnets, a cluster not in service.
 *
 * @since 0.1.0
 * @category constructors
 */
export const addShard = (
  name: string,
  options: AddShardOptions
): Effect.Effect<string, ScaleError, Run.Run | AddShard | DeleteShard | ListShards> =>
  Effect.flatMap(WaitPolicy, (policy) =>
    Mutation.make(name, {
      before: Shards,
      success: Schema.String,
      error: ScaleError,
      operation: "added shard",
      observe: inService(options.clusterId, name, (shards) =>
        Rules.addShard({
          clusterId: options.clusterId,
          shards,
          nodeCount: options.nodeCount,
          subnetAssignment: options.subnetAssignments
        })
      ),
      look: (before) => lookForShard(options.clusterId, before),
      apply: () => sendAdd(options),
      timeout: policy.scale,
      undo: (before, result) => {
        if (options.undo === "nothing") return Effect.void
        const { clusterId } = options
        return options.undo === "keep" ? kept(clusterId, before, result) : takeAway(clusterId, before, result)
      }
    })
  )

const lookForAbsence = (clusterId: string, shardId: string) =>
  Effect.gen(function* () {
    const seen = yield* Observe.topology(clusterId)
    if (Observe.hasFailed(seen)) return yield* new ClusterFailed({ clusterId, during: "remove shard" })
    const state = Observe.unsettled(seen)
    const left = held(seen.shards, shardId)
    if (state !== undefined) {
      return Mutation.underWay(state, {
        message: state,
        subject: `shard ${shardId}: slots left ${left}`,
        unit: "slots"
      })
    }
    return seen.shards.some(({ id }) => id === shardId) ? Mutation.absent : Mutation.applied(undefined)
  })

const sendDelete = (clusterId: string, shardId: string) =>
  Effect.flatMap(DeleteShard, (send) => Effect.as(send({ clusterId, shardId }), Option.none<undefined>()))

const drop = (clusterId: string, shardId: string, options: { readonly fresh: boolean; readonly deadline: number }) =>
  Mutation.carryOut({
    operation: `removed shard ${shardId}`,
    look: lookForAbsence(clusterId, shardId),
    apply: sendDelete(clusterId, shardId),
    ...options
  })

/**
 * Removes one shard and waits until its slots have moved to the others and every slot is covered once.
 *
 * Refused before anything is sent: the last shard, a shard that is not there, a cluster not in service. It cannot be
 * undone: an undo after the shard has gone reports that.
 *
 * @since 0.1.0
 * @category constructors
 */
export const removeShard = (
  name: string,
  options: { readonly clusterId: string; readonly shardId: string; readonly undo?: "report" | "nothing" | undefined }
): Effect.Effect<void, ScaleError, Run.Run | DeleteShard | ListShards> => {
  const { clusterId, shardId } = options
  const look = lookForAbsence(clusterId, shardId)
  const report = Effect.gen(function* () {
    const { scale } = yield* WaitPolicy
    const deadline = yield* Waiter.deadlineIn(scale)
    const found = yield* Mutation.seen({ operation: `removed shard ${shardId}`, look, deadline })
    if (Option.isNone(found)) return
    return yield* new LeftInPlace({ reason: `shard ${shardId} was removed; its slots are in the others` })
  })
  return Effect.flatMap(WaitPolicy, (policy) =>
    Mutation.make(name, {
      before: Shards,
      success: Schema.Undefined,
      error: ScaleError,
      operation: `removed shard ${shardId}`,
      observe: inService(clusterId, name, (shards) => Rules.deleteShard({ clusterId, shards, shardId })),
      look: () => look,
      apply: () => sendDelete(clusterId, shardId),
      timeout: policy.scale,
      undo: () => (options.undo === "nothing" ? Effect.void : report)
    })
  )
}

/**
 * - `shards`: how many there shall be, 1-12
 * - `nodeCount`: nodes of each new shard
 * - `placement`: subnets of the shard that becomes the `n`-th, counted from 1
 * - `undo`: `revert` (default) removes added shards and reports removed ones, `keep` reports both, `nothing` does neither
 *
 * The checks of `Checks` are made before each shard; `Checks.without` switches some off.
 *
 * @since 0.1.0
 * @category models
 */
export interface ScaleToOptions {
  readonly clusterId: string
  readonly shards: number
  readonly nodeCount: number
  readonly placement: (n: number) => SubnetAssignment
  readonly undo?: "revert" | "keep" | "nothing" | undefined
}

/**
 * Brings a cluster to a number of shards, one shard at a time; those with the highest ids leave first. The checks are made
 * before each.
 *
 * The shards there at the start are journaled, so a resumed run goes on with the same shards.
 *
 * @since 0.1.0
 * @category constructors
 */
export const scaleTo = (
  options: ScaleToOptions
): Effect.Effect<
  ReadonlyArray<Shard>,
  ScaleError,
  Run.Run | AddShard | DeleteShard | ListBackups | ListClusters | ListShards
> =>
  Step.scope("scale")(
    Effect.gen(function* () {
      const { clusterId } = options
      const undoAdd = options.undo === "revert" ? "remove" : options.undo
      const undoRemove = options.undo === "nothing" ? "nothing" : "report"
      yield* Step.make("preflight", { error: ScaleError, run: refuseIf(Rules.shardCount(options.shards)) })
      const start = yield* Step.make("shards", {
        success: Shards,
        error: ScaleError,
        run: inService(clusterId, "scale")
      })
      for (let n = start.length + 1; n <= options.shards; n++) {
        const { nodeCount, placement } = options
        const rest = Array.from({ length: options.shards - n + 1 }, (_, index) => placement(n + index))
        yield* guardAdding(`checks before shard ${n}`, clusterId, rest)
        yield* addShard(`add shard ${n}`, { clusterId, nodeCount, subnetAssignments: placement(n), undo: undoAdd })
      }
      const ids = start.map(({ id }) => id).sort()
      const leaving = ids.slice(Math.min(options.shards, ids.length)).reverse()
      for (const [index, shardId] of leaving.entries()) {
        yield* guardRemoving(clusterId, [shardId, ...leaving.slice(index + 1)])
        yield* removeShard(`remove shard ${shardId}`, { clusterId, shardId, undo: undoRemove })
      }
      return yield* Step.make("topology", {
        success: Shards,
        error: ScaleError,
        run: inService(clusterId, "scale")
      })
    })
  )

/**
 * How many shards a cluster may be scaled to: 1-12.
 *
 * @since 0.1.0
 * @category schemas
 */
export const TargetShards = ShardCount
