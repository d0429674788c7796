import { assert, describe, it } from "@effect/vitest"
import { Emulator } from "@memstore-flows/emulator/Emulator"
import * as Runs from "@memstore-flows/engine/Runs"
import * as Effect from "effect/Effect"
import * as SetReplicaCount from "../src/SetReplicaCount.js"
import { open } from "./catalogue/FlowContract.js"
import { inCloud, shardsOf, sharedJournal } from "./support/Cloud.js"
import { source } from "./support/Fixture.js"

describe("a number of replicas", () => {
  it.effect("is what auto-heal leaves, when a node was dead while the shards were counted", () =>
    inCloud(
      Effect.gen(function* () {
        const clusterId = yield* source(1)
        const emulator = yield* Emulator
        const nodes = Effect.map(shardsOf(clusterId), ([shard]) => shard?.nodes ?? [])
        const replica = (yield* nodes).find(({ role }) => role === "replica")
        yield* emulator.disturb({ _tag: "FailNode", clusterId, shardId: "001", nodeId: replica?.id ?? "" })
        yield* nodes.pipe(Effect.delay("50 millis"), Effect.repeat({ until: ({ length }) => length === 2 }))
        const { use } = yield* open(SetReplicaCount.layer, yield* sharedJournal)
        yield* use(
          Runs.start(SetReplicaCount.flow, {
            payload: { clusterId, nodesPerShard: 3, subnets: ["subnet-z"] },
            id: "run"
          })
        )
        const outcome = yield* use(Runs.outcome(SetReplicaCount.flow, "run"))
        yield* Effect.sleep("10 minutes")
        const left = yield* nodes
        assert.strictEqual(outcome._tag, "Succeeded", JSON.stringify(outcome))
        assert.strictEqual(left.length, 3)
        if (outcome._tag !== "Succeeded") return
        assert.deepStrictEqual(
          outcome.value.shards[0]?.nodes.map(({ id }) => id),
          left.map(({ id }) => id)
        )
        assert.strictEqual(outcome.value.removed.length, 1)
      })
    )
  )
})
