import {
  AddReplica,
  AddShard,
  CreateBackup,
  CreateCluster,
  DeleteCluster,
  DeleteNode,
  DeleteShard,
  GetCluster,
  ListBackups,
  ListShards,
  RestoreCluster,
  UpdateCluster
} from "@memstore-flows/api"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import type { DataPlane } from "../../src/DataPlane.js"
import { Emulator } from "../../src/Emulator.js"
import * as Faults from "../../src/Faults.js"
import { assignment, cluster } from "../support/samples.js"

const often = Schedule.spaced("20 millis")

/** Waits in real time. */
export const becomes = <E, R>(what: string, condition: Effect.Effect<boolean, E, R>) =>
  Effect.repeat(
    Effect.orElseSucceed(condition, () => false),
    { until: (done) => done, schedule: often }
  ).pipe(Effect.timeoutFail({ duration: "50 seconds", onTimeout: () => new Error(`never: ${what}`) }))

const shardsOf = (clusterId: string) =>
  Effect.flatMap(ListShards, (list) => Effect.map(list({ clusterId }), ({ shards }) => shards))

/** Waits until nothing is under way, no replacement of a node either. Answers with the status. */
export const settled = (clusterId: string) =>
  Effect.gen(function* () {
    const get = yield* GetCluster
    const { state } = yield* Emulator
    const idle = Effect.map(state, ({ clusters }) =>
      clusters.every(({ heals, id, operation }) => id !== clusterId || (operation === null && heals.length === 0))
    )
    yield* becomes("a settled cluster", Effect.zipRight(get({ clusterId }), idle))
    return (yield* get({ clusterId })).status
  })

/** What a user sees of a cluster, without the ids of nodes. */
const look = (clusterId: string) =>
  Effect.gen(function* () {
    const get = yield* GetCluster
    const status = yield* settled(clusterId)
    const shards = yield* shardsOf(clusterId)
    return {
      status,
      name: (yield* get({ clusterId })).name,
      shards: shards.map(({ id, nodes, slots, status: each }) => ({
        ...{ id, slots, status: each },
        nodes: nodes.map(({ role }) => role).sort()
      }))
    }
  })

const nodesOf = (clusterId: string, shardId: string) =>
  Effect.map(shardsOf(clusterId), (shards) => shards.find(({ id }) => id === shardId)?.nodes ?? [])

const primaryOf = (clusterId: string, shardId: string) =>
  Effect.map(nodesOf(clusterId, shardId), (nodes) => nodes.find(({ role }) => role === "primary")?.id ?? "")

const refusal = <A, E extends { readonly _tag: string }, R>(call: Effect.Effect<A, E, R>) =>
  Effect.match(call, { onFailure: ({ _tag }): string => _tag, onSuccess: () => "accepted" })

/** A plane that is told everything twice: nothing may come of the second time. */
export const repeated = (plane: DataPlane): DataPlane => ({
  ...plane,
  prepare: (cloud, command) => Effect.zipRight(plane.prepare(cloud, command), plane.prepare(cloud, command)),
  begun: (cloud, work) => Effect.zipRight(plane.begun(cloud, work), plane.begun(cloud, work)),
  census: (cloud, clusterId) => Effect.zipRight(plane.census(cloud, clusterId), plane.census(cloud, clusterId)),
  reset: (cloud) => Effect.zipRight(plane.reset(cloud), plane.reset(cloud))
})

/** Waits until a shard has another primary than this. */
const replaced = (clusterId: string, shardId: string, former: string) =>
  Effect.gen(function* () {
    const now = nodesOf(clusterId, shardId)
    yield* becomes(
      "another primary",
      Effect.map(
        now,
        (nodes) =>
          nodes.some(({ id, role }) => role === "primary" && id !== former) && nodes.every(({ id }) => id !== former)
      )
    )
    return yield* look(clusterId)
  })

/** A cluster and its backup; then every operation that changes the cluster. Answers with all that a user sees. */
export const life = <E, R>(started: (clusterId: string) => Effect.Effect<void, E, R>) =>
  Effect.gen(function* () {
    const emulator = yield* Emulator
    const [create, add, replica, drain, remove, rename, backup, backups] = yield* Effect.all([
      CreateCluster,
      AddShard,
      AddReplica,
      DeleteShard,
      DeleteNode,
      UpdateCluster,
      CreateBackup,
      ListBackups
    ])
    const { objectId: clusterId } = yield* create(cluster({ name: "whole", port: 6379 }, 2, 2))
    const seen: Array<unknown> = [yield* look(clusterId)]
    yield* emulator.loadKeys({ clusterId, count: 2000 })
    yield* backup({ clusterId, name: "good" })
    const copy = Effect.map(backups({}), (all) => all.backups.find(({ name }) => name === "good")?.status)
    yield* becomes(
      "a backup",
      Effect.map(copy, (status) => status === "Available")
    )
    yield* started(clusterId)

    const first = yield* primaryOf(clusterId, "001")
    seen.push(
      yield* refusal(remove({ clusterId, shardId: "001", nodeId: first })),
      yield* refusal(drain({ clusterId, shardId: "009" })),
      yield* refusal(create(cluster({ name: "whole", port: 6379 }, 2, 2)))
    )
    yield* replica({ clusterId, shardId: "001", subnet: assignment().primary })
    seen.push(yield* look(clusterId))

    const second = yield* primaryOf(clusterId, "002")
    yield* emulator.faults.add({
      match: { operation: "AddShard", step: "Slots" },
      do: Faults.disturb({ _tag: "FailNode", clusterId, shardId: "002", role: "primary" })
    })
    yield* add({ clusterId, nodeCount: 2, subnetAssignments: assignment(1) })
    seen.push(yield* replaced(clusterId, "002", second))

    yield* emulator.disturb({ _tag: "HangNode", clusterId, shardId: "001", role: "primary" })
    seen.push(yield* replaced(clusterId, "001", first))
    yield* emulator.disturb({ _tag: "ResumeNode", clusterId })

    const old = (yield* nodesOf(clusterId, "001")).find(({ id, role }) => role === "replica" && id !== first)?.id ?? ""
    yield* emulator.faults.add({
      match: { afterMillis: 1 },
      do: Faults.disturb({ _tag: "FailNode", clusterId, shardId: "001", nodeId: old })
    })
    yield* becomes(
      "a new replica",
      Effect.map(nodesOf(clusterId, "001"), (nodes) => nodes.length === 3 && nodes.every(({ id }) => id !== old))
    )
    seen.push(yield* look(clusterId))
    const spare = (yield* nodesOf(clusterId, "001")).find(({ role }) => role === "replica")?.id ?? ""
    yield* remove({ clusterId, shardId: "001", nodeId: spare })
    seen.push(yield* look(clusterId))
    yield* drain({ clusterId, shardId: "003" })
    seen.push(yield* look(clusterId))
    yield* rename({ clusterId, description: "changed" })
    seen.push(yield* look(clusterId))
    return { clusterId, seen }
  })

/** The backup of `life` becomes a cluster, and all clusters go. */
export const afterlife = (clusterId: string) =>
  Effect.gen(function* () {
    const emulator = yield* Emulator
    const [restore, end] = yield* Effect.all([RestoreCluster, DeleteCluster])
    const body = cluster({ name: "copy", port: 2000 }, 2, 2)
    const { objectId } = yield* restore({ ...body, restoreSource: { backupName: "good" } })
    const seen: Array<unknown> = [yield* look(objectId), yield* emulator.census(objectId)]
    yield* end({ clusterId: objectId })
    yield* end({ clusterId })
    yield* becomes(
      "an empty project",
      Effect.map(emulator.state, ({ clusters }) => clusters.length === 0)
    )
    yield* emulator.reset
    seen.push((yield* emulator.state).backups)
    return seen
  })
