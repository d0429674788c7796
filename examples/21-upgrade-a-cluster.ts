// Blue/green: a newer engine, which no call gives a cluster in place. A person says yes, a hook of yours moves the clients.
import { NodeRuntime } from "@effect/platform-node"
import { Engine, Journal, Runs } from "@memstore-flows/engine"
import { Approval, Handover, ProvisionCluster, UpgradeCluster } from "@memstore-flows/workflows"
import { Console, Duration, Effect, Layer, Stream } from "effect"
import { clusterSpec, instantCloud } from "./support/InstantCloud.js"

// Whatever tells clients where to go: DNS, a configuration they watch. Each may be called twice after a crash.
const handover = Layer.succeed(Handover.Handover, {
  ready: (clusterId) => Console.log(`clients of ${clusterId} can be moved`),
  forward: ({ from, to }) =>
    Console.log(`clients go from ${from.endpoints.length} to ${to.endpoints.length} endpoints`),
  back: ({ from }) => Console.log(`clients go back to ${from.clusterId}`)
})

const program = Effect.gen(function* () {
  const { clusterId } = yield* Runs.execute(ProvisionCluster.flow, { payload: { cluster: clusterSpec("blue") } })
  const { id } = yield* Runs.start(UpgradeCluster.flow, {
    payload: {
      clusterId,
      cluster: { ...clusterSpec("green"), version: "7.2.11" },
      backupName: "before 7.2.11",
      approval: { within: Duration.days(2) },
      grace: Duration.millis(200), // days, where it matters: cancelled meanwhile, clients go back
      keepAutomaticBackups: false
    }
  })

  // The run is parked until somebody answers.
  const asked = Stream.takeUntil(Runs.events(id), ({ _tag }) => _tag === "WaitingForSignal")
  yield* Stream.runDrain(asked)
  yield* Runs.signal(id, Approval.signal, { approved: true, by: "Ada" }, { scope: "approval" })

  const { backupName, replaced, ...upgraded } = yield* Runs.result(UpgradeCluster.flow, id)
  yield* Console.log(`${upgraded.clusterId} has taken the place of ${replaced.clusterId}, which is ${replaced.now}`)
  yield* Console.log(`data ${upgraded.data}, backup "${backupName}" is kept`)
})

const flows = Layer.mergeAll(UpgradeCluster.layer, ProvisionCluster.layer).pipe(
  Layer.provide(handover),
  Layer.provideMerge(Engine.layer()),
  Layer.provide(Journal.layerMemory),
  Layer.provideMerge(instantCloud)
)
NodeRuntime.runMain(Effect.provide(program, flows))
