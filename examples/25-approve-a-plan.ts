// A run that rehearses itself, shows a person its plan, and goes on after a yes, if nothing has changed meanwhile.
import { NodeRuntime } from "@effect/platform-node"
import { Engine, Flow, Journal, Runs } from "@memstore-flows/engine"
import { Latencies } from "@memstore-flows/model"
import { Approval, ProvisionCluster, SavedPlan, ScaleOut } from "@memstore-flows/workflows"
import { Console, Duration, Effect, Layer, Schema, Stream } from "effect"
import { clusterSpec, instantCloud } from "./support/InstantCloud.js"

const CheckedScaleOut = Flow.make({
  name: "CheckedScaleOut",
  payload: ScaleOut.Payload,
  success: ScaleOut.Result,
  error: Schema.Union(ScaleOut.flow.error, SavedPlan.ApprovedError),
  resource: ({ clusterId }) => `cluster/${clusterId}`
})

// Nobody has answered after a day: then it is refused, unless `otherwise` says "proceed".
const ask = { within: Duration.days(1) }
const checked = CheckedScaleOut.toLayer(SavedPlan.approved(ScaleOut, ask, { latencies: Latencies.fast }))

const program = Effect.gen(function* () {
  const { clusterId } = yield* Runs.execute(ProvisionCluster.flow, { payload: { cluster: clusterSpec("source") } })
  const { id } = yield* Runs.start(CheckedScaleOut, { payload: { clusterId, add: 1 } })

  // The run is parked, here or after a restart. The plan stands in its progress.
  const asked = Stream.takeUntil(Runs.events(id), ({ _tag }) => _tag === "WaitingForSignal")
  yield* Stream.runDrain(asked)
  const { progress } = yield* Runs.get(id)
  if (progress?._tag === "Progress") yield* Console.log(`${progress.progress.message}\n`)

  yield* Runs.signal(id, Approval.signal, { approved: true, by: "Ada" }, { scope: "plan/approval" })
  const { added } = yield* Runs.result(CheckedScaleOut, id)
  yield* Console.log(`Ada said yes; added shard ${added}`)
})

const flows = Layer.mergeAll(checked, ProvisionCluster.layer).pipe(
  Layer.provideMerge(Engine.layer()),
  Layer.provide(Journal.layerMemory),
  Layer.provideMerge(instantCloud)
)
NodeRuntime.runMain(Effect.provide(program, flows))
