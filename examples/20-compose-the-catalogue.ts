// A flow of your own from the bodies of others: restore, scale to n, replace every replica of a subnet, resume backups.
// It has preflight, plan, undo, cancel, lock and progress, as they have.
import { NodeRuntime } from "@effect/platform-node"
import { BackupSchedule, Shard } from "@memstore-flows/api"
import { Engine, Flow, Journal, Runs, Step } from "@memstore-flows/engine"
import {
  BackupNow,
  PlanTree,
  ProvisionCluster,
  ReconfigureCluster,
  Rehearsal,
  ReplaceReplica,
  RestoreThenScale,
  SavedPlan,
  WaitPolicy
} from "@memstore-flows/workflows"
import { Console, Effect, Layer, Schema, Stream } from "effect"
import { clusterSpec, instantCloud } from "./support/InstantCloud.js"

const flow = Flow.make({
  name: "Rebuild",
  payload: Schema.Struct({
    restore: RestoreThenScale.Payload,
    leave: Schema.String,
    to: Schema.String,
    backups: BackupSchedule
  }),
  success: Schema.Array(Shard.Shard),
  error: Schema.Union(RestoreThenScale.flow.error, ReplaceReplica.flow.error, ReconfigureCluster.flow.error),
  resource: ({ restore }) => `cluster-name/${restore.cluster.name}`
})

const body = ({ backups, leave, restore, to }: typeof flow.payload.Type) =>
  Effect.gen(function* () {
    const { clusterId, shards } = yield* RestoreThenScale.body(restore)
    const leaving = shards.flatMap((shard) =>
      Shard.replicas(shard).flatMap(({ id, subnet }) =>
        subnet.id === leave ? [{ shardId: shard.id, nodeId: id }] : []
      )
    )
    const moved = yield* Step.each(leaving, { name: ({ nodeId }) => `move ${nodeId}` }, (replica) =>
      ReplaceReplica.body({ ...replica, clusterId, subnetId: to })
    )
    const previous = { backupSchedule: { cron: "", retentionLimit: 1 } }
    const settings = ReconfigureCluster.body({ clusterId, change: { backupSchedule: backups }, previous })
    yield* Step.scope("resume backups")(settings)
    return moved.at(-1)?.shards ?? shards
  })

const program = Effect.gen(function* () {
  const { clusterId } = yield* Runs.execute(ProvisionCluster.flow, { payload: { cluster: clusterSpec("source") } })
  yield* Runs.execute(BackupNow.flow, { payload: { clusterId, name: "nightly" } })
  const cluster = { ...clusterSpec("rebuilt"), restoreSource: { backupName: "nightly" } }
  const backups = { cron: "0 4 * * *", retentionLimit: 7 }
  const payload = { restore: { cluster, shards: 3 }, leave: "subnet-b", to: "subnet-c", backups }

  // Preflight: everything that speaks against it at once, and nothing sent.
  const wrong = { ...payload, restore: { cluster: { ...cluster, version: "9.9.9", flavorId: "none" }, shards: 3 } }
  const refused = yield* Effect.flip(Runs.execute(flow, { payload: wrong }))
  yield* Console.log(`${refused.message}\n`)

  // Plan: the same code on the rules of the service.
  const patient = Effect.provideService(WaitPolicy.WaitPolicy, WaitPolicy.defaults)
  const plan = yield* patient(Rehearsal.rehearse({ flow, body }, payload))
  yield* Console.log(`${PlanTree.render(plan)}\n`)

  // Lock and cancel: one run at a time; cancelled, all of it is undone.
  yield* Runs.start(flow, { payload, id: "first" })
  const busy = yield* Effect.flip(Runs.start(flow, { payload, id: "second" }))
  const scaled = Stream.takeUntil(
    Runs.events("first"),
    (event) => "step" in event && event.step === "scale/add shard 3"
  )
  yield* Stream.runDrain(scaled)
  yield* Runs.cancel("first")
  const outcome = yield* Runs.outcome(flow, "first")
  yield* Console.log(busy.message, "\n", outcome, "\n")

  // Run, if the plan still fits what is there.
  const shards = yield* Runs.execute(flow, { plan: SavedPlan.of(plan) })
  yield* Console.log(shards.map(({ nodes }) => nodes.map(({ role, subnet }) => `${role} in ${subnet.id}`)))
})

const flows = Layer.mergeAll(flow.toLayer(body), ProvisionCluster.layer, BackupNow.layer).pipe(
  Layer.provideMerge(Engine.layer()),
  Layer.provide(Journal.layerMemory),
  Layer.provideMerge(instantCloud)
)
NodeRuntime.runMain(Effect.provide(program, flows))
