import { assert, it } from "@effect/vitest"
import { Emulator } from "@memstore-flows/emulator/Emulator"
import * as Runs from "@memstore-flows/engine/Runs"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as ReplaceReplica from "../src/ReplaceReplica.js"
import { ReplicaSync, type SyncQuestion, type SyncState } from "../src/ReplicaSync.js"
import * as WaitPolicy from "../src/WaitPolicy.js"
import { type CloudServices, flows, inCloud, shardsOf } from "./support/Cloud.js"
import { replacePayload, source } from "./support/Fixture.js"
import { watch } from "./support/Scenario.js"
import { reportOf } from "./support/Undone.js"

/** Replaces a replica with a probe of its sync; `probe` may act on the cloud as well. */
const replaceWith = (probe: (question: SyncQuestion) => Effect.Effect<SyncState, unknown, CloudServices>) =>
  inCloud(
    Effect.gen(function* () {
      const context = yield* Effect.context<CloudServices>()
      const look = (question: SyncQuestion) => Effect.orDie(Effect.provide(probe(question), context))
      const clusterId = yield* source(2)
      const payload = yield* replacePayload(clusterId)
      const before = yield* shardsOf(clusterId)
      const watched = yield* watch
      const outcome = yield* Runs.start(ReplaceReplica.flow, { payload, id: "run" }).pipe(
        Effect.zipRight(Runs.outcome(ReplaceReplica.flow, "run")),
        Effect.provide(flows()),
        Effect.provideService(ReplicaSync, { look }),
        Effect.provideService(WaitPolicy.WaitPolicy, WaitPolicy.make({ sync: Duration.minutes(5) }))
      )
      yield* Effect.sleep("1 minute")
      const nodes = (yield* shardsOf(clusterId)).find(({ id }) => id === payload.shardId)?.nodes ?? []
      return { payload, before, outcome, nodes, report: reportOf(outcome), writes: yield* watched.writes }
    })
  )

const promote = ({ clusterId, replica, shardId }: SyncQuestion) =>
  Effect.flatMap(Emulator, (emulator) =>
    emulator.disturb({ _tag: "SwitchPrimary", clusterId, shardId, nodeId: replica.nodeId })
  )

const inSync: SyncState = { _tag: "InSync" }
const behind: SyncState = { _tag: "Behind", detail: "3 MB behind" }

it.effect("the old replica is deleted only when the new one is proven in sync, and the result says so", () =>
  Effect.gen(function* () {
    let asked = 0
    const questions: Array<SyncQuestion> = []
    const { before, outcome, payload, writes } = yield* replaceWith((question) =>
      Effect.map(watch, () => {
        questions.push(question)
        return ++asked < 4 ? behind : inSync
      })
    )
    if (outcome._tag !== "Succeeded") return assert.fail(JSON.stringify(outcome))
    assert.strictEqual(asked, 5, "four times until it is in sync, once more before the deletion")
    assert.strictEqual(outcome.value.sync, "proven")
    assert.deepStrictEqual(writes, { AddReplica: 1, DeleteNode: 1 })
    const primary = before[0]?.nodes.find(({ role }) => role === "primary")
    assert.deepStrictEqual(questions[0]?.primary, { nodeId: primary?.id ?? "", endpoint: primary?.endpoint ?? "" })
    assert.strictEqual(questions[0]?.replica.nodeId, outcome.value.added)
    assert.strictEqual(questions[0]?.shardId, payload.shardId)
    assert.deepStrictEqual([questions[0]?.replica.endpoint], [...outcome.value.endpointsAdded])
  })
)

it.effect("a new replica that does not catch up ends the run, and is removed", () =>
  Effect.gen(function* () {
    const { nodes, outcome, payload, report, writes } = yield* replaceWith(() => Effect.succeed(behind))
    if (outcome._tag !== "Failed") return assert.fail(outcome._tag)
    assert.deepInclude(outcome.error, { _tag: "ReplicaNotInSync", detail: "3 MB behind" })
    assert.deepStrictEqual(report, { undone: ["add"], notUndone: [] })
    assert.deepStrictEqual(writes, { AddReplica: 1, DeleteNode: 1 })
    assert.include(
      nodes.map(({ id }) => id),
      payload.nodeId
    )
    assert.strictEqual(nodes.length, 3)
  })
)

it.effect("a new replica that becomes primary counts as proven, and the named one is deleted", () =>
  Effect.gen(function* () {
    const { nodes, outcome, payload } = yield* replaceWith((question) => Effect.as(promote(question), behind))
    if (outcome._tag !== "Succeeded") return assert.fail(JSON.stringify(outcome))
    assert.strictEqual(outcome.value.sync, "proven")
    assert.strictEqual(nodes.find(({ id }) => id === outcome.value.added)?.role, "primary")
    assert.isUndefined(nodes.find(({ id }) => id === payload.nodeId))
    assert.strictEqual(nodes.length, 3)
  })
)

it.effect("a new replica that became primary stays when the run is cancelled, and the report says why", () =>
  inCloud(
    Effect.gen(function* () {
      const context = yield* Effect.context<CloudServices>()
      const clusterId = yield* source(2)
      const payload = yield* replacePayload(clusterId)
      const watched = yield* watch
      yield* Effect.gen(function* () {
        const runs = yield* Runs.Runs
        yield* Runs.start(ReplaceReplica.flow, { payload, id: "run" })
        yield* Effect.sleep("1 minute")
        assert.strictEqual(yield* runs.cancel("run"), "Requested")
        const outcome = yield* Runs.outcome(ReplaceReplica.flow, "run")
        assert.strictEqual(outcome._tag, "Cancelled")
        assert.deepStrictEqual(
          reportOf(outcome).notUndone.map(({ reason, step }) => [step, reason.name]),
          [["add", "LeftInPlace"]]
        )
        assert.match(reportOf(outcome).notUndone[0]?.reason.message ?? "", /became primary/)
      }).pipe(
        Effect.provide(flows()),
        Effect.provideService(ReplicaSync, {
          look: (question) => Effect.zipRight(Effect.orDie(Effect.provide(promote(question), context)), Effect.never)
        })
      )
      const [shard] = yield* shardsOf(clusterId)
      assert.strictEqual(shard?.nodes.length, 4)
      assert.deepStrictEqual(yield* watched.writes, { AddReplica: 1 })
    })
  )
)
