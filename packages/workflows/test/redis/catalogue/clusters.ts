import { assert } from "@effect/vitest"
import { Emulator } from "@memstore-flows/emulator/Emulator"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import * as AuditTopology from "../../../src/AuditTopology.js"
import * as AwaitHealthy from "../../../src/AwaitHealthy.js"
import * as BackupNow from "../../../src/BackupNow.js"
import { DataProbe } from "../../../src/DataProbe.js"
import * as DecommissionCluster from "../../../src/DecommissionCluster.js"
import * as Handover from "../../../src/Handover.js"
import * as ProvisionCluster from "../../../src/ProvisionCluster.js"
import * as RestoreCluster from "../../../src/RestoreCluster.js"
import * as RestoreDrill from "../../../src/RestoreDrill.js"
import * as RestoreThenScale from "../../../src/RestoreThenScale.js"
import type { Entry } from "../../../src/redis/Ledger.js"
import type { Writer } from "../../../src/redis/Writer.js"
import * as UpgradeCluster from "../../../src/UpgradeCluster.js"
import { clusterNames } from "../../support/Scenario.js"
import { type Act, perform } from "./Act.js"
import { answerLost, primaryDies, replicaDies } from "./faults.js"
import { made, type Stage, specOf, verify, writerOn } from "./Stage.js"

const copyOf = (name: string) => ({ ...specOf(name), restoreSource: { backupName: "nightly" } })

const holdsAll = (shards: Stage["shards"], { before, writer }: Stage) =>
  Effect.gen(function* () {
    const found = yield* verify(shards, before, yield* writer.entries)
    assert.deepInclude(found, { kept: before.length, lost: 0, stale: 0, torn: 0 }, `${found.examples}`)
  })

/** A probe that looks for what was acknowledged before, whatever was sent since. */
const proof = (before: ReadonlyArray<Entry>, { entries }: Writer) =>
  Layer.succeed(DataProbe, {
    verify: ({ shards }) =>
      Effect.flatMap(entries, (now) => verify(shards, before, now)).pipe(
        Effect.match({
          onFailure: ({ message }) => ({ _tag: "Bad" as const, detail: message }),
          onSuccess: ({ keys, kept }) => {
            const detail = `${kept} of ${keys} keys`
            return { _tag: kept === keys ? ("Good" as const) : ("Bad" as const), detail }
          }
        })
      )
  })

const whenCopied = { operation: "RestoreCluster" } as const

/** A replica dies, and the cloud has taken it out and not put another in its place yet. */
const dies = (clusterId: string) =>
  Effect.gen(function* () {
    const { disturb, state } = yield* Emulator
    yield* disturb({ _tag: "FailNode", clusterId, shardId: "001" })
    yield* Effect.repeat(state, {
      until: ({ clusters }) => clusters.some(({ heals }) => heals.some(({ phase }) => phase !== "Detecting")),
      schedule: Schedule.spaced("1 millis")
    })
  })

/** The flows that make, copy or delete a whole cluster, and those that only read. */
export const clusters = {
  provision: {
    title: "ProvisionCluster",
    fault: answerLost("CreateCluster"),
    play: () =>
      Effect.gen(function* () {
        const written = { from: "in service", to: "new" }
        const { shards } = yield* perform(ProvisionCluster, { cluster: specOf("new") }, written)
        assert.strictEqual(shards.length, 2)
      })
  },
  restore: {
    title: "RestoreCluster",
    fault: primaryDies("while its backup is restored", whenCopied, { shardId: "001" }),
    play: (stage) =>
      Effect.gen(function* () {
        const written = { from: "restore/in service", to: "copy" }
        const { shards } = yield* perform(RestoreCluster, { cluster: copyOf("copy") }, written)
        yield* holdsAll(shards, stage)
      })
  },
  restoreThenScale: {
    title: "RestoreThenScale",
    fault: {
      what: "the primary of shard 001 of the new cluster is killed while its keys move",
      of: () => [
        {
          match: { operation: "AddShard", step: "keys", nth: 3 },
          do: { _tag: "Disturb", disturbance: { _tag: "FailNode", shardId: "001", role: "primary" } }
        }
      ]
    },
    play: (stage) =>
      Effect.gen(function* () {
        const written = { from: "restore/in service", to: "copy" }
        const { shards } = yield* perform(RestoreThenScale, { cluster: copyOf("copy"), shards: 3 }, written)
        assert.strictEqual(shards.length, 3)
        yield* holdsAll(shards, stage)
      })
  },
  drill: {
    title: "RestoreDrill",
    fault: primaryDies("while its backup is restored", whenCopied, { shardId: "002" }),
    play: ({ before, writer }) =>
      Effect.gen(function* () {
        const layer = Layer.provide(RestoreDrill.layer, proof(before, writer))
        const report = yield* perform({ flow: RestoreDrill.flow, layer }, { cluster: copyOf("drill") })
        assert.deepInclude(report, { data: "proven", shards: 2, nodes: 4 })
        assert.deepStrictEqual(yield* clusterNames, ["source"])
      })
  },
  backup: {
    title: "BackupNow",
    fault: answerLost("CreateBackup"),
    play: ({ clusterId }) =>
      Effect.gen(function* () {
        const backup = yield* perform(BackupNow, { clusterId, name: "now" })
        assert.deepInclude(backup, { name: "now", status: "Available", shardCount: 2 })
      })
  },
  decommission: {
    title: "DecommissionCluster",
    fault: answerLost("DeleteCluster"),
    play: () =>
      Effect.gen(function* () {
        const clusterId = yield* made(specOf("spare"))
        yield* perform(BackupNow, { clusterId, name: "last" })
        const approval = { within: Duration.minutes(1) }
        const payload = { clusterId, keepAutomaticBackups: false, approval }
        const { endpointsRemoved } = yield* perform(DecommissionCluster, payload)
        assert.strictEqual(endpointsRemoved.length, 4)
        assert.deepStrictEqual(yield* clusterNames, ["source"])
      })
  },
  upgrade: {
    title: "UpgradeCluster",
    fault: { what: "the primary of shard 001 of the new cluster is killed after the handover", of: () => [] },
    play: (_, hit) =>
      Effect.gen(function* () {
        const { disturb } = yield* Emulator
        const clusterId = yield* made(specOf("blue"))
        const writer = yield* writerOn(clusterId, "blue")
        const kill = (green: string) =>
          hit ? Effect.orDie(disturb({ _tag: "FailNode", clusterId: green, role: "primary" })) : Effect.void
        const layer = UpgradeCluster.layer.pipe(
          Layer.provide(Layer.succeed(Handover.Handover, Handover.nothing)),
          Layer.provide(proof(yield* writer.entries, writer))
        )
        const { data, replaced, shards } = yield* perform(
          { flow: UpgradeCluster.flow, layer },
          {
            clusterId,
            cluster: { ...specOf("green"), version: "7.2.11" },
            backupName: "before 7.2.11",
            approval: { within: Duration.minutes(1) },
            grace: Duration.seconds(1),
            keepAutomaticBackups: false
          },
          { from: "hand over", to: "green", meanwhile: kill }
        )
        assert.deepStrictEqual([data, replaced.now, shards.length], ["proven", "deleted", 2])
        assert.deepStrictEqual(yield* clusterNames, ["source", "green"])
      })
  },
  awaitHealthy: {
    title: "AwaitHealthy",
    fault: { what: "a replica was killed just before", of: () => [] },
    play: ({ clusterId }, hit) =>
      Effect.gen(function* () {
        if (hit) yield* dies(clusterId)
        const payload = { clusterId, within: Duration.minutes(1), nodesPerShard: 2 }
        const { nodesAdded, shards } = yield* perform(AwaitHealthy, payload)
        assert.deepStrictEqual(
          shards.map(({ nodes }) => nodes.length),
          [2, 2]
        )
        assert.strictEqual(nodesAdded.length, hit ? 1 : 0)
      })
  },
  audit: {
    title: "AuditTopology",
    fault: replicaDies("while it is read", { operation: "ListShards" }, "001"),
    play: () =>
      Effect.gen(function* () {
        const { clusters, quota } = yield* perform(AuditTopology, {})
        assert.strictEqual(clusters.length, 1)
        assert.isAtLeast(quota?.used ?? 0, 3)
      })
  }
} satisfies Readonly<Record<string, Act>>
