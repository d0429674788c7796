import type { Shard } from "@memstore-flows/api/Shard"
import * as Either from "effect/Either"
import { type Applied, apply } from "../../src/Apply.js"
import type { ClusterRequest, Command } from "../../src/Command.js"
import * as Latencies from "../../src/Latencies.js"
import type { Refusal } from "../../src/Refusal.js"
import type { Settings } from "../../src/Settings.js"
import * as State from "../../src/State.js"
import { tick } from "../../src/Tick.js"
import * as View from "../../src/View.js"

export const start = Date.UTC(2026, 0, 1)

export const subnetA = "aaaaaaaa-0a69-4f8b-b56d-59ce12b4d55b"
export const subnetB = "bbbbbbbb-0a69-4f8b-b56d-59ce12b4d55b"

/** The page's create sample. */
export const request = (overrides: Partial<ClusterRequest> = {}): ClusterRequest => {
  const shardCount = overrides.shardCount ?? 2
  const nodeCountPerShard = overrides.nodeCountPerShard ?? 3
  return {
    name: "test-cluster",
    version: "6.2.5",
    port: 6379,
    shardCount,
    nodeCountPerShard,
    flavorId: "3830ebad-ea2f-4822-8a7d-9e301c86a58d",
    parameterGroupId: "bbbbcccc-1234-1234-5678-e705e91db2fb",
    subnets: [{ id: subnetA }, { id: subnetB }],
    subnetAssignments: Array.from({ length: shardCount }, () => assignment(nodeCountPerShard)),
    securityGroups: [{ id: "abcdxxxx-4870-4c4e-a267-2de13e38c2ea" }],
    ...overrides
  }
}

export const assignment = (nodeCount: number) => ({
  primary: { id: subnetA },
  replicas: Array.from({ length: Math.max(0, nodeCount - 1) }, () => ({ id: subnetB }))
})

export const project = (settings: Partial<Settings> = {}): State.State =>
  State.make({ settings: { latencies: Latencies.fast, ...settings } })

/** Applies a command that must be accepted. */
export const accepted = (state: State.State, command: Command, now: number): Applied =>
  Either.getOrThrowWith(apply(state, command, now), (refusal) => new Error(refusal.message))

/** Applies a command that must be refused. */
export const refused = (state: State.State, command: Command, now: number): Refusal =>
  Either.match(apply(state, command, now), {
    onLeft: (refusal) => refusal,
    onRight: () => {
      throw new Error(`${command._tag} was accepted`)
    }
  })

export const minute = 60_000

/** A project with one cluster in service, a minute after its creation. */
export const running = (
  overrides: Partial<ClusterRequest> = {},
  settings: Partial<Settings> = {}
): { readonly state: State.State; readonly clusterId: string; readonly now: number } => {
  const { objectId, state } = accepted(project(settings), { _tag: "CreateCluster", request: request(overrides) }, start)
  return { state: tick(state, start + minute), clusterId: objectId, now: start + minute }
}

export const shardsOf = (state: State.State, clusterId: string, now: number): ReadonlyArray<Shard> =>
  Either.getOrThrowWith(View.listShards(state, clusterId, now), (refusal) => new Error(refusal.message))

export const shardOf = (state: State.State, clusterId: string, shardId: string, now: number): Shard =>
  Either.getOrThrowWith(View.getShard(state, clusterId, shardId, now), (refusal) => new Error(refusal.message))

/** The nth node of a role in a shard. */
export const nodeId = (shard: Shard, role: "primary" | "replica", index = 0): string => {
  const node = shard.nodes.filter((each) => each.role === role)[index]
  if (node === undefined) throw new Error(`shard ${shard.id} has no such ${role}`)
  return node.id
}
