import { AddReplica } from "@memstore-flows/api/AddReplica"
import { Emulator } from "@memstore-flows/emulator/Emulator"
import * as Effect from "effect/Effect"
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

/** Nothing at all. */
export const nothing = Effect.succeed({ clusterId: "none" })

/** The cluster becomes `Failed`. */
export const failed = ({ clusterId }: { readonly clusterId: string }) =>
  Effect.flatMap(Emulator, (emulator) => emulator.disturb({ _tag: "FailCluster", clusterId }))

/** Further clusters, which leave the project without a node to spare. */
export const crowd = (names: ReadonlyArray<string>, shards: number) => () =>
  Effect.forEach(names, (name) => clusterLike({ ...specOf(shards), name }), { discard: true })
