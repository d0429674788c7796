import { assert, it } from "@effect/vitest"
import { Emulator } from "@memstore-flows/emulator/Emulator"
import * as Topology from "@memstore-flows/model/Topology"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import * as WaitPolicy from "../src/WaitPolicy.js"
import { cloud, drive } from "./support/Cloud.js"
import { play, replace, scaleOut } from "./support/Scenario.js"

/** A look every half hour at most: each wake-up of the test's clock takes some milliseconds of real time. */
const policy = WaitPolicy.make({ firstDelay: Duration.minutes(5), maxDelay: Duration.minutes(30) })

for (const [scenario, atLeastHours] of [
  [scaleOut, 4],
  [replace, 0.25]
] as const) {
  it.scoped(`${scenario.title}: ${atLeastHours} hours and more pass under TestClock without any waiting`, () =>
    Effect.gen(function* () {
      const { events, outcome, writes } = yield* play(scenario)
      if (outcome._tag !== "Succeeded") return assert.fail(JSON.stringify(outcome))
      const [first, last] = [events[0], events.at(-1)]
      assert.isAbove((last?.at ?? 0) - (first?.at ?? 0), atLeastHours * 3_600_000)
      assert.strictEqual(last?._tag, "RunSucceeded")
      assert.deepStrictEqual(writes, scenario.writes)
      assert.isTrue(Topology.isStable(Topology.make(outcome.value.shards)))
      assert.isAbove(yield* Clock.currentTimeMillis, atLeastHours * 3_600_000)
      assert.isAbove((yield* (yield* Emulator).journal).length, 20)
    }).pipe(
      Effect.provide(cloud({ latencies: "realistic" })),
      Effect.provideService(WaitPolicy.WaitPolicy, policy),
      drive,
      Effect.withRandom(Random.make("hours"))
    )
  )
}
