import type { BackupState } from "../BackupState.js"
import { isRunning } from "../BackupState.js"
import type { ClusterState, NodeState, ShardState } from "../ClusterState.js"
import type { Disturbance } from "../Command.js"
import { type Operation, stage } from "../Operation.js"
import type { Reason } from "../Reason.js"
import type { State } from "../State.js"
import { freshest, mapNodes, promote, put, putShard, statusOf } from "./clusters.js"
import { heal } from "./heals.js"
import { complete, endStage, fail } from "./operations.js"
import { accept, check, type Outcome, withCluster } from "./outcome.js"

type Of<Tag extends Disturbance["_tag"]> = Extract<Disturbance, { readonly _tag: Tag }>

const alive = (state: State, cluster: ClusterState): ReadonlyArray<Reason> =>
  statusOf(state, cluster) === "Failed" ? [{ _tag: "ClusterFailed", clusterId: cluster.id }] : []

const withShard = (
  state: State,
  target: { readonly clusterId: string; readonly shardId: string },
  onFound: (cluster: ClusterState, shard: ShardState) => Outcome
): Outcome =>
  withCluster(state, target.clusterId, (cluster) => {
    const shard = cluster.shards.find(({ id }) => id === target.shardId)
    const { clusterId, shardId } = target
    return shard === undefined
      ? check(state, [{ _tag: "UnknownShard", clusterId, shardId }], () => accept(state, clusterId))
      : onFound(cluster, shard)
  })

const usable = (
  state: State,
  cluster: ClusterState,
  shard: ShardState,
  nodeId: string,
  node: NodeState | undefined
): ReadonlyArray<Reason> => {
  if (node === undefined) return [{ _tag: "UnknownNode", clusterId: cluster.id, shardId: shard.id, nodeId }]
  if (node.downAt !== null) return [{ _tag: "NodeDown", nodeId }]
  if (node.readyAt === null) return [{ _tag: "NodeNotReady", nodeId }]
  return alive(state, cluster)
}

const loadKeys = (state: State, { bytes, clusterId, keys }: Of<"LoadKeys">): Outcome =>
  withCluster(state, clusterId, (cluster) =>
    check(state, alive(state, cluster), () =>
      accept(
        put(state, {
          ...cluster,
          keys: Math.max(0, cluster.keys + keys),
          usedMemory: Math.max(0, cluster.usedMemory + bytes)
        }),
        clusterId
      )
    )
  )

const failNode = (state: State, command: Of<"FailNode">, now: number): Outcome =>
  withShard(state, command, (cluster, shard) => {
    const { clusterId, nodeId, shardId } = command
    const node = shard.nodes.find(({ id }) => id === nodeId)
    return check(state, usable(state, cluster, shard, nodeId, node), () => {
      const dueAt = now + state.settings.latencies.detect
      const down = mapNodes(cluster, [nodeId], (each) => ({ ...each, downAt: now }))
      const heals = [...cluster.heals, { phase: "Detecting" as const, shardId, nodeId, dueAt }]
      return accept(put(state, { ...down, heals }), clusterId)
    })
  })

const switchPrimary = (state: State, command: Of<"SwitchPrimary">): Outcome =>
  withShard(state, command, (cluster, shard) => {
    const { clusterId, shardId } = command
    const nodeId = command.nodeId ?? freshest(cluster, shard)?.id
    if (nodeId === undefined) {
      return check(state, [{ _tag: "NoReplica", clusterId, shardId }], () => accept(state, clusterId))
    }
    const leaving = cluster.operation?.kind === "DeleteNode" && cluster.operation.nodeIds.includes(nodeId)
    const node = shard.nodes.find(({ id }) => id === nodeId)
    const reasons: ReadonlyArray<Reason> = [
      ...usable(state, cluster, shard, nodeId, node),
      ...(leaving ? [{ _tag: "NodeBeingDeleted" as const, nodeId }] : [])
    ]
    return check(state, reasons, () => accept(put(state, putShard(cluster, promote(shard, nodeId))), clusterId))
  })

const failCluster = (state: State, { clusterId }: Of<"FailCluster">, now: number): Outcome =>
  withCluster(state, clusterId, (cluster) =>
    check(state, alive(state, cluster), () => accept(fail(state, cluster, now), clusterId))
  )

const withOperation = (
  state: State,
  clusterId: string,
  change: (cluster: ClusterState, operation: Operation) => State
): Outcome =>
  withCluster(state, clusterId, (cluster) => {
    const { operation } = cluster
    return operation === null
      ? check(state, [{ _tag: "NoOperation", clusterId }], () => accept(state, clusterId))
      : accept(change(cluster, operation), clusterId)
  })

const release = (operation: Operation, now: number): Operation => {
  const { heldAt } = operation
  if (heldAt === null) return operation
  const current = stage(operation)
  return {
    ...operation,
    heldAt: null,
    stages: operation.stages.map((each) =>
      each === current && each.startedAt !== null
        ? { ...each, startedAt: each.startedAt + Math.max(0, now - heldAt) }
        : each
    )
  }
}

const advanceHeal = (state: State, { clusterId, nodeId }: Of<"AdvanceHeal">, now: number): Outcome =>
  withCluster(state, clusterId, (cluster) => {
    const found = cluster.heals.find((each) => each.nodeId === nodeId)
    if (found === undefined) return check(state, [{ _tag: "NoOperation", clusterId }], () => accept(state, clusterId))
    const due = { ...found, dueAt: now }
    const hastened = { ...cluster, heals: cluster.heals.map((each) => (each === found ? due : each)) }
    return accept(heal(put(state, hastened), hastened, due), clusterId)
  })

const withBackup = (state: State, backupId: string, change: (backup: BackupState) => BackupState): Outcome => {
  const backup = state.backups.find(({ id }) => id === backupId)
  const reasons: ReadonlyArray<Reason> =
    backup === undefined
      ? [{ _tag: "UnknownBackup", backup: backupId }]
      : isRunning(backup)
        ? []
        : [{ _tag: "BackupNotAvailable", backup: backup.name, status: backup.phase }]
  return check(state, reasons, () =>
    accept({ ...state, backups: state.backups.map((each) => (each.id === backupId ? change(each) : each)) }, backupId)
  )
}

const setEndpoint = (state: State, command: Of<"SetEndpoint">): Outcome =>
  withShard(state, command, (cluster, shard) => {
    const { clusterId, endpoint, nodeId, shardId } = command
    const found = shard.nodes.some(({ id }) => id === nodeId)
    const reasons: ReadonlyArray<Reason> = found ? [] : [{ _tag: "UnknownNode", clusterId, shardId, nodeId }]
    return check(state, reasons, () =>
      accept(
        put(
          state,
          mapNodes(cluster, [nodeId], (node) => ({ ...node, endpoint }))
        ),
        clusterId
      )
    )
  })

export const disturb = (state: State, command: Disturbance, now: number): Outcome => {
  const operate = (clusterId: string, change: (operation: Operation) => Operation): Outcome =>
    withOperation(state, clusterId, (cluster, operation) => put(state, { ...cluster, operation: change(operation) }))
  switch (command._tag) {
    case "LoadKeys":
      return loadKeys(state, command)
    case "FailNode":
      return failNode(state, command, now)
    case "SwitchPrimary":
      return switchPrimary(state, command)
    case "FailCluster":
      return failCluster(state, command, now)
    case "StickOperation":
      return operate(command.clusterId, (each) => ({ ...each, heldAt: each.heldAt ?? now }))
    case "ReleaseOperation":
      return operate(command.clusterId, (each) => release(each, now))
    case "FailOperation":
      return operate(command.clusterId, (each) => ({ ...each, failing: true }))
    case "ReportMoved":
      return operate(command.clusterId, (each) => ({ ...each, moved: Math.max(each.moved ?? 0, command.slots) }))
    case "AdvanceOperation":
      return withOperation(state, command.clusterId, (cluster, each) => endStage(state, cluster, each, now))
    case "CompleteOperation":
      return withOperation(state, command.clusterId, () => complete(state, command.clusterId, now))
    case "AdvanceHeal":
      return advanceHeal(state, command, now)
    case "ArmFault":
      return accept({ ...state, armed: [...state.armed, { kind: command.kind, outcome: command.outcome }] }, "")
    case "CompleteBackup":
      return withBackup(state, command.backupId, (each) => ({
        ...each,
        phase: "Available",
        phaseAt: now,
        heldAt: null
      }))
    case "FailBackup":
      return withBackup(state, command.backupId, (each) => ({ ...each, phase: "Error", phaseAt: now, heldAt: null }))
    case "SetEndpoint":
      return setEndpoint(state, command)
  }
}
