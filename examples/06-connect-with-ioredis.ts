// Connect to an emulated cluster as to any other: its nodes are servers on loopback addresses, at the cluster's port.
import { NodeRuntime } from "@effect/platform-node"
import { ListShards } from "@memstore-flows/api"
import { Console, Effect } from "effect"
import { Cluster } from "ioredis"
import { cloudOnServers } from "./support/Environment.js"
import { Plane } from "./support/Plane.js"
import { sourceCluster } from "./support/Sandbox.js"
import { topologyTable } from "./support/Table.js"

const client = (endpoints: ReadonlyArray<string>) =>
  Effect.acquireRelease(
    Effect.sync(() => new Cluster(endpoints.map((host) => ({ host, port: 6379 })))),
    (cluster) => Effect.sync(() => cluster.disconnect())
  )

const program = Effect.gen(function* () {
  const { notice, servers } = yield* Plane
  yield* Console.log(notice)
  if (!servers) return

  const clusterId = yield* sourceCluster(1000)
  const listShards = yield* ListShards
  const { shards } = yield* listShards({ clusterId })
  const endpoints = shards.flatMap(({ nodes }) => nodes.map(({ endpoint }) => endpoint))
  yield* Console.log(`${topologyTable(shards)}\n`)

  const redis = yield* client(endpoints)
  yield* Effect.promise(() => redis.set("greeting", "hello"))
  yield* Console.log(`greeting: ${yield* Effect.promise(() => redis.get("greeting"))}`)

  // With --stay the cluster is there until Ctrl-C.
  yield* Console.log(`redis-cli -c -h ${endpoints[0]} -p 6379`)
  if (process.argv.includes("--stay")) yield* Effect.never
}).pipe(Effect.scoped)

NodeRuntime.runMain(Effect.provide(program, cloudOnServers))
