import { assert, describe, it } from "@effect/vitest"
import * as Faults from "@memstore-flows/emulator/Faults"
import * as Effect from "effect/Effect"
import { inCloud } from "./support/Cloud.js"
import { play, scenarios, shape, writesOf } from "./support/Scenario.js"
import * as Tamper from "./support/Tamper.js"

/** What may befall the call of a write without the change being refused. */
const mishaps: Readonly<Record<string, Faults.Action>> = {
  "its answer is lost after it was applied": Faults.loseAnswer,
  "its connection drops before it is applied": Faults.drop,
  "it is answered 500 and not applied": Faults.status(500),
  "it is answered 429 with Retry-After": Faults.throttle("3 seconds"),
  "it is applied and its answer takes longer than the client waits": Faults.delay("40 seconds", { work: "before" }),
  "it hangs until the client gives up, and is not applied": Faults.delay("40 seconds", { work: "after" }),
  "its token has expired early": Faults.expireToken
}

const resultOf = (played: Effect.Effect.Success<ReturnType<typeof play>>) => {
  const { outcome } = played
  assert.strictEqual(outcome._tag, "Succeeded", JSON.stringify(outcome))
  return outcome._tag === "Succeeded" ? shape(outcome.value.shards) : []
}

for (const scenario of scenarios) {
  describe(scenario.title, () => {
    const calm = Effect.runSync(Effect.cached(inCloud(Effect.map(play(scenario), resultOf))))

    for (const [mishap, action] of Object.entries(mishaps)) {
      it.effect(`each write is made once when ${mishap}`, () =>
        Effect.gen(function* () {
          const wanted = yield* calm
          for (const match of writesOf(scenario)) {
            const played = yield* inCloud(play(scenario, { faults: [{ match, do: action }] }))
            const where = `${match.operation} ${match.nth}`
            assert.deepStrictEqual(
              played.faults.map(({ fired }) => fired),
              [1],
              where
            )
            assert.deepStrictEqual(resultOf(played), wanted, where)
            assert.deepStrictEqual(played.writes, scenario.writes, where)
          }
        })
      )
    }

    for (const status of [500, 504]) {
      it.effect(`each write is made once when it is applied and answered ${status}`, () =>
        Effect.gen(function* () {
          const wanted = yield* calm
          for (const [index, { nth, operation }] of writesOf(scenario).entries()) {
            const { arm, struck, transformClient } = Tamper.make()
            const strike = { which: Tamper.anyWrite, nth: index + 1, how: Tamper.answeredWith(status) }
            const played = yield* inCloud(play(scenario, { arranged: arm(strike) }), { transformClient })
            assert.strictEqual(yield* struck, 1)
            assert.deepStrictEqual(resultOf(played), wanted, `${operation} ${nth}`)
            assert.deepStrictEqual(played.writes, scenario.writes, `${operation} ${nth}`)
          }
        })
      )
    }

    it.effect("reads that fail for a passing reason, or whose token has expired, cost nothing but time", () =>
      Effect.gen(function* () {
        const wanted = yield* calm
        const blows = [
          Faults.expireToken,
          Faults.status(500),
          Faults.drop,
          Faults.throttle(),
          Faults.delay("40 seconds")
        ]
        const faults = blows.map((action, index) => ({
          match: { operation: "ListShards" as const, nth: 2 * index + 1 },
          do: action
        }))
        const played = yield* inCloud(play(scenario, { faults }))
        assert.deepStrictEqual(
          played.faults.map(({ fired }) => fired),
          [1, 1, 1, 1, 1]
        )
        assert.deepStrictEqual(resultOf(played), wanted)
        assert.deepStrictEqual(played.writes, scenario.writes)
      })
    )

    it.effect("a write that keeps being refused fails the run with that refusal, and is not made", () =>
      Effect.gen(function* () {
        for (const { nth, operation } of writesOf(scenario)) {
          const fault = { match: { operation, times: "always" as const }, do: Faults.status(403) }
          if (nth > 1) continue
          const { outcome, writes } = yield* inCloud(play(scenario, { faults: [fault] }))
          assert.strictEqual(outcome._tag === "Failed" ? outcome.error._tag : outcome._tag, "Forbidden")
          assert.isUndefined(writes[operation])
        }
      })
    )
  })
}
