/**
 * Restores a backup into a new cluster and waits until it is in service.
 *
 * @since 0.1.0
 */
import { RestoreSource } from "@memstore-flows/api/ClusterSpec"
import type { DeleteCluster } from "@memstore-flows/api/DeleteCluster"
import { ListBackups } from "@memstore-flows/api/ListBackups"
import type { ListClusters } from "@memstore-flows/api/ListClusters"
import type { ListEngineVersions } from "@memstore-flows/api/ListEngineVersions"
import { ListFlavors } from "@memstore-flows/api/ListFlavors"
import type { ListShards } from "@memstore-flows/api/ListShards"
import { RestoreCluster } from "@memstore-flows/api/RestoreCluster"
import type { Shard } from "@memstore-flows/api/Shard"
import type { SubnetAssignment } from "@memstore-flows/api/Subnet"
import type * as Run from "@memstore-flows/engine/Run"
import * as Step from "@memstore-flows/engine/Step"
import * as Rules from "@memstore-flows/model/Rules"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { Report } from "./Checks.js"
import type { Finding } from "./Finding.js"
import type { CallError } from "./FlowError.js"
import { create, inService, NewClusterError } from "./internal/newCluster.js"
import { specFields, specFindings, withPassword } from "./internal/newClusterSpec.js"
import { refuseIf } from "./Preflight.js"

/**
 * The cluster to make (page: "Create cluster using existing backup name"), without a password: `user` names a database
 * user, whose password comes from `PasswordSource`.
 *
 * @since 0.1.0
 * @category schemas
 */
export const RestoreSpec = Schema.Struct({ ...specFields, restoreSource: RestoreSource }).annotations({
  identifier: "RestoreSpec"
})

/**
 * @since 0.1.0
 * @category models
 */
export type RestoreSpec = typeof RestoreSpec.Type

/**
 * What becomes of a cluster that this run made when the run fails or is cancelled: `delete` (default) or `keep`.
 *
 * @since 0.1.0
 * @category schemas
 */
export const OnUndo = Schema.Literal("delete", "keep")

/**
 * @since 0.1.0
 * @category models
 */
export type OnUndo = typeof OnUndo.Type

/**
 * Every way a restore can fail.
 *
 * @since 0.1.0
 * @category errors
 */
export const RestoreError = NewClusterError

/**
 * @since 0.1.0
 * @category errors
 */
export type RestoreError = typeof RestoreError.Type

/**
 * What a restore calls, and nothing else; `DeleteCluster` is for the undo.
 *
 * @since 0.1.0
 * @category models
 */
export type Requirements =
  | DeleteCluster
  | ListBackups
  | ListClusters
  | ListEngineVersions
  | ListFlavors
  | ListShards
  | RestoreCluster

/**
 * - `onUndo`: default `delete`
 * - `peakShards`: the most shards the cluster will have in the course of the flow, for the quota; default its own count
 * - `newShards`: the subnets of shards to be added afterwards; `takes`: how long it takes until the cluster is as it shall
 *   be, for backups that would be due meanwhile
 * - `findings`: further reasons to refuse, found by the caller
 * - `spare`: asked just before the undo deletes the cluster; a reason, in words, keeps it
 *
 * @since 0.1.0
 * @category models
 */
export interface RestoreOptions {
  readonly onUndo?: OnUndo | undefined
  readonly peakShards?: number | undefined
  readonly newShards?: ReadonlyArray<SubnetAssignment> | undefined
  readonly takes?: Duration.Duration | undefined
  readonly findings?: ReadonlyArray<Finding> | undefined
  readonly spare?: Effect.Effect<Option.Option<string>, CallError, ListShards> | undefined
}

const backupFindings = (spec: RestoreSpec) =>
  Effect.gen(function* () {
    const listBackups = yield* ListBackups
    const listFlavors = yield* ListFlavors
    const { backupName } = spec.restoreSource
    const { backups } = yield* listBackups({})
    const { flavors } = yield* listFlavors({})
    const backup = backups.find(({ name }) => name === backupName)
    const flavor = flavors.find(({ id }) => id === spec.flavorId)
    const findings: Array<Finding> = []
    if (backup === undefined) findings.push({ _tag: "UnknownBackup", backup: backupName })
    else findings.push(...Rules.restore({ request: spec, backup }))
    if (backup?.size !== undefined && flavor !== undefined) {
      const usedMemory = backup.size / (backup.shardCount ?? spec.shardCount)
      findings.push(...Rules.restoreMemory({ usedMemory, memory: flavor.memory }))
    }
    return findings
  })

const check = (spec: RestoreSpec, { findings = [], ...prospect }: RestoreOptions) =>
  Effect.gen(function* () {
    const ofBackup = yield* backupFindings(spec)
    const { findings: ofSpec, report } = yield* specFindings(spec, prospect)
    yield* refuseIf([...findings, ...ofBackup, ...ofSpec])
    return report
  })

const send = (spec: RestoreSpec) =>
  Effect.gen(function* () {
    const restoreCluster = yield* RestoreCluster
    const { objectId } = yield* restoreCluster(yield* withPassword(spec))
    return Option.some(objectId)
  })

/**
 * Refuses what cannot work, with every reason at once, and sends nothing but reads.
 *
 * Checked: the backup exists, is `Available`, has the same shard count and the same or an older version, takes at most
 * 60 % of the flavor's memory; the flavor and version exist; shards and nodes; subnets; the name is free; a password can be
 * had; and the safety checks, whose report it gives. What the API does not say (clusters that cannot be listed, a backup
 * without size) is not refused.
 *
 * @since 0.1.0
 * @category constructors
 */
export const preflight = (
  spec: RestoreSpec,
  options: RestoreOptions = {}
): Effect.Effect<Report, RestoreError, Run.Run | ListBackups | ListClusters | ListEngineVersions | ListFlavors> =>
  Step.make("preflight", {
    success: Report,
    error: RestoreError,
    run: check(spec, options)
  })

/**
 * Restores a backup into a new cluster: preflight, create, wait until it is in service.
 *
 * Undone, it deletes the cluster it made, found by its name if the answer was lost, or keeps it (`onUndo`).
 *
 * @since 0.1.0
 * @category constructors
 */
export const restore = (
  spec: RestoreSpec,
  options: RestoreOptions = {}
): Effect.Effect<
  { readonly clusterId: string; readonly shards: ReadonlyArray<Shard> },
  RestoreError,
  Run.Run | Requirements
> =>
  Step.scope("restore")(
    Effect.gen(function* () {
      yield* preflight(spec, options)
      const clusterId = yield* create({
        spec,
        operation: "RestoreCluster",
        what: `restored cluster ${spec.name}`,
        onUndo: options.onUndo ?? "delete",
        spare: options.spare,
        send: send(spec)
      })
      const shards = yield* inService(clusterId, "restore", spec)
      return { clusterId, shards }
    })
  )
