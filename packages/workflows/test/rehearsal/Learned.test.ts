import { assert, it } from "@effect/vitest"
import * as Shard from "@memstore-flows/api/Shard"
import * as Engine from "@memstore-flows/engine/Engine"
import * as Flow from "@memstore-flows/engine/Flow"
import * as Journal from "@memstore-flows/engine/Journal"
import * as Runs from "@memstore-flows/engine/Runs"
import * as Step from "@memstore-flows/engine/Step"
import * as Latencies from "@memstore-flows/model/Latencies"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as ReplaceReplica from "../../src/ReplaceReplica.js"
import * as RestoreCluster from "../../src/RestoreCluster.js"
import * as Learned from "../../src/rehearsal/Learned.js"
import * as Rehearsal from "../../src/rehearsal/Rehearsal.js"
import * as SetReplicaCount from "../../src/SetReplicaCount.js"
import { inCloud } from "../support/Cloud.js"
import { backedUp, restorePayload, source } from "../support/Fixture.js"

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

const Rebuild = Flow.make({
  name: "Rebuild",
  payload: RestoreCluster.Payload,
  success: Schema.Void,
  error: Schema.Union(...RestoreCluster.flow.error.members, ...ReplaceReplica.flow.error.members),
  resource: ({ cluster }) => `cluster-name/${cluster.name}`
})

/** Every replica in subnet y moves to z, in steps that bear the ids of nodes not there before the run. */
const rebuild = (payload: RestoreCluster.Payload) =>
  Effect.gen(function* () {
    const { clusterId, shards } = yield* RestoreCluster.body(payload)
    const moves = shards.flatMap((shard) =>
      Shard.replicas(shard).flatMap(({ id, subnet }) =>
        subnet.id === "subnet-y" ? [{ clusterId, shardId: shard.id, nodeId: id, subnetId: "subnet-z" }] : []
      )
    )
    yield* Step.each(moves, { name: ({ nodeId }) => `move ${nodeId} away` }, ReplaceReplica.body)
  })

it.effect("durations are learned from steps that bear the id of an object made in the run", () =>
  inCloud(
    Effect.gen(function* () {
      yield* backedUp(1)
      const { cluster } = restorePayload(1, 1)
      const plan = yield* Rehearsal.rehearse({ flow: Rebuild, body: rebuild }, { cluster }, { undo: false })
      assert.deepStrictEqual(
        plan.calls.map(({ step }) => step),
        ["restore/create", ...[2, 3].flatMap((n) => [`move new-node-${n} away/add`, `move new-node-${n} away/delete`])]
      )
      yield* Runs.execute(Rebuild, { payload: { cluster }, id: "run" })
      const events = Chunk.toReadonlyArray(yield* Stream.runCollect(Runs.events("run")))
      const learned = Learned.latencies([{ plan, events }])
      assert.approximately(learned.addNodes / addNodes, 3, 0.3)
      assert.approximately(learned.removeNodes / removeNodes, 0.5, 0.3)
    }).pipe(
      Effect.provide(
        Rebuild.toLayer(rebuild).pipe(Layer.provideMerge(Engine.layer()), Layer.provide(Journal.layerMemory))
      )
    ),
    { latencies: slow }
  )
)

it("nothing is learned where nothing was run", () => {
  assert.deepStrictEqual(Learned.latencies([]), Latencies.realistic)
})
