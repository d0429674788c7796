import { assert, describe, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as BackupNow from "../../src/BackupNow.js"
import * as Handover from "../../src/Handover.js"
import * as InWindow from "../../src/InWindow.js"
import * as RollOut from "../../src/RollOut.js"
import type { Plan } from "../../src/rehearsal/Plan.js"
import * as Rehearsal from "../../src/rehearsal/Rehearsal.js"
import * as UpgradeCluster from "../../src/UpgradeCluster.js"
import { inCloud } from "../support/Cloud.js"
import { specOf } from "../support/Fixture.js"
import { watch } from "../support/Scenario.js"
import * as Grounds from "./Grounds.js"

const writesOf = ({ calls }: Plan) => calls.map(({ method, path, step }) => `${step}: ${method} ${path.split("/")[2]}`)

describe("a rehearsal", () => {
  it.effect("of an upgrade has all its writes, and waits out its grace time", () =>
    inCloud(
      Effect.gen(function* () {
        const { clusterId } = yield* Grounds.cluster(2)
        const watched = yield* watch
        const plan = yield* Rehearsal.rehearse(UpgradeCluster, {
          clusterId,
          cluster: { ...specOf(2), name: "green", version: "7.2.11" },
          backupName: "before",
          approval: { within: Duration.hours(1) },
          grace: Duration.days(3),
          keepAutomaticBackups: false
        }).pipe(Effect.provideService(Handover.Handover, Handover.nothing))
        assert.deepStrictEqual(plan.ending._tag, "Succeeds")
        assert.deepStrictEqual(writesOf(plan), [
          "backup/create: POST backups",
          "restore/create: POST clusters",
          "old/delete: DELETE clusters"
        ])
        assert.isAbove(plan.takes, Duration.toMillis("3 days"))
        assert.deepStrictEqual(yield* watched.writes, {})
      })
    )
  )

  it.effect("of an upgrade without a hook is refused, as the run would be", () =>
    inCloud(
      Effect.gen(function* () {
        const { clusterId } = yield* Grounds.cluster(2)
        const plan = yield* Rehearsal.rehearse(UpgradeCluster, {
          clusterId,
          cluster: { ...specOf(2), name: "green", version: "7.2.11" },
          backupName: "before",
          approval: "not-needed",
          grace: Duration.zero,
          keepAutomaticBackups: false
        })
        assert.deepStrictEqual(writesOf(plan), [])
        assert.notStrictEqual(plan.ending._tag, "Succeeds")
      })
    )
  )

  it.effect("of an upgrade asks the caller's hook whether it is ready, and hands no clients over", () =>
    inCloud(
      Effect.gen(function* () {
        const { clusterId } = yield* Grounds.cluster(2)
        const asked: Array<string> = []
        const note = (what: string) => () => Effect.sync(() => void asked.push(what))
        const plan = yield* Rehearsal.rehearse(UpgradeCluster, {
          clusterId,
          cluster: { ...specOf(2), name: "green", version: "7.2.11" },
          backupName: "before",
          approval: "not-needed",
          grace: Duration.zero,
          keepAutomaticBackups: false
        }).pipe(
          Effect.provideService(Handover.Handover, {
            ready: note("ready"),
            forward: note("forward"),
            back: note("back")
          })
        )
        assert.strictEqual(plan.ending._tag, "Succeeds")
        assert.deepStrictEqual([...new Set(asked)], ["ready"])
      })
    )
  )

  it.effect("of a roll-out in windows has the writes of every cluster, at the times of the windows", () =>
    inCloud(
      Effect.gen(function* () {
        const { clusterId } = yield* Grounds.cluster(1)
        const { clusterId: other } = yield* Grounds.like({ ...specOf(1), name: "other" })
        const windows = [{ cron: "0 3 * * *", lasts: Duration.minutes(1) }] as const
        const target = (id: string, name: string) => ({
          name,
          payload: { windows, payload: { clusterId: id, name: `backup of ${name}` } }
        })
        const plan = yield* Rehearsal.rehearse(RollOut.of(InWindow.of(BackupNow)).rehearsable, {
          name: "backups",
          targets: [target(clusterId, "source"), target(other, "other")]
        })
        assert.deepStrictEqual(writesOf(plan), ["source/create: POST backups", "other/create: POST backups"])
        const [first, second] = plan.calls.map(({ after }) => after)
        assert.isAbove((second ?? 0) - (first ?? 0), Duration.toMillis("23 hours"))
      })
    )
  )
})
