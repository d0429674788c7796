/**
 * Adds, proves and deletes replicas: the pieces of every flow that moves nodes.
 *
 * @since 0.1.0
 */
import { AddReplica } from "@memstore-flows/api/AddReplica"
import { DeleteNode } from "@memstore-flows/api/DeleteNode"
import type { ListClusters } from "@memstore-flows/api/ListClusters"
import type { ListShards } from "@memstore-flows/api/ListShards"
import { isRefusal } from "@memstore-flows/api/MemStoreError"
import type { Shard } from "@memstore-flows/api/Shard"
import * as Run from "@memstore-flows/engine/Run"
import * as Step from "@memstore-flows/engine/Step"
import * as Rules from "@memstore-flows/model/Rules"
import * as Topology from "@memstore-flows/model/Topology"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type { Finding } from "./Finding.js"
import {
  Ambiguous,
  CallError,
  ClusterFailed,
  LeftInPlace,
  Refused,
  ReplicaChanged,
  ReplicaNotInSync,
  WaitTimedOut
} from "./FlowError.js"
import { counted, unseen } from "./internal/counted.js"
import {
  isReplaced,
  lookForAbsence,
  lookForReplica,
  type Named,
  nodeCount,
  type Place
} from "./internal/replicaLooks.js"
import { Shards } from "./internal/shards.js"
import { whole } from "./internal/whole.js"
import * as Mutation from "./Mutation.js"
import * as Observe from "./Observe.js"
import { inService, refuseIf } from "./Preflight.js"
import { ReplicaSync, type SyncState } from "./ReplicaSync.js"
import * as Waiter from "./Waiter.js"
import { WaitPolicy } from "./WaitPolicy.js"

/**
 * Every way adding, proving or deleting a replica can fail.
 *
 * @since 0.1.0
 * @category errors
 */
export const ReplicaError = Schema.Union(
  ...CallError.members,
  Refused,
  ClusterFailed,
  WaitTimedOut,
  Ambiguous,
  ReplicaChanged,
  ReplicaNotInSync
)

/**
 * @since 0.1.0
 * @category errors
 */
export type ReplicaError = typeof ReplicaError.Type

const sendDelete = (clusterId: string, shardId: string, nodeId: string) =>
  Effect.flatMap(DeleteNode, (send) => Effect.as(send({ clusterId, shardId, nodeId }), Option.none<undefined>()))

const replacedSince = (nodeId: string, before: Topology.Topology, now: Topology.Topology, shardId: string) =>
  new Ambiguous({
    operation: "undo of AddReplica",
    lookFor: `node ${nodeId} is gone, and yet shard ${shardId} has more nodes than before`,
    candidates: Topology.diff(before, now)
      .nodesAdded.filter((each) => each.shardId === shardId)
      .map(({ node }) => node.id)
  })

/** Auto-heal may have brought a node of a shard that had fewer of them than another. */
const mayBeHealed = ({ shardId }: Place, before: Topology.Topology) =>
  before.shards.some(({ nodes }) => nodes.length > nodeCount(before, shardId))

/**
 * Takes an added replica away again, unless the shard would then have fewer nodes than before, or the node may not be ours:
 * nothing says that the call was accepted, and auto-heal may have brought it.
 */
const takeAway = (
  place: Place,
  shardsBefore: ReadonlyArray<Shard>,
  result: Option.Option<string>,
  accepted: boolean | undefined
) =>
  Effect.gen(function* () {
    const { clusterId, shardId } = place
    const { scale } = yield* WaitPolicy
    const deadline = yield* Waiter.deadlineIn(scale)
    const operation = "added replica"
    const found = Option.isSome(result)
      ? result
      : yield* Mutation.seen({ operation, look: lookForReplica(place, shardsBefore), deadline })
    if (Option.isNone(found)) return
    const before = Topology.make(shardsBefore)
    const seen = yield* Observe.settled({ clusterId, during: "undo", deadline })
    const node = Topology.findNode(seen, found.value)?.node
    const grown = nodeCount(seen, shardId) > nodeCount(before, shardId)
    if (node === undefined) return yield* grown ? replacedSince(found.value, before, seen, shardId) : Effect.void
    if (!grown) {
      return yield* new LeftInPlace({ reason: `node ${node.id} stays: without it shard ${shardId} would lack a node` })
    }
    if (node.role === "primary") {
      return yield* new LeftInPlace({ reason: `node ${node.id} became primary, and a primary cannot be deleted` })
    }
    if (!(accepted ?? Option.isSome(result)) && mayBeHealed(place, before)) {
      return yield* new LeftInPlace({ reason: `node ${node.id} stays: it may be one that auto-heal brought` })
    }
    const named = { clusterId, shardId, nodeId: node.id }
    yield* Mutation.carryOut({
      operation: `deleted node ${node.id}`,
      look: lookForAbsence(named, seen),
      confirm: lookForAbsence(named),
      apply: sendDelete(clusterId, shardId, node.id),
      deadline,
      fresh: true
    })
  })

/**
 * - `check`: further findings on the shards as they are just before the call
 * - `size`: how many nodes the shard is known to have; fewer are a sign of auto-heal at work, which is waited for
 * - `undo`: `remove` (default) or `keep`
 *
 * @since 0.1.0
 * @category models
 */
export interface AddReplicaOptions extends Place {
  readonly check?: ((shards: ReadonlyArray<Shard>) => ReadonlyArray<Finding>) | undefined
  readonly size?: number | undefined
  readonly undo?: "remove" | "keep" | undefined
}

/**
 * Adds one replica, and tells which node it is: new, in the wanted subnet, in a shard that has grown.
 *
 * Refused before anything is sent: over 5 nodes, an unknown shard, a cluster not in service. When a node of that subnet was
 * replaced meanwhile, two fit: one of them is taken, for they are alike. It ends in `Ambiguous` when the shard has grown by
 * more than one.
 *
 * @since 0.1.0
 * @category constructors
 */
export const addReplica = (
  name: string,
  options: AddReplicaOptions
): Effect.Effect<string, ReplicaError, Run.Run | AddReplica | DeleteNode | ListShards> => {
  const { clusterId, shardId, subnetId } = options
  const kept = (before: ReadonlyArray<Shard>, result: Option.Option<string>) =>
    Effect.gen(function* () {
      const { scale } = yield* WaitPolicy
      const deadline = yield* Waiter.deadlineIn(scale)
      const look = Option.isSome(result)
        ? Effect.succeed(Mutation.applied(result.value))
        : lookForReplica(options, before)
      yield* Mutation.leave({ operation: "added replica", look, deadline }, (id) => `node ${id} is kept, as asked`)
    })
  return Effect.flatMap(WaitPolicy, (policy) =>
    Mutation.make(name, {
      before: Shards,
      success: Schema.String,
      error: ReplicaError,
      operation: `added replica in subnet ${subnetId}`,
      observe: whole(clusterId, name, new Map([[shardId, options.size ?? 0]])).pipe(
        Effect.tap((shards) =>
          refuseIf([...Rules.addReplica({ clusterId, shards, shardId, subnetId }), ...(options.check?.(shards) ?? [])])
        )
      ),
      look: (before) => lookForReplica(options, before),
      apply: () =>
        Effect.flatMap(AddReplica, (send) =>
          Effect.as(send({ clusterId, shardId, subnet: { id: subnetId } }), Option.none<string>())
        ),
      timeout: policy.scale,
      undo: (before, result, _, accepted) =>
        options.undo === "keep" ? kept(before, result) : takeAway(options, before, result, accepted)
    })
  )
}

const askSync = (clusterId: string, shardId: string, nodeId: string) =>
  Effect.gen(function* () {
    const probe = yield* ReplicaSync
    const seen = yield* Observe.topology(clusterId)
    const found = Topology.findNode(seen, nodeId)
    if (found === undefined) return yield* new ReplicaChanged({ clusterId, shardId, nodeId, became: "gone" })
    if (found.node.role === "primary") return { _tag: "InSync" } satisfies SyncState
    const primary = Topology.findShard(seen, shardId)?.nodes.find(({ role }) => role === "primary")
    if (primary === undefined) return { _tag: "Behind", detail: "the shard has no primary now" } satisfies SyncState
    return yield* probe.look({
      clusterId,
      shardId,
      primary: { nodeId: primary.id, endpoint: primary.endpoint },
      replica: { nodeId, endpoint: found.node.endpoint }
    })
  })

const Proof = Schema.Literal("proven", "unproven")

/**
 * Waits until the replica is proven in sync by `ReplicaSync`. Gives whether there was a proof.
 *
 * Fails with `ReplicaNotInSync` after `WaitPolicy.sync`. A node that became primary holds the data and counts as proven.
 *
 * @since 0.1.0
 * @category constructors
 */
export const proveSync = (
  name: string,
  { clusterId, nodeId, shardId }: { readonly clusterId: string; readonly shardId: string; readonly nodeId: string }
): Effect.Effect<"proven" | "unproven", ReplicaError, Run.Run | ListShards> => {
  const behind = (detail: string) => new ReplicaNotInSync({ clusterId, shardId, nodeId, detail })
  return Step.make(name, {
    success: Proof,
    error: ReplicaError,
    run: Effect.gen(function* () {
      const run = yield* Run.Run
      const policy = yield* WaitPolicy
      return yield* Waiter.until({
        what: `replica ${nodeId} to be in sync`,
        read: askSync(clusterId, shardId, nodeId),
        deadline: yield* Waiter.deadlineIn(policy.sync),
        onPending: (message) => Effect.provideService(Run.progress({ message, subject: nodeId }), Run.Run, run),
        judge: (state): Waiter.Verdict<"proven" | "unproven"> =>
          state._tag === "Behind"
            ? Waiter.pending(state.detail)
            : Waiter.done(state._tag === "InSync" ? "proven" : "unproven")
      })
    }).pipe(Effect.catchTag("WaitTimedOut", (error) => behind(error.history.at(-1)?.state ?? "no answer")))
  })
}

const changed = (named: Named, seen: Topology.Topology) => {
  const node = Topology.findNode(seen, named.nodeId)?.node
  if (node === undefined) return new ReplicaChanged({ ...named, became: "gone" })
  return node.role === "primary" ? new ReplicaChanged({ ...named, became: "primary" }) : undefined
}

/** A refusal may mean that the node is no replica any more; one that is gone may be the work of an earlier call. */
const sendChecked = (named: Named, before: Topology.Topology) =>
  sendDelete(named.clusterId, named.shardId, named.nodeId).pipe(
    Effect.catchIf(isRefusal, (refusal) =>
      Effect.flatMap(Observe.topology(named.clusterId), (seen) => {
        const change = changed(named, seen)
        const certain = change?.became === "primary" || isReplaced(named, before, seen)
        return Effect.fail<ReplicaError>(change !== undefined && certain ? change : refusal)
      })
    )
  )

/** After a call whose answer is not known: a node that is gone may have died, and its replacement not show yet. */
const lookInDoubt = (named: Named, during: string, before: Topology.Topology) =>
  Effect.gen(function* () {
    const look = yield* lookForAbsence(named, before)
    if (look._tag !== "Applied") return look
    const shards = yield* counted(named.clusterId, during, unseen)
    if (isReplaced(named, before, Topology.make(shards))) return yield* new ReplicaChanged({ ...named, became: "gone" })
    return look
  })

/** Says so if the node was deleted, or soon will be by a call that was cut. */
const reportDeleted = (named: Named, before: Topology.Topology, result: Option.Option<undefined>) =>
  Effect.gen(function* () {
    const { nodeId } = named
    const { scale } = yield* WaitPolicy
    const deadline = yield* Waiter.deadlineIn(scale)
    const look = Option.isSome(result) ? Effect.succeed(Mutation.applied(undefined)) : lookForAbsence(named, before)
    const found = yield* Mutation.seen({ operation: `deleted node ${nodeId}`, look, deadline }).pipe(
      Effect.catchTag("ReplicaChanged", () => Effect.succeedNone)
    )
    if (Option.isNone(found)) return
    return yield* new LeftInPlace({ reason: `node ${nodeId} was deleted, which cannot be undone` })
  })

/**
 * Deletes one replica, its role re-read just before, and waits until it is gone and the cluster in service.
 *
 * Fails with `ReplicaChanged` if the node became primary or is gone already, be it that auto-heal put another in its
 * place: no other is taken in its stead. Where the answer to the call was lost, one that auto-heal brings is waited for as
 * long as the cluster tells of it. Deletion cannot be undone; an undo after it reports that.
 *
 * @since 0.1.0
 * @category constructors
 */
export const deleteReplica = (
  name: string,
  { clusterId, nodeId, shardId }: Named
): Effect.Effect<void, ReplicaError, Run.Run | DeleteNode | ListClusters | ListShards> => {
  const named = { clusterId, shardId, nodeId }
  const observe = Effect.gen(function* () {
    const shards = yield* inService(clusterId, name)
    const change = changed(named, Topology.make(shards))
    if (change !== undefined) return yield* change
    yield* refuseIf(Rules.deleteNode({ clusterId, shards, shardId, nodeId }))
    return shards
  })
  const step = Effect.flatMap(WaitPolicy, (policy) =>
    Mutation.make(name, {
      before: Shards,
      success: Schema.Undefined,
      error: ReplicaError,
      operation: `deleted node ${nodeId}`,
      observe,
      look: (before) => lookInDoubt(named, name, Topology.make(before)),
      confirm: () => lookForAbsence(named),
      apply: (before) => sendChecked(named, Topology.make(before)),
      timeout: policy.scale,
      undo: (before, result) => reportDeleted(named, Topology.make(before), result)
    })
  )
  return Effect.catchTag(step, "NotFound", (error) =>
    Effect.fail(error.operation === "DeleteNode" ? new ReplicaChanged({ ...named, became: "gone" }) : error)
  )
}
