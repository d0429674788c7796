import { assert, describe, it } from "@effect/vitest"
import { Emulator } from "@memstore-flows/emulator/Emulator"
import * as Engine from "@memstore-flows/engine/Engine"
import * as Flow from "@memstore-flows/engine/Flow"
import * as Journal from "@memstore-flows/engine/Journal"
import * as Runs from "@memstore-flows/engine/Runs"
import * as Latencies from "@memstore-flows/model/Latencies"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as Approval from "../../src/Approval.js"
import * as ReplaceReplica from "../../src/ReplaceReplica.js"
import * as Rehearsal from "../../src/rehearsal/Rehearsal.js"
import * as Saved from "../../src/rehearsal/Saved.js"
import * as ScaleOut from "../../src/ScaleOut.js"
import { contract } from "../catalogue/FlowContract.js"
import * as Grounds from "../catalogue/Grounds.js"
import { inCloud } from "../support/Cloud.js"
import { replacePayload, source } from "../support/Fixture.js"
import { watch } from "../support/Scenario.js"

const fast = { latencies: Latencies.fast, undo: false }

const checked = Flow.make({
  name: "CheckedReplace",
  payload: ReplaceReplica.Payload,
  success: ReplaceReplica.Result,
  error: Schema.Union(...ReplaceReplica.flow.error.members, ...Saved.ApprovedError.members),
  resource: ({ clusterId }) => `cluster/${clusterId}`
})

const engine = Layer.provideMerge(
  Layer.mergeAll(
    ReplaceReplica.layer,
    ScaleOut.layer,
    checked.toLayer(Saved.approved(ReplaceReplica, { within: Duration.hours(1) }, fast))
  ),
  Engine.layer()
).pipe(Layer.provide(Journal.layerMemory))

describe("A saved plan", () => {
  it.effect("runs while the topology is what it was made from", () =>
    inCloud(
      Effect.gen(function* () {
        const clusterId = yield* source(2)
        const plan = yield* Rehearsal.rehearse(ReplaceReplica, yield* replacePayload(clusterId), fast)
        const watched = yield* watch
        yield* Runs.start(ReplaceReplica.flow, { plan: Saved.of(plan), id: "run" })
        const { _tag } = yield* Runs.outcome(ReplaceReplica.flow, "run")
        assert.strictEqual(_tag, "Succeeded")
        assert.deepStrictEqual(yield* watched.writes, { AddReplica: 1, DeleteNode: 1 })
      }).pipe(Effect.provide(engine))
    )
  )

  it.effect("started again under the same id is the same run, though it has changed what the plan was made from", () =>
    inCloud(
      Effect.gen(function* () {
        const clusterId = yield* source(2)
        const plan = Saved.of(yield* Rehearsal.rehearse(ReplaceReplica, yield* replacePayload(clusterId), fast))
        const { added } = yield* Runs.execute(ReplaceReplica.flow, { plan, id: "run" })
        const watched = yield* watch
        const again = yield* Runs.execute(ReplaceReplica.flow, { plan, id: "run" })
        assert.strictEqual(again.added, added)
        assert.deepStrictEqual(yield* watched.writes, {})
        const other = yield* Effect.flip(Runs.start(ReplaceReplica.flow, { plan, id: "other" }))
        assert.strictEqual(other._tag, "PlanStale")
      }).pipe(Effect.provide(engine))
    )
  )

  it.effect("is stale when a node or a role has changed, and nothing is sent", () =>
    inCloud(
      Effect.gen(function* () {
        const clusterId = yield* source(2)
        const plan = yield* Rehearsal.rehearse(ReplaceReplica, yield* replacePayload(clusterId), fast)
        const emulator = yield* Emulator
        yield* emulator.disturb({ _tag: "SwitchPrimary" })
        const watched = yield* watch
        const error = yield* Effect.flip(Runs.start(ReplaceReplica.flow, { plan: Saved.of(plan), id: "run" }))
        assert.strictEqual(error._tag, "PlanStale")
        if (error._tag === "PlanStale") {
          assert.strictEqual(error.difference.lost.length, 2)
          assert.include(error.message, "now: node")
        }
        assert.deepStrictEqual(yield* watched.writes, {})
        assert.strictEqual((yield* Runs.list()).length, 0)
      }).pipe(Effect.provide(engine))
    )
  )

  it.effect("is unfit for another flow, and when it would be refused", () =>
    inCloud(
      Effect.gen(function* () {
        const clusterId = yield* source(1)
        const payload = yield* replacePayload(clusterId)
        const plan = yield* Rehearsal.rehearse(ReplaceReplica, payload, fast)
        const other = yield* Effect.flip(Runs.start(ScaleOut.flow, { plan: Saved.of(plan) }))
        assert.strictEqual(other._tag, "PlanUnfit")
        const refused = yield* Rehearsal.rehearse(ReplaceReplica, { ...payload, shardId: "009" }, fast)
        const error = yield* Effect.flip(Runs.start(ReplaceReplica.flow, { plan: Saved.of(refused) }))
        assert.strictEqual(error._tag, "PlanUnfit")
        assert.include(error.message, "refused before any write (Refused); shard 009 does not exist")
      }).pipe(Effect.provide(engine))
    )
  )
})

const asked = Runs.events("run").pipe(
  Stream.takeUntil(({ _tag }) => _tag === "WaitingForSignal"),
  Stream.runDrain
)

const answer = (approved: boolean) =>
  Runs.signal("run", Approval.signal, { approved, by: "ann" }, { scope: "plan/approval" })

describe("An approval that shows the plan", () => {
  it.effect("has the plan in the progress, and goes on after a yes", () =>
    inCloud(
      Effect.gen(function* () {
        const clusterId = yield* source(2)
        const watched = yield* watch
        yield* Runs.start(checked, { payload: yield* replacePayload(clusterId), id: "run" })
        yield* asked
        const { progress } = yield* Runs.get("run")
        assert.strictEqual(progress?._tag, "Progress")
        const shown = progress?._tag === "Progress" ? progress.progress.message : ""
        assert.include(shown, "writes, in order")
        assert.include(shown, "subnet-z")
        assert.include(shown, "Without an answer in time it is refused.")
        assert.deepStrictEqual(yield* watched.writes, {})
        yield* answer(true)
        assert.strictEqual((yield* Runs.outcome(checked, "run"))._tag, "Succeeded")
        assert.deepStrictEqual(yield* watched.writes, { AddReplica: 1, DeleteNode: 1 })
      }).pipe(Effect.provide(engine))
    )
  )

  it.effect("sends nothing after a no, after the deadline, or when something has changed meanwhile", () =>
    Effect.forEach(
      ["no", "late", "changed"] as const,
      (how) =>
        inCloud(
          Effect.gen(function* () {
            const clusterId = yield* source(2)
            yield* Runs.start(checked, { payload: yield* replacePayload(clusterId), id: "run" })
            const watched = yield* watch
            yield* asked
            const emulator = yield* Emulator
            if (how === "no") yield* answer(false)
            if (how === "changed") yield* emulator.disturb({ _tag: "SwitchPrimary" })
            if (how === "changed") yield* answer(true)
            const outcome = yield* Runs.outcome(checked, "run")
            assert.strictEqual(outcome._tag, "Failed")
            const error = outcome._tag === "Failed" ? outcome.error._tag : ""
            assert.strictEqual(error, how === "changed" ? "PlanStale" : "NotApproved")
            assert.deepStrictEqual(yield* watched.writes, {})
          }).pipe(Effect.provide(engine))
        ),
      { discard: true }
    )
  )
})

contract({
  title: "A flow behind an approval that shows the plan",
  page: null,
  flow: checked,
  layer: checked.toLayer(Saved.approved(ReplaceReplica, { within: Duration.hours(1) }, fast)),
  ground: Grounds.cluster(2),
  payload: ({ clusterId }) => replacePayload(clusterId),
  writes: { AddReplica: 1, DeleteNode: 1 },
  meanwhile: Effect.zipRight(asked, answer(true)),
  refusals: {
    "a plan that is refused": {
      payload: (payload) => ({ ...payload, shardId: "099" }),
      found: ["PlanUnfit"]
    }
  }
})
