import type { ClusterState } from "../ClusterState.js"
import { type Operation, type OperationKind, type Stage, stage } from "../Operation.js"
import type { Move } from "../SlotPlan.js"
import type { State } from "../State.js"
import { find, mapNodes, put, remove, withSlotsAt } from "./clusters.js"

const historyLimit = 200

/** Starts an operation on a cluster; what is armed for its kind befalls it. */
export const begin = (
  state: State,
  cluster: ClusterState,
  options: {
    readonly id: string
    readonly kind: OperationKind
    readonly now: number
    readonly stages: ReadonlyArray<readonly [Stage["name"], number]>
    readonly shardId?: string
    readonly nodeIds?: ReadonlyArray<string>
    readonly moves?: ReadonlyArray<Move>
    readonly failing?: boolean
  }
): State => {
  const armed = state.armed.find(({ kind }) => kind === null || kind === options.kind)
  const held = state.settings.endsBy === "signal" || armed?.outcome === "Sticks"
  const operation: Operation = {
    id: options.id,
    kind: options.kind,
    startedAt: options.now,
    stages: options.stages.map(([name, millis], index) => ({
      name,
      millis,
      startedAt: index === 0 ? options.now : null,
      endedAt: null
    })),
    heldAt: held ? options.now : null,
    failing: (options.failing ?? false) || armed?.outcome === "Fails",
    shardId: options.shardId ?? null,
    nodeIds: options.nodeIds ?? [],
    moves: options.moves ?? [],
    moved: null
  }
  return put({ ...state, armed: state.armed.filter((each) => each !== armed) }, { ...cluster, operation })
}

const record = (
  state: State,
  cluster: ClusterState,
  operation: Operation,
  now: number,
  outcome: "Completed" | "Failed"
): State => ({
  ...state,
  history: [
    ...state.history.slice(1 - historyLimit),
    {
      id: operation.id,
      kind: operation.kind,
      clusterId: cluster.id,
      startedAt: operation.startedAt,
      endedAt: now,
      outcome
    }
  ]
})

/** Ends what a cluster is doing and leaves it `Failed`, its slots where they are. */
export const fail = (state: State, cluster: ClusterState, now: number): State => {
  const { operation } = cluster
  const recorded = operation === null ? state : record(state, cluster, operation, now, "Failed")
  const failed = { ...withSlotsAt(cluster, now), operation: null, heals: [], failedAt: now }
  return put(failBackups(recorded, cluster.id, now), failed)
}

export const failBackups = (state: State, clusterId: string, now: number): State => ({
  ...state,
  backups: state.backups.map((backup) =>
    backup.clusterId === clusterId && (backup.phase === "Pending" || backup.phase === "Creating")
      ? { ...backup, phase: "Error" as const, phaseAt: now }
      : backup
  )
})

const removeNodes = (cluster: ClusterState, operation: Operation): ClusterState => ({
  ...cluster,
  heals: cluster.heals.filter(({ nodeId }) => !operation.nodeIds.includes(nodeId)),
  shards: cluster.shards.map((shard) => ({
    ...shard,
    nodes: shard.nodes.filter(({ id }) => !operation.nodeIds.includes(id))
  }))
})

const removeShard = (cluster: ClusterState, operation: Operation): ClusterState => ({
  ...cluster,
  heals: cluster.heals.filter(({ shardId }) => shardId !== operation.shardId),
  shards: cluster.shards.filter(({ id }) => id !== operation.shardId)
})

/** What the end of a stage does to the cluster. */
const effect = (state: State, cluster: ClusterState, operation: Operation, now: number): ClusterState => {
  const name = stage(operation)?.name
  const inService = (syncedAt: number): ClusterState =>
    mapNodes(cluster, operation.nodeIds, (node) => ({ ...node, readyAt: now, syncedAt }))
  if (name === "Slots") return withSlotsAt(cluster, now)
  if (name === "Creating" || (name === "Nodes" && operation.kind === "AddShard")) return inService(now)
  if (name === "Nodes" && operation.kind === "AddReplica") return inService(now + state.settings.latencies.sync)
  if (name === "Nodes" && operation.kind === "DeleteNode") return removeNodes(cluster, operation)
  if (name === "Nodes" && operation.kind === "DeleteShard") return removeShard(cluster, operation)
  return cluster
}

const endCurrent = (operation: Operation, now: number): Operation => {
  const index = operation.stages.findIndex(({ endedAt }) => endedAt === null)
  return {
    ...operation,
    heldAt: operation.heldAt === null ? null : now,
    stages: operation.stages.map((each, place) =>
      place === index ? { ...each, endedAt: now } : place === index + 1 ? { ...each, startedAt: now } : each
    )
  }
}

/** Ends the stage under way: the next one begins, or the operation is over. */
export const endStage = (state: State, cluster: ClusterState, operation: Operation, now: number): State => {
  const next = endCurrent(operation, now)
  const last = stage(next) === undefined
  if (last && operation.failing) return fail(state, { ...cluster, operation: next }, now)
  if (last && operation.kind === "DeleteCluster") {
    return remove(record(state, cluster, operation, now, "Completed"), cluster.id)
  }
  const finishing = stage(operation)?.name === "Slots" ? { ...cluster, operation: next } : cluster
  const changed = effect(state, finishing, operation, now)
  if (last) return put(record(state, cluster, operation, now, "Completed"), { ...changed, operation: null })
  const settled = stage(operation)?.name === "Slots" ? { ...next, moves: [] } : next
  return put(state, { ...changed, operation: settled })
}

/** Ends all stages that are left. */
export const complete = (state: State, clusterId: string, now: number): State => {
  const cluster = find(state, clusterId)
  if (cluster === undefined || cluster.operation === null) return state
  return complete(endStage(state, cluster, cluster.operation, now), clusterId, now)
}
