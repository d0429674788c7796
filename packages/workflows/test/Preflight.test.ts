import { assert, describe, it } from "@effect/vitest"
import { Emulator } from "@memstore-flows/emulator/Emulator"
import * as Faults from "@memstore-flows/emulator/Faults"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Preflight from "../src/Preflight.js"
import { inCloud } from "./support/Cloud.js"
import { source } from "./support/Fixture.js"
import { play, scaleOut } from "./support/Scenario.js"

describe("the clusters of the project", () => {
  it.effect("are listed", () =>
    inCloud(
      Effect.gen(function* () {
        const clusterId = yield* source(2)
        const known = yield* Preflight.clusters
        assert.deepStrictEqual(
          Option.map(known, (each) => each.map(({ id }) => id)),
          Option.some([clusterId])
        )
        assert.strictEqual(Preflight.projectNodes(known), 6)
      })
    )
  )

  for (const status of [400, 403, 404, 405]) {
    it.effect(`are unknown, and no reason to fail, when the call is answered ${status}`, () =>
      inCloud(
        Effect.gen(function* () {
          const emulator = yield* Emulator
          yield* emulator.faults.add({
            match: { operation: "ListClusters", times: "always" },
            do: Faults.status(status)
          })
          assert.isTrue(Option.isNone(yield* Preflight.clusters))
        })
      )
    )
  }

  it.effect("are not taken for unknown in an outage", () =>
    inCloud(
      Effect.gen(function* () {
        const emulator = yield* Emulator
        yield* emulator.faults.add({ match: { operation: "ListClusters", times: "always" }, do: Faults.status(503) })
        assert.strictEqual((yield* Effect.flip(Preflight.clusters))._tag, "UnexpectedStatus")
      })
    )
  )

  it("have no known number of nodes when one of them does not say", () => {
    const told = { id: "a", name: "a", shardCount: 2, nodeCountPerShard: 3 }
    assert.strictEqual(Preflight.projectNodes(Option.some([told, { ...told, id: "b", shardCount: 1 }])), 9)
    assert.isUndefined(Preflight.projectNodes(Option.some([told, { id: "b", name: "b" }])))
    assert.isUndefined(Preflight.projectNodes(Option.none()))
  })
})

describe("where clusters cannot be listed", () => {
  const unlisted = { match: { operation: "ListClusters" as const, times: "always" as const }, do: Faults.status(404) }

  it.effect("a restore goes on without the checks that need it", () =>
    Effect.gen(function* () {
      const { outcome, writes } = yield* inCloud(play(scaleOut, { faults: [unlisted] }))
      assert.strictEqual(outcome._tag, "Succeeded")
      assert.deepStrictEqual(writes, scaleOut.writes)
    })
  )
})
