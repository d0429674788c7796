import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import type * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import type { Accepted } from "@memstore-flows/api/Accepted"
import type { Write } from "@memstore-flows/model/Command"
import type { Refusal } from "@memstore-flows/model/Refusal"
import type { State } from "@memstore-flows/model/State"
import * as View from "@memstore-flows/model/View"
import * as Effect from "effect/Effect"
import type * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import type * as Redacted from "effect/Redacted"
import { EmulatorApi } from "../EmulatorApi.js"
import { refused } from "./answers.js"
import { Cloud } from "./Cloud.js"
import { CurrentRequest } from "./CurrentRequest.js"

const orRefused = <A, R>(
  effect: Effect.Effect<A, Refusal, R>
): Effect.Effect<A | HttpServerResponse.HttpServerResponse, never, R> =>
  Effect.catchAll(effect, (refusal) => Effect.succeed(refused(refusal)))

const calls = Effect.map(Cloud, (cloud) => ({
  write: (
    command: Write,
    password?: Redacted.Redacted<string>
  ): Effect.Effect<Accepted | HttpServerResponse.HttpServerResponse> =>
    Effect.flatMap(CurrentRequest, (current) =>
      Effect.map(cloud.write(command, current.operation ?? command._tag, current.struck, password), ({ objectId }) => {
        current.objectId = objectId
        return { objectId }
      })
    ).pipe(orRefused),
  read: <A>(view: (state: State, now: number) => Either.Either<A, Refusal>) =>
    orRefused(Effect.flatten(cloud.transact((world, now) => [view(world.state, now), world]))),
  list: <A>(view: (state: State, now: number) => A) => cloud.transact((world, now) => [view(world.state, now), world])
}))

const clusters = HttpApiBuilder.group(EmulatorApi, "clusters", (handlers) =>
  Effect.map(calls, ({ list, read, write }) =>
    handlers
      .handle("createCluster", ({ payload }) =>
        write({ _tag: "CreateCluster", request: payload }, payload.user?.password)
      )
      .handle("updateCluster", ({ path: { clusterId }, payload }) =>
        write({ _tag: "UpdateCluster", clusterId, change: payload })
      )
      .handle("deleteCluster", ({ path: { clusterId }, urlParams: { keepAutomaticBackups } }) =>
        write({ _tag: "DeleteCluster", clusterId, keepAutomaticBackups })
      )
      .handle("listClusters", () => list((state, now) => ({ clusters: View.clusters(state, now) })))
      .handle("getCluster", ({ path: { clusterId } }) => read((state, now) => View.cluster(state, clusterId, now)))
  )
)

const shards = HttpApiBuilder.group(EmulatorApi, "shards", (handlers) =>
  Effect.map(calls, ({ read, write }) =>
    handlers
      .handle("addShard", ({ path: { clusterId }, payload: { nodeCount, subnetAssignments } }) =>
        write({ _tag: "AddShard", clusterId, nodeCount, subnetAssignment: subnetAssignments })
      )
      .handle("listShards", ({ path: { clusterId } }) =>
        Effect.map(
          read((state, now) => View.listShards(state, clusterId, now)),
          (found) => ("length" in found ? { shards: found } : found)
        )
      )
      .handle("getShard", ({ path: { clusterId, shardId } }) =>
        read((state, now) => View.getShard(state, clusterId, shardId, now))
      )
      .handle("deleteShard", ({ path: { clusterId, shardId } }) => write({ _tag: "DeleteShard", clusterId, shardId }))
  )
)

const nodes = HttpApiBuilder.group(EmulatorApi, "nodes", (handlers) =>
  Effect.map(calls, ({ read, write }) =>
    handlers
      .handle("addReplica", ({ path: { clusterId, shardId }, payload: { subnet } }) =>
        write({ _tag: "AddReplica", clusterId, shardId, subnetId: subnet.id })
      )
      .handle("listNodes", ({ path: { clusterId, shardId } }) =>
        Effect.map(
          read((state, now) => View.listNodes(state, clusterId, shardId, now)),
          (found) => ("length" in found ? { nodes: found } : found)
        )
      )
      .handle("getNode", ({ path: { clusterId, nodeId, shardId } }) =>
        read((state, now) => View.getNode(state, clusterId, shardId, nodeId, now))
      )
      .handle("deleteNode", ({ path: { clusterId, nodeId, shardId } }) =>
        write({ _tag: "DeleteNode", clusterId, shardId, nodeId })
      )
  )
)

const backups = HttpApiBuilder.group(EmulatorApi, "backups", (handlers) =>
  Effect.map(calls, ({ list, write }) =>
    handlers
      .handle("createBackup", ({ payload: { clusterId, name } }) => write({ _tag: "CreateBackup", clusterId, name }))
      .handle("listBackups", ({ urlParams }) =>
        list((state, now) => ({ backups: View.backups(state, urlParams, now) }))
      )
  )
)

const redis = HttpApiBuilder.group(EmulatorApi, "redis", (handlers) =>
  Effect.map(calls, ({ list }) =>
    handlers
      .handle("listEngineVersions", () => list(({ versions }) => versions))
      .handle("listFlavors", () => list(({ flavors }) => ({ flavors })))
  )
)

/** The MemStore routes on the rules of the model. */
export const layer = Layer.mergeAll(clusters, shards, nodes, backups, redis)
