import { AddReplica } from "@memstore-flows/api/AddReplica"
import { AddShard } from "@memstore-flows/api/AddShard"
import { CreateBackup } from "@memstore-flows/api/CreateBackup"
import { UpdateCluster } from "@memstore-flows/api/UpdateCluster"
import { Emulator } from "@memstore-flows/emulator/Emulator"
import { sampleFlavors } from "@memstore-flows/model/State"
import * as Effect from "effect/Effect"
import { shardsOf } from "../support/Cloud.js"
import { backedUp, clusterLike, source, specOf } from "../support/Fixture.js"

/** A cluster in service, with a fresh backup named "nightly". */
export const withBackup = (shards: number) => Effect.map(backedUp(shards), (clusterId) => ({ clusterId }))

/** A cluster in service. */
export const cluster = (shards: number) => Effect.map(source(shards), (clusterId) => ({ clusterId }))

/** A cluster of one kind or another in service. */
export const like = (request: ReturnType<typeof specOf>) =>
  Effect.map(clusterLike(request), (clusterId) => ({ clusterId }))

/** A cluster of two shards, five nodes in the first and three in the second. */
export const uneven = Effect.gen(function* () {
  const ground = yield* cluster(2)
  for (const subnet of [{ id: "subnet-z" }, { id: "subnet-z" }]) {
    yield* Effect.flatMap(AddReplica, (send) => send({ ...ground, shardId: "001", subnet }))
    yield* Effect.sleep("1 minute")
  }
  return ground
})

/** A cluster whose backup "heavy" takes 0.7 GB in each shard. */
export const heavy = Effect.gen(function* () {
  const ground = yield* cluster(2)
  const emulator = yield* Emulator
  yield* emulator.loadKeys({ ...ground, count: 14_000, bytesPerKey: 100_000 })
  yield* Effect.flatMap(CreateBackup, (send) => send({ ...ground, name: "heavy" }))
  yield* Effect.sleep("1 minute")
  return ground
})

/** A cloud with a flavor of 1 GB, "small". */
export const withSmallFlavor = {
  model: { flavors: [...sampleFlavors, { id: "small", name: "small", vcpus: 1, memory: 1 }] }
}

/** The cluster gets a schedule of automatic backups. */
export const scheduled =
  (cron: string) =>
  ({ clusterId }: { readonly clusterId: string }) =>
    Effect.zipRight(
      Effect.flatMap(UpdateCluster, (send) => send({ clusterId, backupSchedule: { cron, retentionLimit: 7 } })),
      Effect.sleep("1 minute")
    )

/** Nothing at all. */
export const nothing = Effect.succeed({ clusterId: "none" })

/** The cluster becomes `Failed`. */
export const failed = ({ clusterId }: { readonly clusterId: string }) =>
  Effect.flatMap(Emulator, (emulator) => emulator.disturb({ _tag: "FailCluster", clusterId }))

/** A shard is being added to the cluster. */
export const scaling = ({ clusterId }: { readonly clusterId: string }) =>
  Effect.flatMap(AddShard, (send) =>
    send({
      clusterId,
      nodeCount: 2,
      subnetAssignments: { primary: { id: "subnet-x" }, replicas: [{ id: "subnet-y" }] }
    })
  )

/** The replica of the first shard has died, and is not shown any more. */
export const bereft = ({ clusterId }: { readonly clusterId: string }) =>
  Effect.gen(function* () {
    const { disturb } = yield* Emulator
    yield* disturb({ _tag: "FailNode", clusterId, shardId: "001", role: "replica" })
    yield* shardsOf(clusterId).pipe(
      Effect.delay("50 millis"),
      Effect.repeat({ until: ([shard]) => shard?.nodes.length === 1 })
    )
  })

/** Further clusters, which leave the project without a node to spare. */
export const crowd = (names: ReadonlyArray<string>, shards: number) => () =>
  Effect.forEach(names, (name) => clusterLike({ ...specOf(shards), name }), { discard: true })
