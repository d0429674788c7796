/**
 * What can be done to a project: the writes of the API, and what befalls a service without any call.
 *
 * @since 0.1.0
 */
import type { BackupSchedule, BackupScheduleUpdate } from "@memstore-flows/api/BackupSchedule"
import type { SubnetAssignment, SubnetRef } from "@memstore-flows/api/Subnet"
import type { OperationKind } from "./Operation.js"

/**
 * The body of "Create cluster". The api package's decoded request fits; of `user` only the name is kept.
 *
 * @since 0.1.0
 * @category models
 */
export interface ClusterRequest {
  readonly name: string
  readonly description?: string | undefined
  readonly version: string
  readonly port: number
  readonly shardCount: number
  readonly nodeCountPerShard: number
  readonly flavorId: string
  readonly parameterGroupId: string
  readonly subnets: ReadonlyArray<SubnetRef>
  readonly subnetAssignments: ReadonlyArray<SubnetAssignment>
  readonly tlsEnabled?: boolean | undefined
  readonly backupSchedule?: BackupSchedule | undefined
  readonly user?: { readonly name: string } | undefined
  readonly securityGroups: ReadonlyArray<SubnetRef>
  readonly restoreSource?: { readonly backupName: string } | undefined
}

/**
 * The body of "Update cluster information". An absent field stays as it is; `cron: ""` switches automatic backups off.
 *
 * @since 0.1.0
 * @category models
 */
export interface ClusterChange {
  readonly description?: string | undefined
  readonly parameterGroupId?: string | undefined
  readonly backupSchedule?: BackupScheduleUpdate | undefined
  readonly securityGroups?: ReadonlyArray<SubnetRef> | undefined
}

/**
 * A write of the API.
 *
 * @since 0.1.0
 * @category models
 */
export type Write =
  | { readonly _tag: "CreateCluster"; readonly request: ClusterRequest }
  | { readonly _tag: "UpdateCluster"; readonly clusterId: string; readonly change: ClusterChange }
  | {
      readonly _tag: "DeleteCluster"
      readonly clusterId: string
      readonly keepAutomaticBackups?: boolean | undefined
    }
  | {
      readonly _tag: "AddShard"
      readonly clusterId: string
      readonly nodeCount: number
      readonly subnetAssignment: SubnetAssignment
    }
  | { readonly _tag: "DeleteShard"; readonly clusterId: string; readonly shardId: string }
  | { readonly _tag: "AddReplica"; readonly clusterId: string; readonly shardId: string; readonly subnetId: string }
  | { readonly _tag: "DeleteNode"; readonly clusterId: string; readonly shardId: string; readonly nodeId: string }
  | {
      readonly _tag: "CreateBackup"
      readonly clusterId: string
      readonly name: string
      /** Made by the schedule: kept for the schedule's days (7 when there is none). Default `false`. */
      readonly automatic?: boolean | undefined
    }

/**
 * What befalls a service without any call, and what a data plane or a test tells it.
 *
 * - `LoadKeys`: `keys` and `bytes` more in the cluster (negative: fewer)
 * - `FailNode`: the node dies. A replica is replaced; for a primary the freshest replica is promoted first
 * - `SwitchPrimary`: the roles move to `nodeId`, by default the freshest replica
 * - `FailCluster`: the cluster is `Failed` at once
 * - `StickOperation`: the operation under way does not end until `ReleaseOperation`; what it had left, it then has left
 * - `FailOperation`: the operation under way will end `Failed`
 * - `ArmFault`: the next operation (of that kind) sticks or fails from its start
 * - `AdvanceOperation`: the stage under way ends now; `CompleteOperation`: all of them do
 * - `AdvanceHeal`: the phase of the replacement of `nodeId` (the dead node, then the new one) ends now
 * - `ReportMoved`: so many slots of the operation's `moves` have changed hands; progress no longer follows time
 * - `CompleteBackup`: a backup being made is `Available` now; `FailBackup`: it is in `Error`
 * - `SetEndpoint`: the address of a node, for a data plane that knows it
 *
 * @since 0.1.0
 * @category models
 */
export type Disturbance =
  | { readonly _tag: "LoadKeys"; readonly clusterId: string; readonly keys: number; readonly bytes: number }
  | { readonly _tag: "FailNode"; readonly clusterId: string; readonly shardId: string; readonly nodeId: string }
  | {
      readonly _tag: "SwitchPrimary"
      readonly clusterId: string
      readonly shardId: string
      readonly nodeId?: string | undefined
    }
  | { readonly _tag: "FailCluster"; readonly clusterId: string }
  | { readonly _tag: "StickOperation"; readonly clusterId: string }
  | { readonly _tag: "ReleaseOperation"; readonly clusterId: string }
  | { readonly _tag: "FailOperation"; readonly clusterId: string }
  | { readonly _tag: "ArmFault"; readonly kind: OperationKind | null; readonly outcome: "Sticks" | "Fails" }
  | { readonly _tag: "AdvanceOperation"; readonly clusterId: string }
  | { readonly _tag: "CompleteOperation"; readonly clusterId: string }
  | { readonly _tag: "AdvanceHeal"; readonly clusterId: string; readonly nodeId: string }
  | { readonly _tag: "ReportMoved"; readonly clusterId: string; readonly slots: number }
  | { readonly _tag: "CompleteBackup"; readonly backupId: string }
  | { readonly _tag: "FailBackup"; readonly backupId: string }
  | {
      readonly _tag: "SetEndpoint"
      readonly clusterId: string
      readonly shardId: string
      readonly nodeId: string
      readonly endpoint: string
    }

/**
 * @since 0.1.0
 * @category models
 */
export type Command = Write | Disturbance
