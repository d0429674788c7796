// Call one endpoint, without any flow. The type of `add` says which calls it can make and how each can fail.
import { NodeRuntime } from "@effect/platform-node"
import { AddShard, ListShards } from "@memstore-flows/api"
import { Console, Effect } from "effect"
import { cloud } from "./support/Environment.js"
import { settings, sourceCluster } from "./support/Sandbox.js"

const add = (clusterId: string, nodeCount: number) =>
  Effect.gen(function* () {
    const addShard = yield* AddShard
    const { subnetA, subnetB } = yield* settings
    const subnetAssignments = { primary: { id: subnetA }, replicas: [{ id: subnetB }, { id: subnetB }] }
    // The answer names the cluster, never the shard: that is what flows are for.
    const { objectId } = yield* addShard({ clusterId, nodeCount, subnetAssignments })
    yield* Console.log(`accepted, cluster ${objectId}`)
  })

const program = Effect.gen(function* () {
  const clusterId = yield* sourceCluster(0)

  // Refused before anything is sent, every fault named.
  yield* Effect.catchTag(add(clusterId, 7), "InvalidInput", ({ faults }) =>
    Console.log(faults.map(({ message, path }) => `${path}: ${message}`).join("\n"))
  )

  yield* add(clusterId, 3)
  const listShards = yield* ListShards
  const { shards } = yield* listShards({ clusterId })
  yield* Console.log(shards.map(({ id, slots, status }) => `shard ${id}: slots ${slots}, ${status}`).join("\n"))
})

NodeRuntime.runMain(Effect.provide(program, cloud))
