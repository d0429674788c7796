import { assert, describe, it } from "@effect/vitest"
import { DeleteCluster } from "@memstore-flows/api/DeleteCluster"
import { ListBackups } from "@memstore-flows/api/ListBackups"
import { ListShards } from "@memstore-flows/api/ListShards"
import { Emulator } from "@memstore-flows/emulator/Emulator"
import * as Faults from "@memstore-flows/emulator/Faults"
import type * as Engine from "@memstore-flows/engine/Engine"
import * as Flow from "@memstore-flows/engine/Flow"
import * as Runs from "@memstore-flows/engine/Runs"
import * as Latencies from "@memstore-flows/model/Latencies"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as Approval from "../../src/Approval.js"
import * as BackupNow from "../../src/BackupNow.js"
import { DataProbe } from "../../src/DataProbe.js"
import * as DecommissionCluster from "../../src/DecommissionCluster.js"
import { LoadProbe } from "../../src/LoadProbe.js"
import * as PauseBackups from "../../src/PauseBackups.js"
import * as ProvisionCluster from "../../src/ProvisionCluster.js"
import * as RestoreCluster from "../../src/RestoreCluster.js"
import * as RestoreDrill from "../../src/RestoreDrill.js"
import * as ScaleIn from "../../src/ScaleIn.js"
import { type CloudServices, inCloud, sharedJournal } from "../support/Cloud.js"
import { restorePayload, specOf } from "../support/Fixture.js"
import { clusterNames, watch } from "../support/Scenario.js"
import { reportOf } from "../support/Undone.js"
import { open, reached, tagsOf } from "./FlowContract.js"
import * as Grounds from "./Grounds.js"

type Pure = Schema.Schema.AnyNoContext | typeof Schema.Never

/** How a run fails: the tags of its error, what could not be undone, and what it wrote. */
const failing = <N extends string, P extends Schema.Schema.AnyNoContext, S extends Pure, E extends Pure>(
  flow: Flow.Flow<N, P, S, E>,
  layer: Layer.Layer<Flow.Implemented<N>, unknown, CloudServices | Engine.Engine | Runs.Runs>,
  payload: P["Type"]
) =>
  Effect.gen(function* () {
    const watched = yield* watch
    const { use } = yield* open(layer, yield* sharedJournal)
    yield* use(Runs.start(flow, { payload, id: "run" }))
    const outcome = yield* use(Runs.outcome(flow, "run"))
    return {
      error: outcome._tag === "Failed" ? tagsOf(outcome.error) : [outcome._tag],
      left: reportOf(outcome).notUndone.map(({ step }) => step),
      writes: yield* watched.writes
    }
  })

const named = <A>(cluster: A) => ({ cluster: { ...cluster, name: "new" } })
const copy = named(restorePayload(2).cluster)

const making = {
  ProvisionCluster: failing(ProvisionCluster.flow, ProvisionCluster.layer, named(specOf(2))),
  RestoreCluster: failing(RestoreCluster.flow, RestoreCluster.layer, copy),
  RestoreDrill: failing(RestoreDrill.flow, RestoreDrill.layer, copy)
}

describe("a cluster that fails while it is made", () => {
  for (const [flow, run] of Object.entries(making)) {
    it.effect(`by ${flow} is deleted`, () =>
      inCloud(
        Effect.gen(function* () {
          yield* Grounds.withBackup(2)
          const { faults } = yield* Emulator
          yield* faults.add({ match: { method: "POST", route: "/v1/clusters" }, do: Faults.fail })
          const { error, left } = yield* run
          assert.deepStrictEqual([error, left], [["ClusterFailed"], []])
          assert.deepStrictEqual(yield* clusterNames, ["source"])
        })
      )
    )
  }
})

it.effect("a cluster of which a node dies while it is made is waited for until that has been replaced", () =>
  Effect.gen(function* () {
    let struck = 0
    for (const [flow, run] of Object.entries(making)) {
      for (const nth of [1, 2, 3]) {
        struck += yield* inCloud(
          Effect.gen(function* () {
            yield* Grounds.withBackup(2)
            const { faults } = yield* Emulator
            const death = Faults.disturb({ _tag: "FailNode", role: "replica" })
            yield* faults.add({ match: { operation: "ListShards", nth }, do: death })
            const { error, left } = yield* run
            assert.deepStrictEqual([error, left], [["Succeeded"], []], `${flow} ${nth}`)
            return (yield* faults.list).reduce((sum, { fired }) => sum + fired, 0)
          }),
          { latencies: { ...Latencies.fast, detect: 0, replace: Duration.toMillis("10 minutes") } }
        )
      }
    }
    assert.isAtLeast(struck, 3)
  })
)

it.effect("a drill that does not find its data fails, and its cluster is deleted all the same", () =>
  inCloud(
    Effect.gen(function* () {
      yield* Grounds.withBackup(2)
      const bad = { verify: () => Effect.succeed({ _tag: "Bad" as const, detail: "keys are missing" }) }
      const layer = Layer.provide(RestoreDrill.layer, Layer.succeed(DataProbe, bad))
      const { error, left } = yield* failing(RestoreDrill.flow, layer, copy)
      assert.deepStrictEqual([error, left], [["DataWrong"], []])
      assert.deepStrictEqual(yield* clusterNames, ["source"])
    })
  )
)

it.effect("a backup that ends in error is told as such", () =>
  inCloud(
    Effect.gen(function* () {
      const { clusterId } = yield* Grounds.cluster(1)
      const { faults } = yield* Emulator
      const disturbance = { _tag: "FailBackup" } as const
      yield* faults.add({ match: { operation: "ListBackups", nth: 3 }, do: Faults.disturb(disturbance) })
      const { error, left } = yield* failing(BackupNow.flow, BackupNow.layer, { clusterId, name: "now" })
      assert.deepStrictEqual([error, left], [["BackupFailed"], ["create"]])
    })
  )
)

it.effect("a backup of another number of shards than its cluster's is told as such", () =>
  inCloud(
    Effect.gen(function* () {
      const { clusterId } = yield* Grounds.cluster(2)
      const list = yield* ListBackups
      const short = Layer.succeed(ListBackups, (request) =>
        Effect.map(list(request), ({ backups }) => ({ backups: backups.map((each) => ({ ...each, shardCount: 1 })) }))
      )
      const layer = Layer.provide(BackupNow.layer, short)
      const { error, left } = yield* failing(BackupNow.flow, layer, { clusterId, name: "now" })
      assert.deepStrictEqual([error, left], [["TopologyWrong"], ["create"]])
    })
  )
)

it.effect("a new cluster of which shards and slots are missing is deleted", () =>
  inCloud(
    Effect.gen(function* () {
      const list = yield* ListShards
      const halved = Layer.succeed(ListShards, (request) =>
        Effect.map(list(request), ({ shards }) => ({
          shards: shards.slice(0, 1).map((shard) => ({ ...shard, slots: "0-16383" }))
        }))
      )
      const layer = Layer.provide(ProvisionCluster.layer, halved)
      const { error, left } = yield* failing(ProvisionCluster.flow, layer, named(specOf(2)))
      assert.deepStrictEqual([error, left], [["TopologyWrong"], []])
      assert.deepStrictEqual(yield* clusterNames, [])
    })
  )
)

describe("a cluster that is to be deleted", () => {
  /** How a run ends, which clusters are left, and what was told of automatic backups. */
  const end = (approved: boolean, keepAutomaticBackups: boolean) =>
    inCloud(
      Effect.gen(function* () {
        const { clusterId } = yield* Grounds.withBackup(1)
        const send = yield* DeleteCluster
        const told: Array<boolean | undefined> = []
        const telling = Layer.succeed(DeleteCluster, (request) => {
          told.push(request.keepAutomaticBackups)
          return send(request)
        })
        const layer = Layer.provide(DecommissionCluster.layer, telling)
        const { use } = yield* open(layer, yield* sharedJournal)
        const payload = { clusterId, keepAutomaticBackups, approval: { within: Duration.hours(8) } }
        yield* use(Runs.start(DecommissionCluster.flow, { payload, id: "run" }))
        yield* use(reached({ tag: "WaitingForSignal", step: "approval/answer" }))
        yield* use(Runs.signal("run", Approval.signal, { approved, by: "ben" }, { scope: "approval" }))
        const outcome = yield* use(Runs.outcome(DecommissionCluster.flow, "run"))
        return [outcome._tag === "Failed" ? tagsOf(outcome.error) : outcome._tag, yield* clusterNames, told]
      })
    )

  it.effect("stays when a person says no", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* end(false, true), [["NotApproved"], ["source"], []])
    })
  )

  it.effect("takes its automatic backups with it, or leaves them, as it was told", () =>
    Effect.gen(function* () {
      for (const keep of [true, false]) assert.deepStrictEqual(yield* end(true, keep), ["Succeeded", [], [keep]])
    })
  )
})

describe("memory of the shards that stay", () => {
  const free = (megabytes: number) =>
    Layer.succeed(LoadProbe, {
      look: ({ shards }) =>
        Effect.succeedSome(
          shards.flatMap(({ nodes }) =>
            nodes.map(({ id }) => ({ nodeId: id, usedMemory: 400, maxMemory: 400 + megabytes }))
          )
        )
    })

  /** One of three shards leaves, with 400 in use; the two that stay have so much free each. */
  const removing = (each: number) =>
    inCloud(
      Effect.gen(function* () {
        const { clusterId } = yield* Grounds.withBackup(3)
        const layer = Layer.provide(ScaleIn.layer, free(each))
        return yield* failing(ScaleIn.flow, layer, { clusterId, remove: { count: 1, policy: "newest" } })
      })
    )

  it.effect("must hold one and a half times what leaves, where a probe can tell", () =>
    Effect.gen(function* () {
      assert.deepInclude(yield* removing(299), { error: ["HeadroomTooSmall"], writes: {} })
      assert.deepInclude(yield* removing(300), { error: ["Succeeded"], writes: { DeleteShard: 1 } })
    })
  )
})

const schedule = { cron: "0 1 * * *", retentionLimit: 7 }

const Paused = Flow.make({
  name: "Paused",
  payload: Schema.Struct({ clusterId: Schema.String }),
  error: Schema.Union(...PauseBackups.PauseError.members, Schema.Literal("no")),
  resource: ({ clusterId }) => `cluster/${clusterId}`
})

const ends = { fails: Effect.fail("no" as const), dies: Effect.dieMessage("of a defect") }

for (const [how, end] of Object.entries(ends)) {
  it.effect(`backups that were paused go on when the body ${how}`, () =>
    inCloud(
      Effect.gen(function* () {
        const { clusterId } = yield* Grounds.cluster(1)
        const { cron, retentionLimit } = schedule
        yield* Grounds.scheduled(cron)({ clusterId })
        const shown = Effect.map(
          Effect.flatMap(Emulator, ({ state }) => state),
          ({ clusters }) => clusters[0]?.backupSchedule ?? null
        )
        const during: Array<unknown> = []
        const look = Effect.map(shown, (seen) => void during.push(seen))
        const layer = Paused.toLayer(() => PauseBackups.around({ clusterId })(Effect.zipRight(look, end)))
        const { error, left } = yield* failing(Paused, layer, { clusterId })
        assert.deepStrictEqual([error, left], [[how === "fails" ? "no" : "Died"], []])
        assert.notDeepEqual(during, [{ cron, retentionLimit }])
        assert.deepStrictEqual(yield* shown, { cron, retentionLimit })
      })
    )
  )
}
