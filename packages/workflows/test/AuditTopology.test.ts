import { assert, describe, it } from "@effect/vitest"
import type { Shard } from "@memstore-flows/api/Shard"
import { Emulator } from "@memstore-flows/emulator/Emulator"
import * as Engine from "@memstore-flows/engine/Engine"
import * as Journal from "@memstore-flows/engine/Journal"
import * as Runs from "@memstore-flows/engine/Runs"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { audit } from "../src/AuditTopology.js"
import * as AwaitHealthy from "../src/AwaitHealthy.js"
import { inCloud } from "./support/Cloud.js"
import { source } from "./support/Fixture.js"

const createdAt = "2026-01-01T00:00:00Z"

const shard = (id: string, slots: string, places: ReadonlyArray<string>, status = "Running"): Shard => ({
  id,
  name: id,
  status,
  slots,
  createdAt,
  nodes: places.map((subnet, index) => ({
    id: `${id}-${index}`,
    name: id,
    status: "Running",
    role: index === 0 ? "primary" : "replica",
    endpoint: "",
    subnet: { id: subnet },
    createdAt
  }))
})

const options = { nodesPerShard: 2, unevenness: 0.25 }
const tags = (shards: ReadonlyArray<Shard>) => audit("c", shards, options).map(({ _tag }) => _tag)

describe("an audit", () => {
  it("finds nothing in a cluster that is as it should be", () => {
    assert.deepStrictEqual(tags([shard("001", "0-8191", ["x", "y"]), shard("002", "8192-16383", ["y", "x"])]), [])
  })

  it("lists shards in one subnet, missing replicas, uneven and uncovered slots, and unknown states", () => {
    const rest = shard("002", "8192-16383", ["y", "x"])
    assert.deepStrictEqual(tags([shard("001", "0-8191", ["x", "x"]), rest]), ["NotSpread"])
    assert.deepStrictEqual(tags([shard("001", "0-8191", ["x"]), rest]), ["NotEnoughReplicas", "NotSpread"])
    assert.deepStrictEqual(tags([shard("001", "0-8000", ["x", "y"]), rest]), ["SlotsUncovered"])
    const uneven = [shard("001", "0-2000", ["x", "y"]), shard("002", "2001-16383", ["x", "y"])]
    assert.deepStrictEqual(tags(uneven), ["SlotsUneven"])
    assert.deepStrictEqual(tags([shard("001", "0-8191", ["x", "y"], "Dreaming"), rest]), ["NotRunning"])
    assert.deepStrictEqual(tags([shard("001", "0-8191", ["x", "y"], "Failed"), rest]), ["ClusterFailed"])
  })

  it("lists all that is wrong at once", () => {
    assert.deepStrictEqual(tags([shard("001", "0-2000", ["x"]), shard("002", "2002-16383", ["y", "y"])]), [
      "SlotsUncovered",
      "SlotsUneven",
      "NotEnoughReplicas",
      "NotSpread",
      "NotSpread"
    ])
  })
})

it.effect("a cluster that fails over and heals meanwhile is waited for, and the result says what changed", () =>
  inCloud(
    Effect.gen(function* () {
      const clusterId = yield* source(1)
      const { disturb } = yield* Emulator
      const payload = { clusterId, within: Duration.minutes(10), nodesPerShard: 3 }
      yield* disturb({ _tag: "FailNode", clusterId, role: "primary" })
      yield* Runs.start(AwaitHealthy.flow, { payload, id: "run" })
      const { nodesAdded, nodesRemoved, rolesChanged, shards } = yield* Runs.result(AwaitHealthy.flow, "run")
      assert.deepStrictEqual(
        shards.map(({ nodes }) => nodes.length),
        [3]
      )
      assert.deepStrictEqual([nodesAdded.length, nodesRemoved.length], [1, 1])
      assert.deepStrictEqual(
        rolesChanged.map(({ after, before }) => ({ after, before })),
        [{ before: "replica", after: "primary" }]
      )
    }).pipe(
      Effect.provide(AwaitHealthy.layer.pipe(Layer.provideMerge(Engine.layer()), Layer.provide(Journal.layerMemory)))
    ),
    { model: { settings: { healingStatus: "Modifying" } } }
  )
)
