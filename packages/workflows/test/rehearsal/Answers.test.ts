import { assert, describe, it } from "@effect/vitest"
import { GetCluster } from "@memstore-flows/api/GetCluster"
import { GetNode } from "@memstore-flows/api/GetNode"
import { GetShard } from "@memstore-flows/api/GetShard"
import { ListBackups } from "@memstore-flows/api/ListBackups"
import { ListClusters } from "@memstore-flows/api/ListClusters"
import { ListEngineVersions } from "@memstore-flows/api/ListEngineVersions"
import { ListFlavors } from "@memstore-flows/api/ListFlavors"
import { ListNodes } from "@memstore-flows/api/ListNodes"
import { ListShards } from "@memstore-flows/api/ListShards"
import type { State } from "@memstore-flows/model/State"
import * as Effect from "effect/Effect"
import { operationsOn } from "../../src/rehearsal/internal/operations.js"
import * as Plane from "../../src/rehearsal/internal/plane.js"
import { subjects } from "./Subjects.js"
import * as Ground from "./search/Ground.js"

/** Everything the reads show of a project. */
const readAll = Effect.gen(function* () {
  const clusters = yield* Effect.flatMap(ListClusters, (call) => call({}))
  const ofEach = yield* Effect.forEach(clusters.clusters, ({ id: clusterId }) =>
    Effect.gen(function* () {
      const shards = yield* Effect.flatMap(ListShards, (call) => call({ clusterId }))
      const [shard] = shards.shards
      const [node] = shard?.nodes ?? []
      const shardId = shard?.id ?? ""
      return [
        shards,
        yield* Effect.flatMap(GetCluster, (call) => call({ clusterId })),
        yield* Effect.flatMap(GetShard, (call) => call({ clusterId, shardId })),
        yield* Effect.flatMap(ListNodes, (call) => call({ clusterId, shardId })),
        yield* Effect.flatMap(GetNode, (call) => call({ clusterId, shardId, nodeId: node?.id ?? "" }))
      ]
    })
  )
  const backups = yield* Effect.flatMap(ListBackups, (call) => call({}))
  const versions = yield* Effect.flatMap(ListEngineVersions, (call) => call({}))
  const flavors = yield* Effect.flatMap(ListFlavors, (call) => call({}))
  return { clusters, ofEach, backups, versions, flavors }
})

const readOn = (state: State, options: Partial<Plane.Options>) =>
  Effect.provide(readAll, operationsOn(Plane.make({ ...options, state, now: () => state.clock }).client))

describe("What the model answers", () => {
  it.effect("is what the API decodes it to", () =>
    Effect.gen(function* () {
      for (let number = 0; number < 40; number++) {
        const { calm, state } = yield* Ground.make(subjects, number)
        for (const each of [state, calm.state]) {
          const decoded = yield* readOn(each, { shown: (_, body) => JSON.parse(JSON.stringify(body)) })
          assert.isAbove(decoded.backups.backups.length + decoded.clusters.clusters.length, 0)
          assert.deepStrictEqual(JSON.stringify(yield* readOn(each, {})), JSON.stringify(decoded))
        }
      }
    })
  )
})
