import { assert, it } from "@effect/vitest"
import * as Engine from "@memstore-flows/engine/Engine"
import * as Journal from "@memstore-flows/engine/Journal"
import * as Runs from "@memstore-flows/engine/Runs"
import * as Latencies from "@memstore-flows/model/Latencies"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import * as Learned from "../../src/rehearsal/Learned.js"
import * as Rehearsal from "../../src/rehearsal/Rehearsal.js"
import * as SetReplicaCount from "../../src/SetReplicaCount.js"
import { inCloud } from "../support/Cloud.js"
import { source } from "../support/Fixture.js"

const engine = Layer.provideMerge(SetReplicaCount.layer, Engine.layer()).pipe(Layer.provide(Journal.layerMemory))

/** A cloud in which nodes come three times as slowly as assumed, and go twice as fast. */
const { addNodes, removeNodes, sync } = Latencies.realistic
const slow = { ...Latencies.realistic, addNodes: addNodes * 3, sync: sync * 3, removeNodes: removeNodes / 2 }

/** Rehearses and runs a change; gives how long it was to take, how long it took, and what can be learned. */
const change = (clusterId: string, nodesPerShard: number, latencies: Latencies.Latencies) =>
  Effect.gen(function* () {
    const payload = { clusterId, nodesPerShard }
    const plan = yield* Rehearsal.rehearse(SetReplicaCount, payload, { latencies, undo: false })
    const { id } = yield* Runs.start(SetReplicaCount.flow, { payload })
    yield* Runs.result(SetReplicaCount.flow, id)
    const events = Chunk.toReadonlyArray(yield* Stream.runCollect(Runs.events(id)))
    const took = (events.at(-1)?.at ?? 0) - (events[0]?.at ?? 0)
    return { sample: { plan, events }, off: Math.abs(plan.takes - took) / took }
  })

it.effect("durations learned from runs make the next plans take what the runs take", () =>
  inCloud(
    Effect.gen(function* () {
      const clusterId = yield* source(2)
      const more = yield* change(clusterId, 4, Latencies.realistic)
      const fewer = yield* change(clusterId, 3, Latencies.realistic)
      assert.isAbove(more.off, 0.4)
      assert.isAbove(fewer.off, 0.4)
      const learned = Learned.latencies([more.sample, fewer.sample])
      assert.isBelow((yield* change(clusterId, 4, learned)).off, 0.1)
      assert.isBelow((yield* change(clusterId, 3, learned)).off, 0.1)
      const { backup, create, slotsPerSecond } = Latencies.realistic
      assert.deepInclude(learned, { backup, create, slotsPerSecond })
    }).pipe(Effect.provide(engine)),
    { latencies: slow }
  )
)

it("nothing is learned where nothing was run", () => {
  assert.deepStrictEqual(Learned.latencies([]), Latencies.realistic)
})
