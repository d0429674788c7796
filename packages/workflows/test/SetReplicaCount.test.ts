import { assert, describe, it } from "@effect/vitest"
import { Emulator } from "@memstore-flows/emulator/Emulator"
import * as Runs from "@memstore-flows/engine/Runs"
import * as Effect from "effect/Effect"
import * as SetReplicaCount from "../src/SetReplicaCount.js"
import { open } from "./catalogue/FlowContract.js"
import { type CloudOptions, inCloud, shardsOf, sharedJournal } from "./support/Cloud.js"
import { source } from "./support/Fixture.js"
import { silent } from "./support/Silent.js"

/** A replica is dead, and not shown any more, when the run begins. */
const begunWithOneDead = (options: CloudOptions) =>
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
      if (outcome._tag !== "Succeeded") return yield* Effect.dieMessage("not reached")
      assert.deepStrictEqual(
        outcome.value.shards[0]?.nodes.map(({ id }) => id),
        left.map(({ id }) => id)
      )
      return outcome.value
    }),
    options
  )

describe("a number of replicas", () => {
  it.effect("is what auto-heal leaves, when a node was dead while the shards were counted", () =>
    Effect.gen(function* () {
      const { removed } = yield* begunWithOneDead({ transformClient: silent })
      assert.strictEqual(removed.length, 1)
    })
  )

  it.effect("is what auto-heal brings, when the cluster says that there is another node", () =>
    Effect.gen(function* () {
      const { added, removed } = yield* begunWithOneDead({})
      assert.deepStrictEqual([added, removed], [[], []])
    })
  )
})
