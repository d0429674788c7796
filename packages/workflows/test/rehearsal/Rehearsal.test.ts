import { assert, describe, it } from "@effect/vitest"
import * as Flow from "@memstore-flows/engine/Flow"
import * as Signal from "@memstore-flows/engine/Signal"
import * as Step from "@memstore-flows/engine/Step"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as BackupNow from "../../src/BackupNow.js"
import * as ReconfigureCluster from "../../src/ReconfigureCluster.js"
import * as ReplaceReplica from "../../src/ReplaceReplica.js"
import * as Plan from "../../src/rehearsal/Plan.js"
import * as Rehearsal from "../../src/rehearsal/Rehearsal.js"
import * as Tree from "../../src/rehearsal/Tree.js"
import { inCloud } from "../support/Cloud.js"
import { replacePayload, source } from "../support/Fixture.js"
import { watch } from "../support/Scenario.js"

describe("Rehearsal", () => {
  it.effect("plans the replacement of a replica, and sends nothing but reads", () =>
    inCloud(
      Effect.gen(function* () {
        const clusterId = yield* source(2)
        const payload = yield* replacePayload(clusterId)
        const watched = yield* watch
        const plan = yield* Rehearsal.rehearse(ReplaceReplica, payload)
        assert.deepStrictEqual(yield* watched.writes, {})
        const sent = yield* watched.journal
        assert.isTrue(sent.every(({ method, operation }) => method === "GET" || operation === "CreateToken"))
        const added = { operation: "AddReplica", body: { subnet: { id: "subnet-z" } }, step: "add", undoes: false }
        assert.deepInclude(plan.calls[0], added)
        const undone = plan.calls[0]?.undo?.calls.map(({ method, path }) => `${method} ${path}`)
        assert.deepStrictEqual(undone, [`DELETE /v1/clusters/${clusterId}/shards/001/nodes/new-node-1`])
        assert.strictEqual(plan.calls[1]?.path, `/v1/clusters/${clusterId}/shards/001/nodes/${payload.nodeId}`)
        assert.include(plan.calls[1]?.undo?.kept ?? "", "cannot be undone")
        assert.strictEqual(plan.calls.length, 2)
        assert.deepStrictEqual(plan.nodes, { before: 6, peak: 7, after: 6, limit: 60 })
        assert.deepStrictEqual(
          plan.endpoints.added.map(({ nodeId, subnetId }) => [nodeId, subnetId]),
          [["new-node-1", "subnet-z"]]
        )
        assert.deepStrictEqual(
          plan.endpoints.removed.map(({ nodeId }) => nodeId),
          [payload.nodeId]
        )
        assert.approximately(plan.takes, 15 * 60_000, 2 * 60_000)
        assert.deepStrictEqual(yield* Schema.decode(Plan.Json)(yield* Schema.encode(Plan.Json)(plan)), plan)
      })
    )
  )

  it.effect("gives a refusal as a plan, with the reasons", () =>
    inCloud(
      Effect.gen(function* () {
        const clusterId = yield* source(1)
        const payload = yield* replacePayload(clusterId)
        const twin = { ...payload, subnetId: "subnet-y", shardId: "007" }
        const { calls, ending, takes } = yield* Rehearsal.rehearse(ReplaceReplica, twin)
        assert.deepStrictEqual({ calls, takes }, { calls: [], takes: 0 })
        assert.strictEqual(ending._tag, "Refused")
        if (ending._tag === "Refused") assert.include(ending.reasons.join(), "shard 007 does not exist")
        const unknown = yield* Rehearsal.rehearse(BackupNow, { clusterId: "none", name: "x" })
        assert.deepInclude(unknown.ending, { _tag: "Refused", error: "NotFound" })
      })
    )
  )

  it.effect("shows the undo of a write after which the flow fails by itself", () =>
    inCloud(
      Effect.gen(function* () {
        const clusterId = yield* source(1)
        const failing = Flow.make({
          name: "Failing",
          payload: ReconfigureCluster.Payload,
          success: ReconfigureCluster.Result,
          error: Schema.Union(...ReconfigureCluster.flow.error.members, Schema.Literal("no")),
          resource: ({ clusterId }) => `cluster/${clusterId}`
        })
        const body = (payload: ReconfigureCluster.Payload) =>
          Effect.zipLeft(ReconfigureCluster.body(payload), Effect.fail("no" as const))
        const payload = { clusterId, change: { description: "new" }, previous: { description: "old" } }
        const plan = yield* Rehearsal.rehearse({ flow: failing, body }, payload)
        const { calls, ending } = plan
        assert.strictEqual(ending._tag, "Fails")
        assert.include(Tree.render(plan), `undo: PATCH /v1/clusters/${clusterId} {"description":"old"}`)
        const [change, back] = calls
        assert.deepInclude(back, { undoes: true, body: { description: "old" } })
        assert.deepStrictEqual(
          change?.undo?.calls.map(({ body }) => body),
          [{ description: "old" }]
        )
      })
    )
  )

  it.effect("fails with what it waits for when the flow cannot go on, or goes on without end", () =>
    inCloud(
      Effect.gen(function* () {
        const flow = Flow.make({ name: "Endless", payload: Schema.Struct({}) })
        const waiting = yield* Effect.flip(
          Rehearsal.rehearse({ flow, body: () => Signal.wait(Signal.make("never")) }, {})
        )
        assert.deepInclude(waiting, { reason: "nothing-to-wait-for", waiting: "never" })
        const loop = Effect.forever(Effect.sleep("1 second"))
        const bounds = { moves: 100, tasks: 10_000 }
        const body = () => Step.make("loop", { run: loop })
        const endless = yield* Effect.flip(Rehearsal.rehearse({ flow, body }, {}, { bounds }))
        assert.deepInclude(endless, { reason: "too-long" })
      })
    )
  )
})
