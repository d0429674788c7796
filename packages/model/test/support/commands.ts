import * as Either from "effect/Either"
import * as FastCheck from "effect/FastCheck"
import { apply } from "../../src/Apply.js"
import type { ClusterState, NodeState, ShardState } from "../../src/ClusterState.js"
import type { Command } from "../../src/Command.js"
import * as Latencies from "../../src/Latencies.js"
import * as State from "../../src/State.js"
import { tick } from "../../src/Tick.js"
import { assignment, request, start, subnetA } from "./projects.js"

/** A step of a random history: what to do, to whom (by position, wrapped around), and how long after the one before. */
export interface Step {
  readonly kind: (typeof kinds)[number]
  readonly pick: number
  readonly size: number
  readonly wait: number
}

const kinds = [
  "CreateCluster",
  "UpdateCluster",
  "DeleteCluster",
  "AddShard",
  "DeleteShard",
  "AddReplica",
  "DeleteNode",
  "CreateBackup",
  "Restore",
  "LoadKeys",
  "FailNode",
  "SwitchPrimary",
  "FailCluster",
  "StickOperation",
  "ReleaseOperation",
  "FailOperation",
  "AdvanceOperation",
  "CompleteOperation",
  "ReportMoved",
  "ArmFault"
] as const

const weights: Partial<Record<Step["kind"], number>> = {
  CreateCluster: 3,
  DeleteCluster: 1,
  FailCluster: 1,
  FailOperation: 1,
  ArmFault: 1,
  StickOperation: 1
}

const step: FastCheck.Arbitrary<Step> = FastCheck.record({
  kind: FastCheck.oneof(...kinds.map((kind) => ({ arbitrary: FastCheck.constant(kind), weight: weights[kind] ?? 4 }))),
  pick: FastCheck.nat(9999),
  size: FastCheck.integer({ min: 1, max: 6 }),
  wait: FastCheck.oneof(FastCheck.constantFrom(0, 3000), FastCheck.nat(2500))
})

export const history: FastCheck.Arbitrary<ReadonlyArray<Step>> = FastCheck.array(step, { maxLength: 40 })

const at = <A>(list: ReadonlyArray<A>, pick: number): A | undefined => list[pick % Math.max(1, list.length)]

interface Target {
  readonly cluster: ClusterState | undefined
  readonly shard: ShardState | undefined
  readonly node: NodeState | undefined
}

const target = (state: State.State, pick: number): Target => {
  const cluster = at(state.clusters, pick)
  const shard = at(cluster?.shards ?? [], Math.floor(pick / 3))
  return { cluster, shard, node: at(shard?.nodes ?? [], Math.floor(pick / 31)) }
}

const create = (state: State.State, { pick, size }: Step, backup?: string): Command => {
  const shardCount =
    backup === undefined ? size : (state.backups.find(({ name }) => name === backup)?.shards.length ?? 1)
  return {
    _tag: "CreateCluster",
    request: request({
      name: `cluster-${pick % 7}`,
      shardCount,
      nodeCountPerShard: 2 + (pick % 4),
      ...(backup === undefined ? {} : { restoreSource: { backupName: backup } })
    })
  }
}

/** The command a step stands for in this state. */
export const command = (state: State.State, step: Step): Command => {
  const { cluster, node, shard } = target(state, step.pick)
  const ids = { clusterId: cluster?.id ?? "none", shardId: shard?.id ?? "none", nodeId: node?.id ?? "none" }
  const { kind, pick, size } = step
  switch (kind) {
    case "CreateCluster":
      return create(state, step)
    case "Restore":
      return create(state, step, at(state.backups, pick)?.name ?? "none")
    case "UpdateCluster":
      return { _tag: kind, clusterId: ids.clusterId, change: { description: String(pick) } }
    case "DeleteCluster":
      return { _tag: kind, clusterId: ids.clusterId, keepAutomaticBackups: pick % 2 === 0 }
    case "AddShard":
      return { _tag: kind, clusterId: ids.clusterId, nodeCount: size, subnetAssignment: assignment(size) }
    case "AddReplica":
      return { _tag: kind, clusterId: ids.clusterId, shardId: ids.shardId, subnetId: subnetA }
    case "DeleteShard":
    case "SwitchPrimary":
      return { _tag: kind, clusterId: ids.clusterId, shardId: ids.shardId }
    case "DeleteNode":
    case "FailNode":
      return { _tag: kind, ...ids }
    case "CreateBackup":
      return { _tag: kind, clusterId: ids.clusterId, name: `backup-${pick % 50}`, automatic: pick % 3 === 0 }
    case "LoadKeys":
      return { _tag: kind, clusterId: ids.clusterId, keys: pick, bytes: pick * 100 }
    case "ReportMoved":
      return { _tag: kind, clusterId: ids.clusterId, slots: pick }
    case "ArmFault":
      return { _tag: kind, kind: null, outcome: pick % 2 === 0 ? "Sticks" : "Fails" }
    default:
      return { _tag: kind, clusterId: ids.clusterId }
  }
}

/** Every state of a random history with the moment it was seen, commands that were refused left out. */
export const play = (
  steps: ReadonlyArray<Step>,
  options: {
    readonly latencies?: Latencies.Latencies
    readonly move?: (state: State.State, now: number) => State.State
  } = {}
): ReadonlyArray<{ readonly state: State.State; readonly now: number }> => {
  const move = options.move ?? tick
  let now = start
  let state = State.make({ settings: { latencies: options.latencies ?? Latencies.fast } })
  return steps.flatMap((step) => {
    now += step.wait
    const before = move(state, now)
    state = Either.match(apply(before, command(before, step), now), {
      onLeft: () => before,
      onRight: (applied) => applied.state
    })
    return [
      { state: before, now },
      { state, now }
    ]
  })
}
