import { assert, it } from "@effect/vitest"
import { CreateCluster } from "@memstore-flows/api/CreateCluster"
import * as Faults from "@memstore-flows/emulator/Faults"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as WaitPolicy from "../src/WaitPolicy.js"
import { inCloud } from "./support/Cloud.js"
import { specOf } from "./support/Fixture.js"
import { play, scaleOut } from "./support/Scenario.js"
import * as Tamper from "./support/Tamper.js"
import { clustersLeft, reportOf } from "./support/Undone.js"

/** Somebody else makes a cluster of the wanted name just before a call, by default the one that asks for ours. */
const overtaken = (
  faults: ReadonlyArray<Faults.Fault> = [],
  { nth, which }: Pick<Tamper.Strike, "nth" | "which"> = { which: Tamper.anyWrite, nth: 1 }
) => {
  const { arm, transformClient } = Tamper.make()
  let theirs: Effect.Effect<unknown> = Effect.void
  const arranged = Effect.suspend(() => arm({ which, nth, how: (call) => Effect.zipRight(theirs, call) }))
  return inCloud(
    Effect.gen(function* () {
      const createCluster = yield* CreateCluster
      theirs = Effect.zipRight(
        Effect.orDie(createCluster({ ...specOf(2), name: "restored" })),
        Effect.sleep("1 second")
      )
      const { outcome } = yield* play(scaleOut, { arranged, faults })
      return { outcome, report: reportOf(outcome), clusters: yield* clustersLeft }
    }),
    { transformClient }
  )
}

it.effect("another's cluster of the same name, made at the last moment, is neither taken nor deleted", () =>
  Effect.gen(function* () {
    const { clusters, outcome, report } = yield* overtaken()
    assert.strictEqual(outcome._tag, "Failed")
    assert.deepStrictEqual(clusters, ["source", "restored"])
    assert.deepStrictEqual(report.notUndone, [])
  })
)

it.effect("another's cluster is not deleted either when clusters could not be listed before", () =>
  Effect.gen(function* () {
    const lost = { match: { operation: "RestoreCluster" as const }, do: Faults.drop }
    const unlisted = [1, 2].map((nth) => ({
      match: { operation: "ListClusters" as const, nth },
      do: Faults.status(404)
    }))
    const { clusters, outcome, report } = yield* overtaken([lost, ...unlisted])
    assert.strictEqual(outcome._tag === "Failed" ? outcome.error._tag : outcome._tag, "OutcomeUnknown")
    assert.deepStrictEqual(clusters, ["source", "restored"])
    assert.deepStrictEqual(
      report.notUndone.map(({ reason }) => reason.name),
      ["OutcomeUnknown"]
    )
  }).pipe(Effect.provideService(WaitPolicy.WaitPolicy, WaitPolicy.make({ answer: Duration.hours(1) })))
)

it.effect("another's cluster that was there before the call is not taken for ours when no answer tells", () =>
  Effect.gen(function* () {
    const down = { match: { operation: "RestoreCluster" as const }, do: Faults.status(500) }
    const listing: Tamper.Strike["which"] = ({ method, url }) => method === "GET" && /\/clusters(\?.*)?$/.test(url)
    const { clusters, outcome, report } = yield* overtaken([down], { which: listing, nth: 2 })
    assert.strictEqual(outcome._tag === "Failed" ? outcome.error._tag : outcome._tag, "Conflict")
    assert.deepStrictEqual(clusters, ["source", "restored"])
    assert.deepStrictEqual(report.notUndone, [])
  })
)

it.effect("a restored cluster that answers 404 at first is waited for", () =>
  Effect.gen(function* () {
    const hidden = [1, 2, 3].map((nth) => ({
      match: { operation: "ListShards" as const, nth },
      do: Faults.status(404)
    }))
    const { outcome, writes } = yield* inCloud(play(scaleOut, { faults: hidden }))
    assert.strictEqual(outcome._tag, "Succeeded")
    assert.deepStrictEqual(writes, scaleOut.writes)
  })
)

it.effect("an auto-heal and a primary switch while shards are added change nothing about the result", () =>
  Effect.gen(function* () {
    for (let nth = 2; nth <= 10; nth++) {
      const disturbances: ReadonlyArray<Parameters<typeof Faults.disturb>[0]> = [
        { _tag: "FailNode" },
        { _tag: "FailNode", role: "primary" },
        { _tag: "SwitchPrimary" }
      ]
      for (const disturbance of disturbances) {
        const match = { operation: "ListShards" as const, nth }
        const fault = { match, do: Faults.disturb(disturbance) }
        const { faults, outcome, writes } = yield* inCloud(play(scaleOut, { faults: [fault] }))
        const where = `${disturbance._tag} at ${nth}`
        if (outcome._tag !== "Succeeded") return assert.fail(`${where}: ${JSON.stringify(outcome)}`)
        assert.deepStrictEqual(writes, scaleOut.writes, where)
        assert.strictEqual(outcome.value.shards.length, 4, where)
        if (nth < 9) assert.strictEqual(faults[0]?.fired, 1, where)
      }
    }
  })
)
