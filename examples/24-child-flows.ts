// A flow of whole runs: each part has an id, events, a lock and an undo of its own, and is cancelled with the whole.
import { NodeRuntime } from "@effect/platform-node"
import { Engine, Flow, Journal, RunError, Runs, Step } from "@memstore-flows/engine"
import { BackupNow, DataProbe, ProvisionCluster, RestoreDrill } from "@memstore-flows/workflows"
import { Console, Effect, Layer, Schedule, Schema, Stream } from "effect"
import { clusterSpec, instantCloud } from "./support/InstantCloud.js"

// What a part may end with, beside its own errors.
const PartError = Schema.Union(RunError.RunCancelled, RunError.RunDied, RunError.Busy, RunError.RunIdTaken)

const ProvenBackup = Flow.make({
  name: "ProvenBackup",
  payload: Schema.Struct({ clusterId: Schema.String, name: Schema.String }),
  success: RestoreDrill.Result,
  error: Schema.Union(BackupNow.flow.error, RestoreDrill.flow.error, PartError),
  resource: ({ clusterId }) => `cluster/${clusterId}`
})

const provenBackup = ProvenBackup.toLayer(({ clusterId, name }) =>
  Effect.gen(function* () {
    // The lock of the whole is lent to the part. A backup stays when the whole is undone, which the outcome says.
    yield* Step.child("backup", BackupNow.flow, { payload: { clusterId, name } })
    const cluster = { ...clusterSpec("drill"), restoreSource: { backupName: name } }
    return yield* Step.child("drill", RestoreDrill.flow, { payload: { cluster } })
  })
)

/** Waits until a part is there and has come to a step. */
const partIsAt = (id: string, step: string) =>
  Runs.events(id).pipe(
    Stream.retry(Schedule.spaced("5 millis")),
    Stream.takeUntil((event) => event._tag === "StepStarted" && event.step === step),
    Stream.runDrain
  )

// A look at the data takes a while.
const probe = Layer.succeed(DataProbe, {
  verify: () => Effect.as(Effect.sleep("200 millis"), { _tag: "Good" as const, detail: "all keys are there" })
})

const program = Effect.gen(function* () {
  const { clusterId } = yield* Runs.execute(ProvisionCluster.flow, { payload: { cluster: clusterSpec("source") } })
  const { detail } = yield* Runs.execute(ProvenBackup, { id: "monday", payload: { clusterId, name: "monday" } })
  const runs = yield* Runs.list()
  yield* Console.log(`${detail}; runs: ${runs.map(({ id }) => id).join(", ")}`)

  // Cancelled in mid-drill: the part is cut and undone, its throw-away cluster deleted.
  yield* Runs.start(ProvenBackup, { id: "tuesday", payload: { clusterId, name: "tuesday" } })
  yield* partIsAt("tuesday~drill", "verify")
  yield* Runs.cancel("tuesday")
  const outcome = yield* Runs.outcome(ProvenBackup, "tuesday")
  const drill = yield* Runs.get("tuesday~drill")
  yield* Console.log(`the drill is ${drill.state}`, JSON.stringify(outcome, null, 2))
})

const flows = provenBackup.pipe(
  Layer.provideMerge(Layer.mergeAll(BackupNow.layer, ProvisionCluster.layer, RestoreDrill.layer)),
  Layer.provide(probe),
  Layer.provideMerge(Engine.layer()),
  Layer.provide(Journal.layerMemory),
  Layer.provideMerge(instantCloud)
)
NodeRuntime.runMain(Effect.provide(program, flows))
