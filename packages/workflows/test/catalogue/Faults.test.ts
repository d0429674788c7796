import { assert, describe, it } from "@effect/vitest"
import { CreateBackup } from "@memstore-flows/api/CreateBackup"
import type * as Engine from "@memstore-flows/engine/Engine"
import type * as Flow from "@memstore-flows/engine/Flow"
import * as Runs from "@memstore-flows/engine/Runs"
import * as Latencies from "@memstore-flows/model/Latencies"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Schema from "effect/Schema"
import * as AwaitHealthy from "../../src/AwaitHealthy.js"
import * as BackupNow from "../../src/BackupNow.js"
import * as DecommissionCluster from "../../src/DecommissionCluster.js"
import * as EvacuateSubnet from "../../src/EvacuateSubnet.js"
import * as Handover from "../../src/Handover.js"
import * as ReconfigureCluster from "../../src/ReconfigureCluster.js"
import * as ReplaceReplica from "../../src/ReplaceReplica.js"
import * as ReplaceShard from "../../src/ReplaceShard.js"
import * as ScaleIn from "../../src/ScaleIn.js"
import * as ScaleOut from "../../src/ScaleOut.js"
import * as ScaleTo from "../../src/ScaleTo.js"
import * as SetReplicaCount from "../../src/SetReplicaCount.js"
import * as UpgradeCluster from "../../src/UpgradeCluster.js"
import { type CloudServices, inCloud, sharedJournal } from "../support/Cloud.js"
import { replacePayload, specOf } from "../support/Fixture.js"
import { watch } from "../support/Scenario.js"
import { open, tagsOf } from "./FlowContract.js"
import * as Grounds from "./Grounds.js"

/** How a run of a flow on a cluster fails, or why it is not started; it must have written nothing. */
type Failing = (
  clusterId: string,
  changed?: Readonly<Record<string, unknown>>
) => Effect.Effect<ReadonlyArray<string>, unknown, CloudServices>

const failing =
  <N extends string, P extends Schema.Schema.AnyNoContext, S extends Pure, E extends Pure>(
    { flow, layer }: { readonly flow: Flow.Flow<N, P, S, E>; readonly layer: Known<N> },
    payload: Omit<P["Type"], "clusterId">
  ): Failing =>
  (clusterId, changed) =>
    Effect.scoped(
      Effect.gen(function* () {
        const watched = yield* watch
        const { use } = yield* open(layer, yield* sharedJournal)
        const run = Runs.execute(flow, { payload: { clusterId, ...payload, ...changed }, id: "run" })
        const error = yield* use(Effect.flip(run))
        assert.deepStrictEqual(yield* watched.writes, {})
        return tagsOf(error)
      })
    )

type Pure = Schema.Schema.AnyNoContext | typeof Schema.Never
type Known<N extends string> = Layer.Layer<Flow.Implemented<N>, unknown, CloudServices | Engine.Engine | Runs.Runs>

const handed = UpgradeCluster.layer.pipe(Layer.provide(Layer.succeed(Handover.Handover, Handover.nothing)))
const newShard = { primary: { id: "subnet-x" }, replicas: [{ id: "subnet-y" }] }
const upgrade = {
  cluster: { ...specOf(2), name: "green", version: "7.2.11" },
  backupName: "b",
  approval: "not-needed" as const,
  grace: Duration.zero,
  keepAutomaticBackups: true
}

const flows: Readonly<Record<string, Failing>> = {
  AwaitHealthy: failing(AwaitHealthy, { within: Duration.minutes(1) }),
  BackupNow: failing(BackupNow, { name: "b" }),
  DecommissionCluster: failing(DecommissionCluster, { keepAutomaticBackups: true, approval: "not-needed" }),
  EvacuateSubnet: failing(EvacuateSubnet, { subnetId: "subnet-x", to: ["subnet-z"] }),
  ReconfigureCluster: failing(ReconfigureCluster, { change: { description: "d" }, previous: { description: "" } }),
  ReplaceReplica: failing(ReplaceReplica, { shardId: "001", nodeId: "n", subnetId: "subnet-z" }),
  ReplaceShard: failing(ReplaceShard, { shardId: "001", newShard }),
  ScaleIn: failing(ScaleIn, { remove: { shardIds: ["001"] } }),
  ScaleOut: failing(ScaleOut, { add: 1 }),
  ScaleTo: failing(ScaleTo, { shards: 3 }),
  SetReplicaCount: failing(SetReplicaCount, { nodesPerShard: 2 }),
  UpgradeCluster: failing({ flow: UpgradeCluster.flow, layer: handed }, upgrade)
}

const outOfRange: ReadonlyArray<readonly [string, Readonly<Record<string, unknown>>]> = [
  ["AwaitHealthy", { shards: 13 }],
  ["AwaitHealthy", { nodesPerShard: 1 }],
  ["ScaleIn", { remove: { count: 0, policy: "newest" } }],
  ["ScaleOut", { add: 13 }],
  ["ScaleTo", { shards: 0 }],
  ["SetReplicaCount", { nodesPerShard: 6 }],
  ["UpgradeCluster", { cluster: { ...upgrade.cluster, nodeCountPerShard: 9 } }],
  ["ReplaceReplica", { nodeId: "../other" }]
]

describe("every flow about a cluster", () => {
  it.effect("says that there is none of this id", () =>
    inCloud(
      Effect.gen(function* () {
        for (const [name, run] of Object.entries(flows)) assert.deepStrictEqual(yield* run("none"), ["NotFound"], name)
      })
    )
  )

  it.effect("says that it has failed, which is final, and only deleting it waits for a backup instead", () =>
    inCloud(
      Effect.gen(function* () {
        const ground = yield* Grounds.cluster(2)
        yield* Grounds.failed(ground)
        for (const [name, run] of Object.entries(flows)) {
          const expected = name === "DecommissionCluster" ? "NoFreshBackup" : "ClusterFailed"
          assert.deepStrictEqual(yield* run(ground.clusterId), [expected], name)
        }
      })
    )
  )

  it.effect("is refused before any write while a backup is being made", () =>
    inCloud(
      Effect.gen(function* () {
        const { clusterId } = yield* Grounds.cluster(2)
        const { nodeId } = yield* replacePayload(clusterId)
        yield* Effect.flatMap(CreateBackup, (send) => send({ clusterId, name: "under way" }))
        for (const [name, run] of Object.entries(flows)) {
          if (name === "AwaitHealthy") continue
          const own = name === "ReplaceReplica" ? { nodeId } : {}
          assert.include(yield* run(clusterId, own), "BackupRunning", name)
        }
      }),
      { latencies: { ...Latencies.fast, backup: Duration.toMillis("1 hour") } }
    )
  )

  it.effect("is not started with a number or an id out of range", () =>
    inCloud(
      Effect.gen(function* () {
        for (const [name, changed] of outOfRange) {
          const found = yield* flows[name]?.("none", changed) ?? Effect.succeed([])
          assert.deepStrictEqual(found, ["PayloadInvalid"], `${name} ${JSON.stringify(changed)}`)
        }
      })
    )
  )
})
