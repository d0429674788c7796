import { assert, it } from "@effect/vitest"
import type { Shard } from "@memstore-flows/api/Shard"
import * as Runs from "@memstore-flows/engine/Runs"
import * as Topology from "@memstore-flows/model/Topology"
import * as Effect from "effect/Effect"
import * as RestoreThenScale from "../src/RestoreThenScale.js"
import { flows, inCloud, shardsOf } from "./support/Cloud.js"
import { backedUp, restorePayload } from "./support/Fixture.js"
import { watch } from "./support/Scenario.js"

const placed = (shards: ReadonlyArray<Shard>) =>
  shards.map(({ nodes }) => nodes.map(({ role, subnet }) => `${role} in ${subnet.id}`).sort())

const restoreTo = (from: number, payload: RestoreThenScale.Payload) =>
  inCloud(
    Effect.gen(function* () {
      yield* backedUp(from)
      const watched = yield* watch
      const result = yield* Runs.execute(RestoreThenScale.flow, { payload, id: "run" })
      assert.deepStrictEqual(result.shards, yield* shardsOf(result.clusterId))
      assert.deepStrictEqual(Topology.unstable(Topology.make(result.shards)), [])
      return { ...result, writes: yield* watched.writes }
    }).pipe(Effect.provide(flows()))
  )

const inX = ["primary in subnet-x", "replica in subnet-y", "replica in subnet-y"]
const inY = ["primary in subnet-y", "replica in subnet-x", "replica in subnet-x"]

it.effect("a backup of two shards is restored and scaled out to four, with three writes", () =>
  Effect.gen(function* () {
    const { shards, writes } = yield* restoreTo(2, restorePayload(4, 2))
    assert.deepStrictEqual(writes, { RestoreCluster: 1, AddShard: 2 })
    assert.isTrue(Topology.isCovered(Topology.make(shards)))
    assert.deepStrictEqual(placed(shards), [inX, inY, inX, inY])
  })
)

it.effect("added shards stand in the subnets that were asked for", () =>
  Effect.gen(function* () {
    const z = { id: "subnet-z" }
    const newShards = [
      { primary: z, replicas: [z, { id: "subnet-y" }] },
      { primary: z, replicas: [{ id: "subnet-x" }, z] }
    ]
    const { shards } = yield* restoreTo(2, { ...restorePayload(4, 2), newShards })
    assert.deepStrictEqual(placed(shards).slice(2), [
      ["primary in subnet-z", "replica in subnet-y", "replica in subnet-z"],
      ["primary in subnet-z", "replica in subnet-x", "replica in subnet-z"]
    ])
  })
)

for (const to of [1, 2]) {
  it.effect(`a backup of three shards is restored and scaled in to ${to}, one write for each shard that leaves`, () =>
    Effect.gen(function* () {
      const { shards, writes } = yield* restoreTo(3, restorePayload(to, 3))
      assert.deepStrictEqual(writes, { RestoreCluster: 1, DeleteShard: 3 - to })
      assert.isTrue(Topology.isCovered(Topology.make(shards)))
      assert.deepStrictEqual(placed(shards), to === 1 ? [inX] : [inX, inY])
    })
  )
}

it.effect("a restored cluster that has the wanted shards already is not scaled", () =>
  Effect.gen(function* () {
    const { shards, writes } = yield* restoreTo(2, restorePayload(2, 2))
    assert.deepStrictEqual(writes, { RestoreCluster: 1 })
    assert.deepStrictEqual(placed(shards), [inX, inY])
  })
)
