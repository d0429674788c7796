/**
 * The flow "move a cluster to a newer engine or another flavor" (blue/green), for no call changes either in place.
 *
 * @since 0.1.0
 */
import type { Backup } from "@memstore-flows/api/Backup"
import type { Cluster } from "@memstore-flows/api/Cluster"
import type { CreateBackup } from "@memstore-flows/api/CreateBackup"
import type { DeleteCluster } from "@memstore-flows/api/DeleteCluster"
import { ListBackups } from "@memstore-flows/api/ListBackups"
import type { ListClusters } from "@memstore-flows/api/ListClusters"
import type { ListEngineVersions } from "@memstore-flows/api/ListEngineVersions"
import { ListFlavors } from "@memstore-flows/api/ListFlavors"
import type { ListShards } from "@memstore-flows/api/ListShards"
import { ResourceId } from "@memstore-flows/api/ResourceId"
import type { RestoreCluster } from "@memstore-flows/api/RestoreCluster"
import { Shard } from "@memstore-flows/api/Shard"
import * as Flow from "@memstore-flows/engine/Flow"
import type * as Run from "@memstore-flows/engine/Run"
import * as Step from "@memstore-flows/engine/Step"
import * as Rules from "@memstore-flows/model/Rules"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Approval from "./Approval.js"
import * as BackupNow from "./BackupNow.js"
import * as Checks from "./Checks.js"
import * as DecommissionCluster from "./DecommissionCluster.js"
import { Finding } from "./Finding.js"
import { HandoverFailed, NotApproved } from "./FlowError.js"
import { Handover } from "./Handover.js"
import { type Clients, handOver, sideOf, spare } from "./internal/handover.js"
import { specFindings } from "./internal/newClusterSpec.js"
import { Shards } from "./internal/shards.js"
import { verifyRestored } from "./internal/verifyCluster.js"
import { clusters, inService } from "./Preflight.js"
import { ProvisionSpec } from "./ProvisionCluster.js"
import * as Restore from "./Restore.js"

/**
 * - `clusterId`: the cluster to move; `cluster`: the one that takes its place, with as many shards
 * - `current`: version and flavor of the old one, where they cannot be read
 * - `backupName`: of the backup that is made on the way, not in use yet
 * - `approval`: whether a person is asked before clients are handed over
 * - `grace`: milliseconds the old cluster stays after that; cancelled meanwhile, clients go back
 * - `keepAutomaticBackups`: of the old cluster, as `DecommissionCluster` takes it
 *
 * @since 0.1.0
 * @category schemas
 */
export const Payload = Schema.Struct({
  clusterId: ResourceId,
  cluster: ProvisionSpec,
  current: Schema.optionalWith(
    Schema.Struct({ version: Schema.NonEmptyString, flavorId: Schema.NonEmptyString }).pipe(Schema.partial),
    { exact: true }
  ),
  backupName: Schema.NonEmptyString,
  approval: Approval.Ask,
  grace: Schema.DurationFromMillis,
  keepAutomaticBackups: Schema.Boolean,
  ...Checks.payloadFields
}).annotations({ identifier: "UpgradeClusterPayload" })

/**
 * @since 0.1.0
 * @category models
 */
export type Payload = typeof Payload.Type

/**
 * - `clusterId`: the new cluster; `replaced`: the old one, and whether it is `deleted` or `kept`, with the reason
 * - `data`: whether `DataProbe` proved the data, and what it said
 * - `endpointsAdded`, `endpointsRemoved`: private IPs, for clients that hold a list
 *
 * @since 0.1.0
 * @category schemas
 */
export const Result = Schema.Struct({
  clusterId: Schema.String,
  replaced: Schema.Struct({
    clusterId: Schema.String,
    now: Schema.Literal("deleted", "kept"),
    why: Schema.NullOr(Schema.String)
  }),
  backupName: Schema.String,
  data: Schema.Literal("proven", "unproven"),
  detail: Schema.String,
  endpointsAdded: Schema.Array(Schema.String),
  endpointsRemoved: Schema.Array(Schema.String),
  shards: Schema.Array(Shard)
}).annotations({ identifier: "UpgradeClusterResult" })

/**
 * @since 0.1.0
 * @category models
 */
export type Result = typeof Result.Type

/**
 * Every way this flow can fail. That the old cluster could not be deleted in the end is no failure: the result says it.
 *
 * @since 0.1.0
 * @category errors
 */
export const UpgradeError = Schema.Union(
  ...BackupNow.BackupError.members,
  ...Restore.RestoreError.members,
  NotApproved,
  HandoverFailed
)

/**
 * @since 0.1.0
 * @category errors
 */
export type UpgradeError = typeof UpgradeError.Type

/**
 * What this flow calls, and nothing else.
 *
 * @since 0.1.0
 * @category models
 */
export type Requirements =
  | CreateBackup
  | DeleteCluster
  | ListBackups
  | ListClusters
  | ListEngineVersions
  | ListFlavors
  | ListShards
  | RestoreCluster

/**
 * The contract. It locks the old cluster.
 *
 * @since 0.1.0
 * @category contracts
 */
export const flow = Flow.make({
  name: "UpgradeCluster",
  version: 1,
  payload: Payload,
  success: Result,
  error: UpgradeError,
  resource: ({ clusterId }) => `cluster/${clusterId}`
})

const upgradeFindings = (
  { backupName, cluster, clusterId, current = {} }: Payload,
  shards: ReadonlyArray<Shard>,
  known: Cluster | undefined
): ReadonlyArray<Finding> => {
  const version = current.version ?? known?.version
  const flavorId = current.flavorId ?? known?.flavorId
  const fields = [...(version === undefined ? ["version"] : []), ...(flavorId === undefined ? ["flavorId"] : [])]
  const same = version === cluster.version && flavorId === cluster.flavorId
  return [
    ...(fields.length > 0 ? [{ _tag: "CurrentUnknown" as const, clusterId, fields }] : []),
    ...(same ? [{ _tag: "NothingToUpgrade" as const, clusterId, version, flavorId }] : []),
    ...Rules.restore({ request: cluster, backup: { name: backupName, version, shardCount: shards.length } })
  ]
}

/** By the newest backup there is: how much of the new flavor's memory the data will take. */
const memoryFindings = ({ cluster, clusterId }: Payload, backups: ReadonlyArray<Backup>) =>
  Effect.map(
    Effect.flatMap(ListFlavors, (list) => list({})),
    ({ flavors }): ReadonlyArray<Finding> => {
      const flavor = flavors.find(({ id }) => id === cluster.flavorId)
      const newest = backups
        .filter((each) => each.clusterId === clusterId && each.status === "Available")
        .sort((a, b) => ((a.createdAt ?? "") < (b.createdAt ?? "") ? 1 : -1))[0]
      if (newest?.size === undefined || flavor === undefined) return []
      const usedMemory = newest.size / (newest.shardCount ?? cluster.shardCount)
      return Rules.restoreMemory({ usedMemory, memory: flavor.memory })
    }
  )

/** What speaks against the upgrade, told with what the checks of the old cluster find. */
const preflight = (payload: Payload) =>
  Step.make("preflight", {
    success: Schema.Array(Finding),
    error: UpgradeError,
    run: Effect.gen(function* () {
      const { backupName: name, cluster, clusterId } = payload
      const shards = yield* inService(clusterId, "preflight")
      const { backups } = yield* Effect.flatMap(ListBackups, (list) => list({}))
      const known = Option.getOrUndefined(yield* clusters)?.find(({ id }) => id === clusterId)
      return [
        ...upgradeFindings(payload, shards, known),
        ...BackupNow.findings({ clusterId, name }, shards, backups),
        ...(yield* memoryFindings(payload, backups)),
        ...(yield* specFindings(cluster)).findings
      ]
    })
  })

const ready = ({ clusterId }: Payload) =>
  Step.make("ready", { error: HandoverFailed, run: Effect.flatMap(Handover, ({ ready }) => ready(clusterId)) })

/** Both ends of the handover, the old one as it is now. */
const movesBetween = (payload: Payload, to: { readonly clusterId: string; readonly shards: ReadonlyArray<Shard> }) =>
  Effect.gen(function* () {
    const { cluster, clusterId } = payload
    const old = yield* Step.make("endpoints", {
      success: Shards,
      error: UpgradeError,
      run: inService(clusterId, "hand over")
    })
    return { from: sideOf(clusterId, old, null), to: sideOf(to.clusterId, to.shards, cluster.port) }
  })

/** After the handover nothing goes back by itself: an old cluster that cannot be deleted is kept, and the result says so. */
const removeOld = ({ backupName, clusterId, keepAutomaticBackups }: Payload) =>
  DecommissionCluster.body({
    clusterId,
    keepAutomaticBackups,
    approval: "not-needed",
    checksOff: [{ check: "freshBackup", reason: `backup "${backupName}" was restored and verified by this run` }]
  }).pipe(
    Step.scope("old"),
    Effect.match({
      onSuccess: () => ({ clusterId, now: "deleted" as const, why: null }),
      onFailure: ({ _tag, message }) => ({ clusterId, now: "kept" as const, why: `${_tag}: ${message}` })
    })
  )

/**
 * The flow as a plain Effect, to be built into others.
 *
 * Refused before anything is sent: neither version nor flavor differ, an older engine, another number of shards, a flavor
 * too small for the newest backup there is, what `BackupNow` and `RestoreCluster` refuse, no `Handover`. A backup is made, restored into the new cluster, and verified;
 * a person is asked if wanted; `Handover` points clients there; after the grace time the old cluster is deleted as
 * `DecommissionCluster` does. What is written to the old cluster after the backup is not in the new one.
 *
 * Undone, clients go back to the old cluster, what they wrote to the new one is lost, and the new one is deleted. Where
 * the old one is gone, or clients could not be handed back, the new one is kept, and the outcome says so.
 *
 * @since 0.1.0
 * @category constructors
 */
export const body = (payload: Payload): Effect.Effect<Result, UpgradeError, Requirements | Run.Run> =>
  Effect.gen(function* () {
    const { approval, backupName, cluster, clusterId, grace } = payload
    const clients: Clients = { at: "old" }
    const found = yield* preflight(payload)
    const what = `replace cluster ${clusterId} by ${cluster.name}`
    yield* Checks.guard("checks", { what, clusterId, destructive: false, tellsEndpoints: true }, () => found)
    yield* ready(payload)
    yield* Step.scope("backup")(BackupNow.body({ clusterId, name: backupName }))
    const spec = { ...cluster, restoreSource: { backupName } }
    const made = yield* Restore.restore(spec, { onUndo: "delete", spare: spare(clients, clusterId) })
    const verdict = yield* verifyRestored(made.clusterId, made.shards, { ...cluster, backupName, source: clusterId })
    yield* Approval.ask(`hand clients over from cluster ${clusterId} to ${made.clusterId}?`, approval)
    const move = yield* movesBetween(payload, made)
    yield* handOver(clients, move)
    yield* Step.sleep("grace", grace)
    const replaced = yield* removeOld(payload)
    return {
      clusterId: made.clusterId,
      replaced,
      backupName,
      ...verdict,
      endpointsAdded: move.to.endpoints,
      endpointsRemoved: move.from.endpoints,
      shards: made.shards
    }
  }).pipe(Checks.without(payload.checksOff))

/**
 * Makes the flow known to the engine.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = flow.toLayer(body)
