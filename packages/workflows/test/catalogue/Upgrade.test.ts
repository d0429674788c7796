import { assert, describe, it } from "@effect/vitest"
import { CreateBackup } from "@memstore-flows/api/CreateBackup"
import { Emulator } from "@memstore-flows/emulator/Emulator"
import * as Faults from "@memstore-flows/emulator/Faults"
import * as Runs from "@memstore-flows/engine/Runs"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Approval from "../../src/Approval.js"
import { DataProbe } from "../../src/DataProbe.js"
import { HandoverFailed } from "../../src/FlowError.js"
import * as Handover from "../../src/Handover.js"
import * as UpgradeCluster from "../../src/UpgradeCluster.js"
import { inCloud, sharedJournal } from "../support/Cloud.js"
import { specOf } from "../support/Fixture.js"
import { clusterNames } from "../support/Scenario.js"
import { reportOf } from "../support/Undone.js"
import { approve, contract, open, reached, tagsOf } from "./FlowContract.js"
import * as Grounds from "./Grounds.js"

const newer = { ...specOf(2), name: "green", version: "7.2.11" }

const payloadOf = (clusterId: string): UpgradeCluster.Payload => ({
  clusterId,
  cluster: newer,
  backupName: "before upgrade",
  approval: "not-needed",
  grace: Duration.hours(1),
  keepAutomaticBackups: false
})

contract({
  title: "UpgradeCluster",
  flow: UpgradeCluster.flow,
  layer: UpgradeCluster.layer.pipe(Layer.provide(Layer.succeed(Handover.Handover, Handover.nothing))),
  ground: Grounds.cluster(2),
  payload: ({ clusterId }) => Effect.succeed({ ...payloadOf(clusterId), approval: { within: Duration.hours(8) } }),
  writes: { CreateBackup: 1, RestoreCluster: 1, DeleteCluster: 1 },
  cloud: Grounds.withSmallFlavor,
  meanwhile: approve,
  tells: ({ endpointsAdded, endpointsRemoved, replaced, shards }, { clusterId }) => {
    assert.deepStrictEqual(replaced, { clusterId, now: "deleted", why: null })
    assert.strictEqual(endpointsAdded.length, 6)
    assert.strictEqual(endpointsRemoved.length, 6)
    assert.strictEqual(shards.length, 2)
  },
  refusals: {
    "neither another version nor another flavor": {
      payload: (payload) => ({ ...payload, cluster: { ...newer, version: specOf(2).version } }),
      found: ["NothingToUpgrade"]
    },
    "a version and a flavor that can neither be read nor were given": {
      given: () =>
        Effect.flatMap(Emulator, ({ faults }) =>
          faults.add({ match: { operation: "ListClusters", times: "always" }, do: Faults.status(404) })
        ),
      found: ["CurrentUnknown"]
    },
    "an older engine, other shards, a name and a backup name in use, all at once": {
      ground: Grounds.withBackup(2),
      payload: (payload) => ({
        ...payload,
        backupName: "nightly",
        cluster: { ...specOf(3), version: "7.0.15" }
      }),
      found: ["BackupNameTaken", "NameTaken", "RestoreShardCount", "RestoreVersion"]
    },
    "a user whose password cannot be had, while a backup is being made": {
      given: ({ clusterId }) => Effect.flatMap(CreateBackup, (send) => send({ clusterId, name: "not yet" })),
      payload: (payload) => ({ ...payload, cluster: { ...newer, user: { name: "app" } } }),
      found: ["BackupRunning", "NoPassword"]
    },
    "a flavor too small for the newest backup": {
      ground: Grounds.heavy,
      payload: (payload) => ({ ...payload, cluster: { ...newer, flavorId: "small" } }),
      found: ["RestoreMemory"]
    },
    "a cluster that has failed": { given: Grounds.failed, found: ["ClusterFailed"] },
    "no room for both clusters": { given: Grounds.crowd(["second", "third"], 9), found: ["QuotaNodesPerProject"] }
  }
})

/** A hook that notes what it is asked, and fails where told. */
const noting = (notes: Array<string>, failing: ReadonlyArray<string> = []): Handover.Hook => {
  const note = (what: string, { from, to }: Handover.Move) =>
    Effect.suspend(() => {
      notes.push(what)
      const error = new HandoverFailed({ from: from.clusterId, to: to.clusterId, detail: what })
      return failing.includes(what) ? error : Effect.void
    })
  return {
    ready: () => Effect.sync(() => void notes.push("ready")),
    forward: (move) => note("forward", move),
    back: (move) => note("back", move)
  }
}

/** A run with a hook, cancelled when it has come to the grace time. */
const cancelledInGrace = (hook: Handover.Hook) =>
  inCloud(
    Effect.gen(function* () {
      const { clusterId } = yield* Grounds.cluster(2)
      const layer = UpgradeCluster.layer.pipe(Layer.provide(Layer.succeed(Handover.Handover, hook)))
      const { use } = yield* open(layer, yield* sharedJournal)
      yield* use(Runs.start(UpgradeCluster.flow, { payload: payloadOf(clusterId), id: "run" }))
      yield* use(reached({ tag: "Sleeping", step: "grace" }))
      yield* use(Runs.cancel("run"))
      const outcome = yield* use(Runs.outcome(UpgradeCluster.flow, "run"))
      return { outcome, clusters: yield* clusterNames }
    })
  )

describe("an upgrade", () => {
  const layer = UpgradeCluster.layer.pipe(Layer.provide(Layer.succeed(Handover.Handover, Handover.nothing)))

  it.effect("whose data is not proven good leaves the old cluster as it was", () =>
    inCloud(
      Effect.gen(function* () {
        const { clusterId } = yield* Grounds.cluster(2)
        const bad = { verify: () => Effect.succeed({ _tag: "Bad" as const, detail: "keys are missing" }) }
        const probed = layer.pipe(Layer.provide(Layer.succeed(DataProbe, bad)))
        const { use } = yield* open(probed, yield* sharedJournal)
        yield* use(Runs.start(UpgradeCluster.flow, { payload: payloadOf(clusterId), id: "run" }))
        const outcome = yield* use(Runs.outcome(UpgradeCluster.flow, "run"))
        assert.deepStrictEqual(outcome._tag === "Failed" && tagsOf(outcome.error), ["DataWrong"])
        assert.deepStrictEqual(yield* clusterNames, ["source"])
      })
    )
  )

  it.effect("that a person says no to leaves the old cluster as it was, and its backup", () =>
    inCloud(
      Effect.gen(function* () {
        const { clusterId } = yield* Grounds.cluster(2)
        const notes: Array<string> = []
        const noted = UpgradeCluster.layer.pipe(Layer.provide(Layer.succeed(Handover.Handover, noting(notes))))
        const { use } = yield* open(noted, yield* sharedJournal)
        const payload = { ...payloadOf(clusterId), approval: { within: Duration.hours(8) } }
        yield* use(Runs.start(UpgradeCluster.flow, { payload, id: "run" }))
        yield* use(reached({ tag: "WaitingForSignal", step: "approval/answer" }))
        const answer = { approved: false, by: "ben" }
        yield* use(Runs.signal("run", Approval.signal, answer, { scope: "approval" }))
        const outcome = yield* use(Runs.outcome(UpgradeCluster.flow, "run"))
        assert.deepStrictEqual(outcome._tag === "Failed" && tagsOf(outcome.error), ["NotApproved"])
        assert.deepStrictEqual(notes, ["ready"])
        assert.deepStrictEqual(yield* clusterNames, ["source"])
        const { notUndone, undone } = reportOf(outcome)
        assert.deepStrictEqual(undone, ["restore/create"])
        assert.deepStrictEqual(
          notUndone.map(({ step }) => step),
          ["backup/create"]
        )
      })
    )
  )

  it.effect("ends well though the old cluster cannot be deleted, and says why it is kept", () =>
    inCloud(
      Effect.gen(function* () {
        const { clusterId } = yield* Grounds.cluster(2)
        const { use } = yield* open(layer, yield* sharedJournal)
        yield* use(Runs.start(UpgradeCluster.flow, { payload: payloadOf(clusterId), id: "run" }))
        yield* use(reached({ tag: "Sleeping", step: "grace" }))
        const { faults } = yield* Emulator
        yield* faults.add({ match: { operation: "DeleteCluster" }, do: Faults.status(403) })
        const { replaced } = yield* use(Runs.result(UpgradeCluster.flow, "run"))
        assert.deepInclude(replaced, { clusterId, now: "kept" })
        assert.include(replaced.why, "Forbidden")
        assert.deepStrictEqual(yield* clusterNames, ["source", "green"])
      })
    )
  )
})

describe("the handover of UpgradeCluster", () => {
  it.effect("goes back before the new cluster is deleted, when cancelled in the grace time", () =>
    Effect.gen(function* () {
      const notes: Array<string> = []
      const { clusters, outcome } = yield* cancelledInGrace(noting(notes))
      assert.strictEqual(outcome._tag, "Cancelled")
      assert.deepStrictEqual(notes, ["ready", "forward", "back"])
      assert.deepStrictEqual(clusters, ["source"])
    })
  )

  it.effect("that cannot go back keeps the new cluster, and says so", () =>
    Effect.gen(function* () {
      const { clusters, outcome } = yield* cancelledInGrace(noting([], ["back"]))
      assert.deepStrictEqual(clusters, ["source", "green"])
      const reasons = reportOf(outcome).notUndone.map(({ reason, step }) => `${step}: ${reason.name}`)
      assert.deepStrictEqual(reasons, [
        "hand over: HandoverFailed",
        "restore/create: LeftInPlace",
        "backup/create: LeftInPlace"
      ])
    })
  )

  it.effect("that fails half-way is undone too", () =>
    inCloud(
      Effect.gen(function* () {
        const { clusterId } = yield* Grounds.cluster(2)
        const notes: Array<string> = []
        const layer = UpgradeCluster.layer.pipe(
          Layer.provide(Layer.succeed(Handover.Handover, noting(notes, ["forward"])))
        )
        const { use } = yield* open(layer, yield* sharedJournal)
        yield* use(Runs.start(UpgradeCluster.flow, { payload: payloadOf(clusterId), id: "run" }))
        const outcome = yield* use(Runs.outcome(UpgradeCluster.flow, "run"))
        assert.deepStrictEqual(outcome._tag === "Failed" && tagsOf(outcome.error), ["HandoverFailed"])
        assert.deepStrictEqual(notes, ["ready", "forward", "back"])
        assert.deepStrictEqual(yield* clusterNames, ["source"])
      })
    )
  )

  it.effect("is refused before any write where there is no hook", () =>
    inCloud(
      Effect.gen(function* () {
        const { clusterId } = yield* Grounds.cluster(2)
        const { use } = yield* open(UpgradeCluster.layer, yield* sharedJournal)
        yield* use(Runs.start(UpgradeCluster.flow, { payload: payloadOf(clusterId), id: "run" }))
        const outcome = yield* use(Runs.outcome(UpgradeCluster.flow, "run"))
        assert.deepStrictEqual(outcome._tag === "Failed" && tagsOf(outcome.error), ["HandoverFailed"])
        assert.deepStrictEqual(reportOf(outcome), { undone: [], notUndone: [] })
      })
    )
  )
})
