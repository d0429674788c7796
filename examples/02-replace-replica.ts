// Replace a replica in another subnet: add, identify, prove, re-read roles, delete.
import { NodeRuntime } from "@effect/platform-node"
import { ListShards, Shard } from "@memstore-flows/api"
import { Runs } from "@memstore-flows/engine"
import { ReplaceReplica } from "@memstore-flows/workflows"
import { Config, Console, Effect } from "effect"
import { environment } from "./support/Environment.js"
import { settings, sourceCluster } from "./support/Sandbox.js"
import { topologyTable } from "./support/Table.js"

const program = Effect.gen(function* () {
  const clusterId = yield* sourceCluster(10_000)
  const listShards = yield* ListShards
  const { shards } = yield* listShards({ clusterId })
  yield* Console.log(`before\n${topologyTable(shards)}\n`)

  // The first replica of the first shard moves to another subnet.
  const [shard] = shards
  const [replica] = shard === undefined ? [] : Shard.replicas(shard)
  if (shard === undefined || replica === undefined) return yield* Effect.dieMessage("the cluster has no replica")
  const subnetId = yield* Config.withDefault(Config.string("MEMSTORE_SUBNET_C"), (yield* settings).subnetA)

  const result = yield* Runs.execute(ReplaceReplica.flow, {
    payload: { clusterId, shardId: shard.id, nodeId: replica.id, subnetId }
  }).pipe(
    // A primary may move by itself in mid-flow. Another replica is never taken in its stead.
    Effect.tapErrorTag("ReplicaChanged", (change) => Console.error(change.message))
  )

  yield* Console.log(`after\n${topologyTable(result.shards)}\n`)
  yield* Console.log(`clients: add ${result.endpointsAdded.join()}, drop ${result.endpointsRemoved.join()}`)
})

NodeRuntime.runMain(Effect.provide(program, environment))
