import { assert, describe, it } from "@effect/vitest"
import { Emulator } from "@memstore-flows/emulator/Emulator"
import * as Faults from "@memstore-flows/emulator/Faults"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as WaitPolicy from "../src/WaitPolicy.js"
import { type CloudServices, inCloud, openEngine, shardsOf, sharedJournal } from "./support/Cloud.js"
import { replace, type Scenario, scaleIn, scaleOut, watch, writesOf } from "./support/Scenario.js"
import { clustersLeft, reportOf } from "./support/Undone.js"

const policy = WaitPolicy.make({
  create: Duration.minutes(3),
  scale: Duration.minutes(3),
  remove: Duration.minutes(3),
  settle: Duration.seconds(10)
})

/** Runs a scenario under an impatient policy, one write of which goes wrong; `meanwhile` runs beside it. */
const troubled = (
  scenario: Scenario,
  fault: Faults.Fault,
  { keep = false, meanwhile = Effect.void as Effect.Effect<unknown, unknown, CloudServices> } = {}
) =>
  Effect.gen(function* () {
    const arranged = yield* scenario.arrange(keep)
    const emulator = yield* Emulator
    yield* emulator.faults.add(fault)
    const watched = yield* watch
    const engine = yield* openEngine(yield* sharedJournal)
    yield* engine.use(arranged.start)
    const startedAt = yield* Effect.clockWith((clock) => clock.currentTimeMillis)
    yield* Effect.forkScoped(meanwhile)
    const outcome = yield* engine.use(arranged.outcome)
    const endedAt = yield* Effect.clockWith((clock) => clock.currentTimeMillis)
    yield* Effect.sleep("1 minute")
    const [shard] = yield* shardsOf(arranged.clusterId)
    return {
      outcome,
      error: outcome._tag === "Failed" ? outcome.error : undefined,
      report: reportOf(outcome),
      clusters: yield* clustersLeft,
      nodes: shard?.nodes.length,
      took: endedAt - startedAt,
      writes: yield* watched.writes
    }
  }).pipe(Effect.provideService(WaitPolicy.WaitPolicy, policy), inCloud)

const after = (delay: Duration.DurationInput, disturbance: Parameters<typeof Faults.disturb>[0]) =>
  Effect.flatMap(Emulator, (emulator) => Effect.delay(emulator.disturb(disturbance), delay))

describe("an operation that never ends", () => {
  for (const scenario of [scaleOut, scaleIn, replace]) {
    for (const match of writesOf(scenario)) {
      it.effect(`${scenario.title}: ${match.operation} ${match.nth} times out, and what was seen is told`, () =>
        Effect.gen(function* () {
          const { error, report } = yield* troubled(scenario, { match, do: Faults.stick })
          assert.strictEqual(error?._tag, "WaitTimedOut")
          if (error === undefined || !("history" in error) || !Array.isArray(error.history))
            return assert.fail("history")
          const { polls, state } = error.history.at(-1) ?? {}
          const shown = match.operation === "RestoreCluster" ? /Init|Creating|no shards yet/ : /Scaling|Modifying/
          assert.match(state, shown)
          assert.isAbove(polls, 10)
          assert.match(error.message, /waited 180 s for .*last seen: /)
          assert.isNotEmpty(report.notUndone)
        })
      )
    }
  }

  it.effect("it is undone as soon as it ends", () =>
    Effect.gen(function* () {
      const stuck = { match: { operation: "AddReplica" as const }, do: Faults.stick }
      const meanwhile = after("5 minutes", { _tag: "ReleaseOperation" })
      const { error, nodes, report, writes } = yield* troubled(replace, stuck, { meanwhile })
      assert.strictEqual(error?._tag, "WaitTimedOut")
      assert.deepStrictEqual(report, { undone: ["add"], notUndone: [] })
      assert.deepStrictEqual(writes, { AddReplica: 1, DeleteNode: 1 })
      assert.strictEqual(nodes, 3)
    })
  )

  it.effect("a restored cluster that is stuck in mid-scaling is deleted as soon as it can be", () =>
    Effect.gen(function* () {
      const stuck = { match: { operation: "AddShard" as const }, do: Faults.stick }
      const meanwhile = Effect.gen(function* () {
        const emulator = yield* Emulator
        yield* Effect.sleep("5 minutes")
        const { clusters } = yield* emulator.state
        const clusterId = clusters.find(({ name }) => name === "restored")?.id ?? "none"
        yield* emulator.disturb({ _tag: "ReleaseOperation", clusterId })
      })
      const { clusters, error, report } = yield* troubled(scaleOut, stuck, { meanwhile })
      assert.strictEqual(error?._tag, "WaitTimedOut")
      assert.deepStrictEqual(report.undone.at(-1), "restore/create")
      assert.deepStrictEqual(report.notUndone, [])
      assert.deepStrictEqual(clusters, ["source"])
    })
  )
})

describe("a cluster that fails", () => {
  for (const scenario of [scaleOut, scaleIn]) {
    for (const match of writesOf(scenario)) {
      for (const keep of [false, true]) {
        const end = keep ? "is kept as asked" : "is deleted"
        it.effect(`${scenario.title}: in ${match.operation} ${match.nth}, ends the run at once and ${end}`, () =>
          Effect.gen(function* () {
            const { clusters, error, report, took } = yield* troubled(scenario, { match, do: Faults.fail }, { keep })
            assert.strictEqual(error?._tag, "ClusterFailed")
            assert.isBelow(took, 60_000)
            assert.deepStrictEqual(clusters, keep ? ["source", "restored"] : ["source"])
            const left = report.notUndone.map(({ reason, step }) => `${step}: ${reason.name}`)
            assert.strictEqual(left.at(-1), keep ? "restore/create: LeftInPlace" : undefined)
            assert.strictEqual(report.undone.at(-1), keep ? undefined : "restore/create")
          })
        )
      }
    }
  }

  for (const match of writesOf(replace)) {
    it.effect(`${replace.title}: in ${match.operation}, ends the run at once and says what was left`, () =>
      Effect.gen(function* () {
        const { error, report } = yield* troubled(replace, { match, do: Faults.fail })
        assert.strictEqual(error?._tag, "ClusterFailed")
        assert.include(
          report.notUndone.map(({ reason, step }) => `${step} ${reason.name}`),
          "add ClusterFailed"
        )
      })
    )
  }
})
