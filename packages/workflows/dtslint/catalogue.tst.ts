import type { AddReplica } from "@memstore-flows/api/AddReplica"
import type { AddShard } from "@memstore-flows/api/AddShard"
import type { CreateBackup } from "@memstore-flows/api/CreateBackup"
import type { CreateCluster } from "@memstore-flows/api/CreateCluster"
import type { DeleteCluster } from "@memstore-flows/api/DeleteCluster"
import type { DeleteNode } from "@memstore-flows/api/DeleteNode"
import type { DeleteShard } from "@memstore-flows/api/DeleteShard"
import type { ListBackups } from "@memstore-flows/api/ListBackups"
import type { ListClusters } from "@memstore-flows/api/ListClusters"
import type { ListEngineVersions } from "@memstore-flows/api/ListEngineVersions"
import type { ListFlavors } from "@memstore-flows/api/ListFlavors"
import type { ListShards } from "@memstore-flows/api/ListShards"
import type * as Api from "@memstore-flows/api/MemStoreError"
import type { RestoreCluster as RestoreClusterCall } from "@memstore-flows/api/RestoreCluster"
import type { UpdateCluster } from "@memstore-flows/api/UpdateCluster"
import type { Engine } from "@memstore-flows/engine/Engine"
import type { Implemented } from "@memstore-flows/engine/Flow"
import type { JournalError } from "@memstore-flows/engine/Journal"
import type * as Run from "@memstore-flows/engine/Run"
import type { Runs } from "@memstore-flows/engine/Runs"
import type * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import { describe, expect, it } from "tstyche"
import type * as AuditTopology from "../src/AuditTopology.js"
import type * as AwaitHealthy from "../src/AwaitHealthy.js"
import type * as BackupNow from "../src/BackupNow.js"
import type * as DecommissionCluster from "../src/DecommissionCluster.js"
import type * as EvacuateSubnet from "../src/EvacuateSubnet.js"
import type * as FlowError from "../src/FlowError.js"
import * as InWindow from "../src/InWindow.js"
import * as PauseBackups from "../src/PauseBackups.js"
import type * as ProvisionCluster from "../src/ProvisionCluster.js"
import type * as ReconfigureCluster from "../src/ReconfigureCluster.js"
import * as ReplaceShard from "../src/ReplaceShard.js"
import type * as RestoreCluster from "../src/RestoreCluster.js"
import type * as RestoreDrill from "../src/RestoreDrill.js"
import * as RollOut from "../src/RollOut.js"
import * as ScaleIn from "../src/ScaleIn.js"
import type * as ScaleOut from "../src/ScaleOut.js"
import type * as ScaleTo from "../src/ScaleTo.js"
import type * as SetReplicaCount from "../src/SetReplicaCount.js"
import type * as UpgradeCluster from "../src/UpgradeCluster.js"

type Called =
  | Api.InvalidRequest
  | Api.Unauthorized
  | Api.Forbidden
  | Api.NotFound
  | Api.ServerError
  | Api.Throttled
  | Api.UnexpectedStatus
  | Api.TransportError
  | Api.RequestTimeout
  | Api.DecodeError
  | Api.InvalidInput
  | Api.TokenUnavailable

type Checked = Called | FlowError.Refused | FlowError.ClusterFailed | FlowError.WaitTimedOut
type Changing = Checked | FlowError.Ambiguous
type Replacing = Changing | FlowError.ReplicaChanged | FlowError.ReplicaNotInSync
type Making = Changing | Api.Conflict | Api.Unprocessable | FlowError.OutcomeUnknown | FlowError.PasswordUnavailable
type BackingUp = Changing | Api.Conflict | FlowError.BackupFailed | FlowError.VerificationFailed

type Reads = ListBackups | ListClusters | ListShards
type Restores = Reads | DeleteCluster | ListEngineVersions | ListFlavors | RestoreClusterCall
type Scales = Reads | AddShard | DeleteShard
type Replaces = Reads | AddReplica | DeleteNode

type ErrorOf<M> = M extends { readonly body: (payload: never) => Effect.Effect<infer _A, infer E, infer _R> }
  ? E
  : never
type CallsOf<M> = M extends { readonly body: (payload: never) => Effect.Effect<infer _A, infer _E, infer R> }
  ? Exclude<R, Run.Run>
  : never
type LayerOf<M> = M extends { readonly layer: infer L } ? L : never
type Needs<N extends string, R> = Layer.Layer<Implemented<N>, JournalError, R | Engine>

describe("each flow requires exactly the calls it makes, and fails in exactly these ways:", () => {
  it("AuditTopology", () => {
    expect<CallsOf<typeof AuditTopology>>().type.toBe<ListClusters | ListShards>()
    expect<AuditTopology.Requirements>().type.toBe<ListClusters | ListShards>()
    expect<ErrorOf<typeof AuditTopology>>().type.toBe<Called>()
    expect<LayerOf<typeof AuditTopology>>().type.toBe<Needs<"AuditTopology", ListClusters | ListShards>>()
  })

  it("AwaitHealthy", () => {
    expect<CallsOf<typeof AwaitHealthy>>().type.toBe<ListShards>()
    expect<AwaitHealthy.Requirements>().type.toBe<ListShards>()
    expect<ErrorOf<typeof AwaitHealthy>>().type.toBe<Called | FlowError.ClusterFailed | FlowError.WaitTimedOut>()
    expect<LayerOf<typeof AwaitHealthy>>().type.toBe<Needs<"AwaitHealthy", ListShards>>()
  })

  it("BackupNow", () => {
    expect<CallsOf<typeof BackupNow>>().type.toBe<Reads | CreateBackup>()
    expect<BackupNow.Requirements>().type.toBe<Reads | CreateBackup>()
    expect<ErrorOf<typeof BackupNow>>().type.toBe<BackingUp>()
    expect<LayerOf<typeof BackupNow>>().type.toBe<Needs<"BackupNow", Reads | CreateBackup>>()
  })

  it("DecommissionCluster", () => {
    expect<CallsOf<typeof DecommissionCluster>>().type.toBe<Reads | DeleteCluster>()
    expect<DecommissionCluster.Requirements>().type.toBe<Reads | DeleteCluster>()
    expect<ErrorOf<typeof DecommissionCluster>>().type.toBe<Changing | FlowError.NotApproved>()
    expect<LayerOf<typeof DecommissionCluster>>().type.toBe<Needs<"DecommissionCluster", Reads | DeleteCluster>>()
  })

  it("EvacuateSubnet", () => {
    expect<CallsOf<typeof EvacuateSubnet>>().type.toBe<Replaces | Scales>()
    expect<EvacuateSubnet.Requirements>().type.toBe<Replaces | Scales>()
    expect<ErrorOf<typeof EvacuateSubnet>>().type.toBe<Replacing | FlowError.SubnetRefilled>()
    expect<LayerOf<typeof EvacuateSubnet>>().type.toBe<Needs<"EvacuateSubnet", Replaces | Scales>>()
  })

  it("ProvisionCluster", () => {
    expect<CallsOf<typeof ProvisionCluster>>().type.toBe<
      CreateCluster | DeleteCluster | ListClusters | ListEngineVersions | ListFlavors | ListShards
    >()
    expect<ProvisionCluster.Requirements>().type.toBe<
      CreateCluster | DeleteCluster | ListClusters | ListEngineVersions | ListFlavors | ListShards
    >()
    expect<ErrorOf<typeof ProvisionCluster>>().type.toBe<Making | FlowError.VerificationFailed>()
    expect<LayerOf<typeof ProvisionCluster>>().type.toBe<
      Needs<
        "ProvisionCluster",
        CreateCluster | DeleteCluster | ListClusters | ListEngineVersions | ListFlavors | ListShards
      >
    >()
  })

  it("ReconfigureCluster", () => {
    expect<CallsOf<typeof ReconfigureCluster>>().type.toBe<Reads | UpdateCluster>()
    expect<ReconfigureCluster.Requirements>().type.toBe<Reads | UpdateCluster>()
    expect<ErrorOf<typeof ReconfigureCluster>>().type.toBe<Changing>()
    expect<LayerOf<typeof ReconfigureCluster>>().type.toBe<Needs<"ReconfigureCluster", Reads | UpdateCluster>>()
  })

  it("ReplaceShard", () => {
    expect<CallsOf<typeof ReplaceShard>>().type.toBe<Scales>()
    expect<ReplaceShard.Requirements>().type.toBe<Scales>()
    expect<ErrorOf<typeof ReplaceShard>>().type.toBe<Changing>()
    expect<LayerOf<typeof ReplaceShard>>().type.toBe<Needs<"ReplaceShard", Scales>>()
  })

  it("RestoreCluster", () => {
    expect<CallsOf<typeof RestoreCluster>>().type.toBe<Restores>()
    expect<RestoreCluster.Requirements>().type.toBe<Restores>()
    expect<ErrorOf<typeof RestoreCluster>>().type.toBe<Making | FlowError.VerificationFailed>()
    expect<LayerOf<typeof RestoreCluster>>().type.toBe<Needs<"RestoreCluster", Restores>>()
  })

  it("RestoreDrill", () => {
    expect<CallsOf<typeof RestoreDrill>>().type.toBe<Restores>()
    expect<RestoreDrill.Requirements>().type.toBe<Restores>()
    expect<ErrorOf<typeof RestoreDrill>>().type.toBe<Making | FlowError.VerificationFailed>()
    expect<LayerOf<typeof RestoreDrill>>().type.toBe<Needs<"RestoreDrill", Restores>>()
  })

  it("ScaleIn", () => {
    expect<CallsOf<typeof ScaleIn>>().type.toBe<Reads | DeleteShard>()
    expect<ScaleIn.Requirements>().type.toBe<Reads | DeleteShard>()
    expect<ErrorOf<typeof ScaleIn>>().type.toBe<Changing>()
    expect<LayerOf<typeof ScaleIn>>().type.toBe<Needs<"ScaleIn", Reads | DeleteShard>>()
  })

  it("ScaleOut", () => {
    expect<CallsOf<typeof ScaleOut>>().type.toBe<Scales>()
    expect<ScaleOut.Requirements>().type.toBe<Scales>()
    expect<ErrorOf<typeof ScaleOut>>().type.toBe<Changing>()
    expect<LayerOf<typeof ScaleOut>>().type.toBe<Needs<"ScaleOut", Scales>>()
  })

  it("ScaleTo", () => {
    expect<CallsOf<typeof ScaleTo>>().type.toBe<Scales>()
    expect<ScaleTo.Requirements>().type.toBe<Scales>()
    expect<ErrorOf<typeof ScaleTo>>().type.toBe<Changing>()
    expect<LayerOf<typeof ScaleTo>>().type.toBe<Needs<"ScaleTo", Scales>>()
  })

  it("SetReplicaCount", () => {
    expect<CallsOf<typeof SetReplicaCount>>().type.toBe<Replaces>()
    expect<SetReplicaCount.Requirements>().type.toBe<Replaces>()
    expect<ErrorOf<typeof SetReplicaCount>>().type.toBe<Replacing>()
    expect<LayerOf<typeof SetReplicaCount>>().type.toBe<Needs<"SetReplicaCount", Replaces>>()
  })

  it("UpgradeCluster", () => {
    expect<CallsOf<typeof UpgradeCluster>>().type.toBe<Restores | CreateBackup>()
    expect<UpgradeCluster.Requirements>().type.toBe<Restores | CreateBackup>()
    expect<ErrorOf<typeof UpgradeCluster>>().type.toBe<
      Making | BackingUp | FlowError.NotApproved | FlowError.HandoverFailed
    >()
    expect<LayerOf<typeof UpgradeCluster>>().type.toBe<Needs<"UpgradeCluster", Restores | CreateBackup>>()
  })
})

describe("what is built around any flow", () => {
  it("adds to it what pausing backups calls, and how that can fail", () => {
    const paused = PauseBackups.around({ clusterId: "c" })(ReplaceShard.body({} as ReplaceShard.Payload))
    expect(paused).type.toBe<
      Effect.Effect<ReplaceShard.Result, Changing | PauseBackups.PauseError, Scales | UpdateCluster | Run.Run>
    >()
  })

  it("adds nothing but a fault of the windows", () => {
    const { body, flow } = InWindow.of(ScaleIn)
    expect(body({} as InWindow.Payload<ScaleIn.Payload>)).type.toBe<
      Effect.Effect<ScaleIn.Result, Changing | FlowError.WindowInvalid, Reads | DeleteShard | Run.Run>
    >()
    expect(flow.name).type.toBe<"InWindow/ScaleIn">()
    expect(flow.toLayer(body)).type.toBe<Needs<"InWindow/ScaleIn", Reads | DeleteShard>>()
  })

  it("makes no call of its own over many clusters, and cannot fail", () => {
    const { body, flow, rehearsable } = RollOut.of(ScaleIn)
    type Result = RollOut.Result<ScaleIn.Result, Changing>
    const payload = {} as RollOut.Payload<ScaleIn.Payload>
    expect(body(payload)).type.toBe<Effect.Effect<Result, never, Implemented<"ScaleIn"> | Runs | Run.Run>>()
    expect(rehearsable.body(payload)).type.toBe<Effect.Effect<Result, never, Reads | DeleteShard | Run.Run>>()
    expect(flow.toLayer(body)).type.toBe<Needs<"RollOut/ScaleIn", Implemented<"ScaleIn"> | Runs>>()
  })
})
