// A flow of your own from exported pieces: restore, scale to n, then move every replica out of a subnet.
import { NodeRuntime } from "@effect/platform-node"
import { Shard } from "@memstore-flows/api"
import { Engine, Flow, Journal, Runs, Step } from "@memstore-flows/engine"
import { ReplaceReplica, RestoreThenScale } from "@memstore-flows/workflows"
import { Config, Console, Effect, Layer, Schema } from "effect"
import { cloud } from "./support/Environment.js"
import { restorable, settings, sourceBackup } from "./support/Sandbox.js"
import { topologyTable } from "./support/Table.js"

// The contract: what it takes, gives, fails with, and locks. Anyone may import it.
const RestoreOutOfSubnet = Flow.make({
  name: "RestoreOutOfSubnet",
  payload: Schema.Struct({ restore: RestoreThenScale.Payload, from: Schema.String, to: Schema.String }),
  success: Schema.Array(Shard.Shard),
  error: Schema.Union(RestoreThenScale.flow.error, ReplaceReplica.flow.error),
  resource: ({ restore }) => `cluster-name/${restore.cluster.name}`
})

// The implementation: bodies of other flows are plain Effects. Cancel, undo and resume come with them.
const layer = RestoreOutOfSubnet.toLayer(({ from, restore, to }) =>
  Effect.gen(function* () {
    const { clusterId, shards } = yield* RestoreThenScale.body(restore)
    const moves = shards.flatMap((shard) =>
      Shard.replicas(shard).flatMap(({ id, subnet }) => (subnet.id === from ? [{ shardId: shard.id, nodeId: id }] : []))
    )
    const results = yield* Step.each(moves, { name: ({ nodeId }) => `move ${nodeId}` }, (move) =>
      ReplaceReplica.body({ ...move, clusterId, subnetId: to })
    )
    return results.at(-1)?.shards ?? shards
  })
)

const program = Effect.gen(function* () {
  yield* sourceBackup(10_000)
  const { subnetA } = yield* settings
  const subnetC = yield* Config.withDefault(Config.string("MEMSTORE_SUBNET_C"), "subnet-c")
  const spec = yield* restorable("restored")
  // A third subnet: with all nodes of a shard in one, the checks refuse.
  const cluster = { ...spec, subnets: [...spec.subnets, { id: subnetC }] }
  const payload = { restore: { cluster, shards: 3 }, from: subnetA, to: subnetC }
  yield* Console.log(topologyTable(yield* Runs.execute(RestoreOutOfSubnet, { payload })))
})

const engine = Engine.layer().pipe(Layer.provide(Journal.layerMemory))
NodeRuntime.runMain(Effect.provide(program, layer.pipe(Layer.provideMerge(engine), Layer.provideMerge(cloud))))
