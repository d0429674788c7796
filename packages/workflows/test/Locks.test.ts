import { assert, it } from "@effect/vitest"
import * as Flow from "@memstore-flows/engine/Flow"
import * as RunError from "@memstore-flows/engine/RunError"
import * as Runs from "@memstore-flows/engine/Runs"
import * as Step from "@memstore-flows/engine/Step"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as BackupNow from "../src/BackupNow.js"
import * as ReplaceReplica from "../src/ReplaceReplica.js"
import * as RestoreThenScale from "../src/RestoreThenScale.js"
import * as ScaleOut from "../src/ScaleOut.js"
import { open } from "./catalogue/FlowContract.js"
import { flows, inCloud, sharedJournal } from "./support/Cloud.js"
import { backedUp, replacePayload, restorePayload, source } from "./support/Fixture.js"
import { watch } from "./support/Scenario.js"

it.effect("a second replacement on the same cluster is refused, and told who holds it", () =>
  inCloud(
    Effect.gen(function* () {
      const clusterId = yield* source(2)
      const payload = yield* replacePayload(clusterId)
      const watched = yield* watch
      yield* Runs.start(ReplaceReplica.flow, { payload, id: "first" })
      const other = { ...payload, shardId: "002" }
      const busy = yield* Effect.flip(Runs.start(ReplaceReplica.flow, { payload: other, id: "second" }))
      if (busy._tag !== "Busy") return assert.fail(busy._tag)
      assert.strictEqual(busy.resource, `cluster/${clusterId}`)
      assert.deepInclude(busy.holder, { run: "first", flow: "ReplaceReplica" })
      assert.strictEqual((yield* Runs.outcome(ReplaceReplica.flow, "first"))._tag, "Succeeded")
      assert.deepStrictEqual(yield* watched.writes, { AddReplica: 1, DeleteNode: 1 })
    }).pipe(Effect.provide(flows()))
  )
)

it.effect("a second restore under the same name is refused, another name gets as far as the backup in use", () =>
  inCloud(
    Effect.gen(function* () {
      yield* backedUp(2)
      const payload = restorePayload(2)
      const named = { ...payload, cluster: { ...payload.cluster, name: "other" } }
      const watched = yield* watch
      yield* Runs.start(RestoreThenScale.flow, { payload, id: "first" })
      const busy = yield* Effect.flip(Runs.start(RestoreThenScale.flow, { payload, id: "second" }))
      if (busy._tag !== "Busy") return assert.fail(busy._tag)
      assert.strictEqual(busy.resource, "cluster-name/restored")
      assert.deepInclude(busy.holder, { run: "first", flow: "RestoreThenScale" })
      yield* Runs.start(RestoreThenScale.flow, { payload: named, id: "third" })
      assert.strictEqual((yield* Runs.outcome(RestoreThenScale.flow, "first"))._tag, "Succeeded")
      const third = yield* Runs.outcome(RestoreThenScale.flow, "third")
      assert.match(third._tag === "Failed" ? third.error.message : third._tag, /is Restoring, not Available/)
      assert.deepStrictEqual(yield* watched.writes, { RestoreCluster: 1 })
    }).pipe(Effect.provide(flows()))
  )
)

it.effect("a replacement that waits for the lock begins when the first has ended, and sees what it left", () =>
  inCloud(
    Effect.gen(function* () {
      const clusterId = yield* source(2)
      const payload = yield* replacePayload(clusterId)
      const watched = yield* watch
      yield* Runs.start(ReplaceReplica.flow, { payload, id: "first" })
      yield* Runs.start(ReplaceReplica.flow, { payload, id: "second", waitForLock: true })
      const second = yield* Runs.outcome(ReplaceReplica.flow, "second")
      assert.strictEqual(second._tag === "Failed" ? second.error._tag : second._tag, "Refused")
      assert.deepStrictEqual(yield* watched.writes, { AddReplica: 1, DeleteNode: 1 })
    }).pipe(Effect.provide(flows()))
  )
)

const Parts = Flow.make({
  name: "Parts",
  payload: Schema.Struct({ clusterId: Schema.String }),
  error: Schema.Union(
    ...BackupNow.flow.error.members,
    ...ScaleOut.flow.error.members,
    RunError.RunCancelled,
    RunError.RunDied,
    RunError.Busy,
    RunError.RunIdTaken
  ),
  resource: ({ clusterId }) => `cluster/${clusterId}`
})

it.effect("flows that are parts of another work under the lock it lends them", () =>
  inCloud(
    Effect.gen(function* () {
      const clusterId = yield* source(1)
      const watched = yield* watch
      const body = Effect.zipRight(
        Step.child("backup", BackupNow.flow, { payload: { clusterId, name: "before" } }),
        Effect.asVoid(Step.child("scale", ScaleOut.flow, { payload: { clusterId, add: 1 } }))
      )
      const layer = Parts.toLayer(() => body).pipe(Layer.provideMerge(Layer.merge(BackupNow.layer, ScaleOut.layer)))
      const { use } = yield* open(layer, yield* sharedJournal)
      yield* use(Runs.execute(Parts, { payload: { clusterId }, id: "run" }))
      assert.deepStrictEqual(yield* watched.writes, { CreateBackup: 1, AddShard: 1 })
    })
  )
)
