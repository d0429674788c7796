import { assert, it } from "@effect/vitest"
import * as Runs from "@memstore-flows/engine/Runs"
import * as Topology from "@memstore-flows/model/Topology"
import * as Effect from "effect/Effect"
import * as ReplaceReplica from "../src/ReplaceReplica.js"
import { flows, inCloud, shardsOf } from "./support/Cloud.js"
import { replacePayload, source } from "./support/Fixture.js"
import { watch } from "./support/Scenario.js"

it.effect("a replica is replaced by one in another subnet, with two writes and as many nodes as before", () =>
  inCloud(
    Effect.gen(function* () {
      const clusterId = yield* source(2)
      const before = yield* shardsOf(clusterId)
      const watched = yield* watch
      const payload = yield* replacePayload(clusterId)
      const result = yield* Runs.execute(ReplaceReplica.flow, { payload, id: "run" })
      const after = yield* shardsOf(clusterId)
      const { nodesAdded, nodesRemoved } = Topology.diff(Topology.make(before), Topology.make(after))
      assert.deepStrictEqual(yield* watched.writes, { AddReplica: 1, DeleteNode: 1 })
      assert.deepStrictEqual(
        nodesRemoved.map(({ node }) => node.id),
        [payload.nodeId]
      )
      assert.deepStrictEqual(
        nodesAdded.map(({ node, shardId }) => [node.id, node.role, node.subnet.id, shardId]),
        [[result.added, "replica", "subnet-z", payload.shardId]]
      )
      assert.deepStrictEqual(
        result.endpointsAdded,
        nodesAdded.map(({ node }) => node.endpoint)
      )
      assert.deepStrictEqual(
        result.endpointsRemoved,
        nodesRemoved.map(({ node }) => node.endpoint)
      )
      assert.deepStrictEqual(result.shards, after)
      assert.strictEqual(result.removed, payload.nodeId)
      assert.strictEqual(result.sync, "unproven")
      assert.strictEqual(Topology.nodeCount(Topology.make(after)), 6)
    }).pipe(Effect.provide(flows()))
  )
)
