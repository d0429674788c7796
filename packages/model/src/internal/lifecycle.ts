import type { BackupState } from "../BackupState.js"
import type { ClusterState } from "../ClusterState.js"
import type { ClusterChange, ClusterRequest, Write } from "../Command.js"
import type { Reason } from "../Reason.js"
import * as Rules from "../Rules.js"
import { even } from "../SlotPlan.js"
import type { State } from "../State.js"
import { backups } from "../View.js"
import type { Warning } from "../Warning.js"
import { newShard, nodesUsed, put, shareOf, slotsAt, statusOf, withSlotsAt } from "./clusters.js"
import { type Identities, identities } from "./identity.js"
import { begin, failBackups } from "./operations.js"
import { accept, check, type Outcome, present, unknown, withCluster } from "./outcome.js"

const catalogue = (state: State, request: ClusterRequest): ReadonlyArray<Reason> => [
  ...unknown(state.versions, [request.version], (version) => ({ _tag: "UnknownVersion", version })),
  ...unknown(
    state.flavors.map(({ id }) => id),
    [request.flavorId],
    (flavorId) => ({ _tag: "UnknownFlavor", flavorId })
  ),
  ...unknown(state.parameterGroups, [request.parameterGroupId], (parameterGroupId) => ({
    _tag: "UnknownParameterGroup",
    parameterGroupId
  })),
  ...unknown(
    state.subnets,
    request.subnets.map(({ id }) => id),
    (subnetId) => ({ _tag: "UnknownSubnet", subnetId })
  ),
  ...securityGroups(state, request)
]

const securityGroups = (state: State, request: Pick<ClusterChange, "securityGroups">): ReadonlyArray<Reason> =>
  unknown(
    state.securityGroups,
    (request.securityGroups ?? []).map(({ id }) => id),
    (securityGroupId) => ({ _tag: "UnknownSecurityGroup", securityGroupId })
  )

const restoring = (state: State, request: ClusterRequest, now: number): ReadonlyArray<Reason> => {
  const source = request.restoreSource
  if (source === undefined) return []
  const found = backups(state, {}, now).find(({ name }) => name === source.backupName)
  return found === undefined
    ? [{ _tag: "UnknownBackup", backup: source.backupName }]
    : Rules.restore({ request, backup: found })
}

const creationWarnings = (
  state: State,
  request: ClusterRequest,
  source: BackupState | undefined
): ReadonlyArray<Warning> => {
  const memory = state.flavors.find(({ id }) => id === request.flavorId)?.memory ?? 0
  const fullest = Math.max(0, ...(source?.shards ?? []).map(({ usedMemory }) => usedMemory))
  return [
    ...Rules.restoreMemory({ usedMemory: fullest, memory }),
    ...request.subnetAssignments.flatMap((subnetAssignment, index) =>
      Rules.spread({ subnetAssignment, path: `subnetAssignments[${index}]` })
    )
  ]
}

const newCluster = (
  ids: Identities,
  state: State,
  request: ClusterRequest,
  source: BackupState | undefined,
  now: number
): ClusterState => {
  const ranges = source?.shards.map(({ slots }) => slots) ?? even(request.shardCount)
  const sum = (pick: (shard: BackupState["shards"][number]) => number): number =>
    (source?.shards ?? []).reduce((total, shard) => total + pick(shard), 0)
  return {
    id: ids.id(),
    name: request.name,
    description: request.description ?? "",
    version: request.version,
    port: request.port,
    flavorId: request.flavorId,
    parameterGroupId: request.parameterGroupId,
    subnets: request.subnets.map(({ id }) => ({ id })),
    securityGroups: request.securityGroups.map(({ id }) => ({ id })),
    tlsEnabled: request.tlsEnabled ?? false,
    userName: request.user?.name ?? null,
    backupSchedule: request.backupSchedule ?? null,
    restoredFrom: source?.id ?? null,
    shards: request.subnetAssignments.map(({ primary, replicas }, index) =>
      newShard(ids, {
        clusterName: request.name,
        ordinal: index + 1,
        slots: ranges[index] ?? [],
        subnetIds: [primary.id, ...replicas.map(({ id }) => id)],
        now,
        visibleAt: now + state.settings.latencies.visibility
      })
    ),
    nextShard: request.shardCount + 1,
    operation: null,
    heals: [],
    keys: sum(({ keys }) => keys),
    usedMemory: sum(({ usedMemory }) => usedMemory),
    failedAt: null,
    createdAt: now,
    visibleAt: now + state.settings.latencies.clusterVisibility
  }
}

type Of<Tag extends Write["_tag"]> = Extract<Write, { readonly _tag: Tag }>

export const createCluster = (state: State, { request }: Of<"CreateCluster">, now: number): Outcome => {
  const taken = state.clusters.some(({ name }) => name === request.name)
  const reasons: ReadonlyArray<Reason> = [
    ...(taken ? [{ _tag: "NameTaken" as const, name: request.name }] : []),
    ...Rules.createCluster({ request, projectNodes: nodesUsed(state) }),
    ...catalogue(state, request),
    ...restoring(state, request, now)
  ]
  const build = (): Outcome => {
    const source = state.backups.find(({ name }) => name === request.restoreSource?.backupName)
    const warnings = creationWarnings(state, request, source)
    const ids = identities(state)
    const cluster = newCluster(ids, state, request, source, now)
    const { latencies, overMemoryRestore } = state.settings
    const tooFull = warnings.some(({ _tag }) => _tag === "RestoreMemory")
    const operationId = ids.id()
    const added = { ...state, counter: ids.counter(), clusters: [...state.clusters, cluster] }
    const begun = begin(added, cluster, {
      id: operationId,
      kind: "CreateCluster",
      now,
      stages: [
        ["Init", latencies.init],
        ["Creating", latencies.create + (source === undefined ? 0 : latencies.restore)]
      ],
      nodeIds: cluster.shards.flatMap(({ nodes }) => nodes.map(({ id }) => id)),
      failing: tooFull && overMemoryRestore === "fails"
    })
    return accept(begun, cluster.id, warnings)
  }
  return check(state, reasons, build, true)
}

const newSchedule = (cluster: ClusterState, change: ClusterChange): ClusterState["backupSchedule"] => {
  const { backupSchedule: update } = change
  if (update === undefined) return cluster.backupSchedule
  const cron = update.cron ?? cluster.backupSchedule?.cron ?? ""
  return cron === ""
    ? null
    : { cron, retentionLimit: update.retentionLimit ?? cluster.backupSchedule?.retentionLimit ?? 7 }
}

export const updateCluster = (state: State, { change, clusterId }: Of<"UpdateCluster">, now: number): Outcome =>
  withCluster(state, clusterId, (cluster) => {
    const groups = change.parameterGroupId === undefined ? [] : [change.parameterGroupId]
    const reasons = [
      ...Rules.inService({ clusterId, status: statusOf(state, cluster) }),
      ...unknown(state.parameterGroups, groups, (parameterGroupId) => ({
        _tag: "UnknownParameterGroup",
        parameterGroupId
      })),
      ...securityGroups(state, change)
    ]
    return check(state, reasons, () => {
      const ids = identities(state)
      const id = ids.id()
      const changed: ClusterState = {
        ...cluster,
        description: change.description ?? cluster.description,
        parameterGroupId: change.parameterGroupId ?? cluster.parameterGroupId,
        securityGroups: change.securityGroups?.map((each) => ({ id: each.id })) ?? cluster.securityGroups,
        backupSchedule: newSchedule(cluster, change)
      }
      const stages = [["Modifying", state.settings.latencies.modify]] as const
      const begun = begin({ ...state, counter: ids.counter() }, changed, { id, kind: "UpdateCluster", now, stages })
      return accept(begun, clusterId)
    })
  })

export const deleteCluster = (state: State, command: Of<"DeleteCluster">, now: number): Outcome =>
  withCluster(state, command.clusterId, (cluster) => {
    const { clusterId, keepAutomaticBackups } = command
    const status = statusOf(state, cluster)
    const automatic = state.backups.filter((each) => each.automatic && each.clusterId === clusterId)
    const interrupts = state.settings.deleteWhileBusy && status !== "Deleting"
    const reasons = Rules.deleteCluster({
      clusterId,
      status: interrupts ? "Running" : status,
      automaticBackups: automatic.length,
      keepAutomaticBackups
    })
    return check(state, reasons, () => {
      const ids = identities(state)
      const id = ids.id()
      const settled = { ...withSlotsAt(cluster, now), operation: null, failedAt: cluster.failedAt }
      const failed = failBackups({ ...state, counter: ids.counter() }, clusterId, now)
      const kept =
        keepAutomaticBackups === false
          ? { ...failed, backups: failed.backups.filter((each) => !automatic.some((gone) => gone.id === each.id)) }
          : failed
      const stages = [["Deleting", state.settings.latencies.remove]] as const
      return accept(begin(put(kept, settled), settled, { id, kind: "DeleteCluster", now, stages }), clusterId)
    })
  })

const day = 24 * 60 * 60_000
const defaultRetention = 7

export const createBackup = (state: State, command: Of<"CreateBackup">, now: number): Outcome =>
  withCluster(state, command.clusterId, (cluster) => {
    const { latencies, endsBy } = state.settings
    const taken = state.backups.some(({ name }) => name === command.name)
    const reasons: ReadonlyArray<Reason> = [
      ...Rules.createBackup(present(state, cluster, now)),
      ...(taken ? [{ _tag: "BackupNameTaken" as const, name: command.name }] : [])
    ]
    return check(state, reasons, () => {
      const ids = identities(state)
      const automatic = command.automatic ?? false
      const retention = (cluster.backupSchedule?.retentionLimit ?? defaultRetention) * day
      const backup: BackupState = {
        id: ids.id(),
        name: command.name,
        automatic,
        clusterId: cluster.id,
        clusterName: cluster.name,
        version: cluster.version,
        phase: "Pending",
        phaseAt: now,
        millis: { pending: latencies.backupPending, creating: latencies.backup },
        heldAt: endsBy === "signal" ? now : null,
        createdAt: now,
        expiresAt: automatic ? now + retention : null,
        shards: [...slotsAt(cluster, now).values()].map((slots) => ({
          slots,
          keys: shareOf(cluster.keys, slots),
          usedMemory: shareOf(cluster.usedMemory, slots)
        }))
      }
      return accept({ ...state, counter: ids.counter(), backups: [...state.backups, backup] }, backup.id)
    })
  })
