/**
 * Adds, proves and deletes replicas: the pieces of every flow that moves nodes.
 *
 * @since 0.1.0
 */
import { AddReplica } from "@memstore-flows/api/AddReplica"
import { DeleteNode } from "@memstore-flows/api/DeleteNode"
import type { ListShards } from "@memstore-flows/api/ListShards"
import { Shard } from "@memstore-flows/api/Shard"
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

const Shards = Schema.Array(Shard)

const nodeCount = ({ shards }: Topology.Topology, shardId: string): number =>
  shards.find(({ id }) => id === shardId)?.nodes.length ?? 0

interface Place {
  readonly clusterId: string
  readonly shardId: string
  readonly subnetId: string
}

/** A node that auto-heal made in place of a lost one is not ours: then the shard has not grown. */
const lookForReplica = ({ clusterId, shardId, subnetId }: Place, shardsBefore: ReadonlyArray<Shard>) =>
  Effect.gen(function* () {
    const after = yield* Observe.topology(clusterId)
    if (Observe.hasFailed(after)) return yield* new ClusterFailed({ clusterId, during: "add replica" })
    const state = Observe.unsettled(after)
    if (state !== undefined) return Mutation.underWay(state)
    const before = Topology.make(shardsBefore)
    const found = Topology.newNode({ before, after, shardId, subnetId })
    const grown = nodeCount(after, shardId) > nodeCount(before, shardId)
    const lostHere = Topology.diff(before, after).nodesRemoved.some(
      (each) => each.shardId === shardId && each.node.subnet.id === subnetId
    )
    if (found._tag === "Found" && (grown || !lostHere)) return Mutation.applied(found.value.id)
    if (found._tag !== "Ambiguous" && !grown) return Mutation.absent
    const candidates = found._tag === "Ambiguous" ? found.candidates.map(({ id }) => id) : []
    const lookFor = `nodes appeared in shard ${shardId}, and which one was asked for cannot be told`
    return yield* new Ambiguous({ operation: "AddReplica", lookFor, candidates })
  })

const lookForAbsence = (clusterId: string, nodeId: string) =>
  Effect.gen(function* () {
    const seen = yield* Observe.topology(clusterId)
    if (Observe.hasFailed(seen)) return yield* new ClusterFailed({ clusterId, during: "delete node" })
    const state = Observe.unsettled(seen)
    if (state !== undefined) return Mutation.underWay(state)
    return Topology.findNode(seen, nodeId) === undefined ? Mutation.applied(undefined) : Mutation.absent
  })

const sendDelete = (clusterId: string, shardId: string, nodeId: string) =>
  Effect.flatMap(DeleteNode, (send) => Effect.as(send({ clusterId, shardId, nodeId }), Option.none<undefined>()))

/** Takes an added replica away again, unless the shard would then have fewer nodes than before. */
const takeAway = (place: Place, shardsBefore: ReadonlyArray<Shard>, result: Option.Option<string>) =>
  Effect.gen(function* () {
    const { clusterId, shardId } = place
    const { scale } = yield* WaitPolicy
    const deadline = yield* Waiter.deadlineIn(scale)
    const operation = "added replica"
    const found = Option.isSome(result)
      ? result
      : yield* Mutation.seen({ operation, look: lookForReplica(place, shardsBefore), deadline })
    if (Option.isNone(found)) return
    const seen = yield* Observe.settled({ clusterId, during: "undo", deadline })
    const node = Topology.findNode(seen, found.value)?.node
    if (node === undefined) return
    if (nodeCount(seen, shardId) <= nodeCount(Topology.make(shardsBefore), shardId)) {
      return yield* new LeftInPlace({ reason: `node ${node.id} stays: without it shard ${shardId} would lack a node` })
    }
    if (node.role === "primary") {
      return yield* new LeftInPlace({ reason: `node ${node.id} became primary, and a primary cannot be deleted` })
    }
    yield* Mutation.carryOut({
      operation: `deleted node ${node.id}`,
      look: lookForAbsence(clusterId, node.id),
      apply: sendDelete(clusterId, shardId, node.id),
      deadline,
      fresh: true
    })
  })

/**
 * - `check`: further findings on the shards as they are just before the call
 * - `undo`: `remove` (default) or `keep`
 *
 * @since 0.1.0
 * @category models
 */
export interface AddReplicaOptions extends Place {
  readonly check?: ((shards: ReadonlyArray<Shard>) => ReadonlyArray<Finding>) | undefined
  readonly undo?: "remove" | "keep" | undefined
}

/**
 * Adds one replica, and tells which node it is: new, in the wanted subnet, in a shard that has grown.
 *
 * Refused before anything is sent: over 5 nodes, an unknown shard, a cluster not in service. When several new nodes fit,
 * it ends in `Ambiguous`.
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
    Option.isSome(result)
      ? new LeftInPlace({ reason: `node ${result.value} is kept, as asked` })
      : Effect.flatMap(WaitPolicy, ({ scale }) =>
          Effect.flatMap(Waiter.deadlineIn(scale), (deadline) =>
            Effect.flatMap(
              Mutation.seen({ operation: "added replica", look: lookForReplica(options, before), deadline }),
              Option.match({
                onNone: () => Effect.void,
                onSome: (id) => new LeftInPlace({ reason: `node ${id} is kept, as asked` })
              })
            )
          )
        )
  return Effect.flatMap(WaitPolicy, (policy) =>
    Mutation.make(name, {
      before: Shards,
      success: Schema.String,
      error: ReplicaError,
      operation: `added replica in subnet ${subnetId}`,
      observe: inService(clusterId, name, (shards) => [
        ...Rules.addReplica({ clusterId, shards, shardId, subnetId }),
        ...(options.check?.(shards) ?? [])
      ]),
      look: (before) => lookForReplica(options, before),
      apply: () =>
        Effect.flatMap(AddReplica, (send) =>
          Effect.as(send({ clusterId, shardId, subnet: { id: subnetId } }), Option.none<string>())
        ),
      timeout: policy.scale,
      undo: (before, result) => (options.undo === "keep" ? kept(before, result) : takeAway(options, before, result))
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
    success: Schema.Literal("proven", "unproven"),
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

const changed = (clusterId: string, shardId: string, nodeId: string, shards: ReadonlyArray<Shard>) => {
  const node = Topology.findNode(Topology.make(shards), nodeId)?.node
  if (node === undefined) return new ReplicaChanged({ clusterId, shardId, nodeId, became: "gone" })
  return node.role === "primary" ? new ReplicaChanged({ clusterId, shardId, nodeId, became: "primary" }) : undefined
}

/**
 * Deletes one replica, its role re-read just before, and waits until it is gone and the cluster in service.
 *
 * Fails with `ReplicaChanged` if the node became primary or is gone already: no other is taken in its stead. Deletion
 * cannot be undone; an undo after it reports that.
 *
 * @since 0.1.0
 * @category constructors
 */
export const deleteReplica = (
  name: string,
  { clusterId, nodeId, shardId }: { readonly clusterId: string; readonly shardId: string; readonly nodeId: string }
): Effect.Effect<void, ReplicaError, Run.Run | DeleteNode | ListShards> => {
  const before = Effect.gen(function* () {
    const shards = yield* inService(clusterId, name)
    const change = changed(clusterId, shardId, nodeId, shards)
    if (change !== undefined) return yield* change
    yield* refuseIf(Rules.deleteNode({ clusterId, shards, shardId, nodeId }))
    return shards
  })
  const apply = sendDelete(clusterId, shardId, nodeId).pipe(
    Effect.catchTag("InvalidRequest", (refusal) =>
      Effect.flatMap(Observe.topology(clusterId), ({ shards }) =>
        Effect.fail<ReplicaError>(changed(clusterId, shardId, nodeId, shards) ?? refusal)
      )
    )
  )
  const look = lookForAbsence(clusterId, nodeId)
  const report = Effect.gen(function* () {
    const { scale } = yield* WaitPolicy
    const deadline = yield* Waiter.deadlineIn(scale)
    const found = yield* Mutation.seen({ operation: `deleted node ${nodeId}`, look, deadline })
    if (Option.isNone(found)) return
    return yield* new LeftInPlace({ reason: `node ${nodeId} was deleted, which cannot be undone` })
  })
  return Effect.flatMap(WaitPolicy, (policy) =>
    Mutation.make(name, {
      before: Shards,
      success: Schema.Undefined,
      error: ReplicaError,
      operation: `deleted node ${nodeId}`,
      observe: before,
      look: () => look,
      apply: () => apply,
      timeout: policy.scale,
      undo: () => report
    })
  )
}
