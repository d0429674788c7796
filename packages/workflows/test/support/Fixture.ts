import { CreateCluster } from "@memstore-flows/api/CreateCluster"
import { Emulator } from "@memstore-flows/emulator/Emulator"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Observe from "../../src/Observe.js"
import type * as ReplaceReplica from "../../src/ReplaceReplica.js"
import type * as RestoreThenScale from "../../src/RestoreThenScale.js"
import * as Waiter from "../../src/Waiter.js"
import { backUp } from "./backUp.js"
import { shardsOf } from "./Cloud.js"

const x = { id: "subnet-x" }
const y = { id: "subnet-y" }
const z = { id: "subnet-z" }

const placement = [
  { primary: x, replicas: [y, y] },
  { primary: y, replicas: [x, x] }
]

/** A cluster of 3 nodes in each shard, in subnets x and y of the pool x, y, z. */
export const specOf = (shards: number) => ({
  name: "source",
  version: "7.2.6",
  port: 6379,
  shardCount: shards,
  nodeCountPerShard: 3,
  flavorId: "3830ebad-ea2f-4822-8a7d-9e301c86a58d",
  parameterGroupId: "bbbbcccc-1234-1234-5678-e705e91db2fb",
  subnets: [x, y, z],
  subnetAssignments: Array.from({ length: shards }, (_, index) => placement[index % 2] ?? { primary: x, replicas: [] }),
  securityGroups: [{ id: "group-a" }]
})

export const spec = specOf(2)

/** A cluster in service, with 100,000 keys. */
export const clusterLike = (request: ReturnType<typeof specOf>) =>
  Effect.gen(function* () {
    const emulator = yield* Emulator
    const createCluster = yield* CreateCluster
    const { objectId } = yield* createCluster(request)
    const deadline = yield* Waiter.deadlineIn(Duration.hours(1))
    yield* Observe.settled({ clusterId: objectId, during: "setup", deadline, appearing: true })
    yield* emulator.loadKeys({ clusterId: objectId, count: 100_000 })
    return objectId
  })

/** The source cluster in service, with 100,000 keys. */
export const source = (shards: number) => clusterLike(specOf(shards))

/** The source cluster, with an available backup named "nightly". */
export const backedUp = (shards: number) =>
  Effect.gen(function* () {
    const clusterId = yield* source(shards)
    yield* backUp(clusterId)
    return clusterId
  })

export const restorePayload = (shards: number, from = 2): RestoreThenScale.Payload => ({
  cluster: { ...specOf(from), name: "restored", restoreSource: { backupName: "nightly" } },
  shards
})

/** The first replica of the first shard, wanted in subnet z. */
export const replacePayload = (clusterId: string) =>
  Effect.gen(function* () {
    const [shard] = yield* shardsOf(clusterId)
    const node = shard?.nodes.find(({ role }) => role === "replica")
    if (shard === undefined || node === undefined) return yield* Effect.dieMessage("the cluster has no replica")
    return { clusterId, shardId: shard.id, nodeId: node.id, subnetId: "subnet-z" } satisfies ReplaceReplica.Payload
  })
