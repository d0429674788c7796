// A cluster's life, one flow after another: made, audited, scaled, moved, reconfigured, backed up, restored, deleted.
import { NodeRuntime } from "@effect/platform-node"
import { Engine, Flow, Journal, Runs } from "@memstore-flows/engine"
import {
  AuditTopology,
  AwaitHealthy,
  BackupNow,
  DecommissionCluster,
  EvacuateSubnet,
  Finding,
  PauseBackups,
  ProvisionCluster,
  ReconfigureCluster,
  ReplaceShard,
  RestoreCluster,
  ScaleIn,
  ScaleOut,
  ScaleTo,
  SetReplicaCount
} from "@memstore-flows/workflows"
import { Console, Duration, Effect, Layer, Schema } from "effect"
import { clusterSpec, instantCloud } from "./support/InstantCloud.js"

// A wrapper around any body: the schedule is off while it runs, and back however it ends.
const QuietScaleOut = Flow.make({
  name: "QuietScaleOut",
  payload: ScaleOut.Payload,
  success: ScaleOut.Result,
  error: Schema.Union(ScaleOut.flow.error, PauseBackups.PauseError),
  resource: ({ clusterId }) => `cluster/${clusterId}`
})
const quietly = QuietScaleOut.toLayer((payload) => PauseBackups.around(payload)(ScaleOut.body(payload)))

const program = Effect.gen(function* () {
  const { clusterId } = yield* Runs.execute(ProvisionCluster.flow, { payload: { cluster: clusterSpec("life") } })
  const { rolesChanged } = yield* Runs.execute(AwaitHealthy.flow, { payload: { clusterId, within: Duration.hours(1) } })
  yield* Console.log(`healthy, ${rolesChanged.length} roles changed`)

  const backupSchedule = { cron: "0 4 * * *", retentionLimit: 7 }
  const off = { backupSchedule: { cron: "", retentionLimit: 1 } }
  yield* Runs.execute(ReconfigureCluster.flow, { payload: { clusterId, change: { backupSchedule }, previous: off } })
  const out = yield* Runs.execute(QuietScaleOut, { payload: { clusterId, add: 1 } })
  yield* Console.log(`shard ${out.added} added, clients learn ${out.endpointsAdded.length} endpoints`)

  // What cannot be undone asks for a fresh backup. A check can be switched off, with a reason that is journaled.
  yield* Runs.execute(BackupNow.flow, { payload: { clusterId, name: "fresh" } })
  const checksOff = [{ check: "noBackupDue" as const, reason: "the emulator needs no time" }]
  yield* Runs.execute(ScaleIn.flow, { payload: { clusterId, remove: { count: 1, policy: "newest" }, checksOff } })
  yield* Runs.execute(ScaleTo.flow, { payload: { clusterId, shards: 3, checksOff } })
  yield* Runs.execute(SetReplicaCount.flow, { payload: { clusterId, nodesPerShard: 2, checksOff } })
  const newShard = { primary: { id: "subnet-b" }, replicas: [{ id: "subnet-a" }] }
  yield* Runs.execute(ReplaceShard.flow, { payload: { clusterId, shardId: "001", newShard, checksOff } })
  const { moves, unmoved } = yield* Runs.execute(EvacuateSubnet.flow, {
    payload: { clusterId, subnetId: "subnet-a", to: ["subnet-c"], checksOff }
  })
  yield* Console.log(`${moves.length} moved, ${unmoved.map(({ why }) => why)} stays`)

  const cluster = { ...clusterSpec("again"), restoreSource: { backupName: "fresh" } }
  const spec = { ...cluster, shardCount: 3, subnetAssignments: clusterSpec("again", 3).subnetAssignments }
  const again = yield* Runs.execute(RestoreCluster.flow, { payload: { cluster: spec } })
  const audit = yield* Runs.execute(AuditTopology.flow, { payload: { nodesPerShard: 3 } })
  for (const { findings } of audit.clusters) yield* Console.log(findings.map(Finding.describe).join("\n"))

  yield* Runs.execute(BackupNow.flow, { payload: { clusterId: again.clusterId, name: "last" } })
  const gone = yield* Runs.execute(DecommissionCluster.flow, {
    payload: { clusterId: again.clusterId, keepAutomaticBackups: true, approval: "not-needed" }
  })
  yield* Console.log(`deleted; clients forget ${gone.endpointsRemoved.length} endpoints`)
})

const flows = Layer.mergeAll(
  AuditTopology.layer,
  AwaitHealthy.layer,
  BackupNow.layer,
  DecommissionCluster.layer,
  EvacuateSubnet.layer
).pipe(
  Layer.provideMerge(Layer.mergeAll(ProvisionCluster.layer, ReconfigureCluster.layer, ReplaceShard.layer, quietly)),
  Layer.provideMerge(Layer.mergeAll(RestoreCluster.layer, ScaleIn.layer, ScaleTo.layer, SetReplicaCount.layer)),
  Layer.provideMerge(Engine.layer()),
  Layer.provide(Journal.layerMemory),
  Layer.provideMerge(instantCloud)
)
NodeRuntime.runMain(Effect.provide(program, flows))
