import { assert, describe, it } from "@effect/vitest"
import { Emulator } from "@memstore-flows/emulator/Emulator"
import * as Runs from "@memstore-flows/engine/Runs"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as InWindow from "../../src/InWindow.js"
import * as ScaleOut from "../../src/ScaleOut.js"
import { inCloud, sharedJournal } from "../support/Cloud.js"
import { reportOf } from "../support/Undone.js"
import { contract, open, reached, tagsOf } from "./FlowContract.js"
import * as Grounds from "./Grounds.js"

const scaleOut = InWindow.of(ScaleOut)
const layer = scaleOut.flow.toLayer(scaleOut.body)

/** Open for the first second of every tenth minute: too short for two shards. */
const windows = [{ cron: "*/10 * * * *", timeZone: "Asia/Seoul", lasts: Duration.seconds(1) }] as const

contract({
  title: "ScaleOut in windows",
  page: null,
  flow: scaleOut.flow,
  layer,
  ground: Grounds.cluster(1),
  payload: ({ clusterId }) => Effect.succeed({ windows, payload: { clusterId, add: 2 } }),
  writes: { AddShard: 2 },
  tells: ({ added }) => assert.strictEqual(added.length, 2),
  refusals: {
    "windows that never open": {
      payload: (payload) => ({ ...payload, windows: [{ cron: "x", lasts: Duration.hours(1) }] as const }),
      found: ["WindowInvalid"]
    },
    "what the flow itself refuses": {
      payload: ({ payload }) => ({ windows, payload: { ...payload, add: 12 } }),
      found: ["QuotaShards"]
    }
  }
})

describe("a flow in windows", () => {
  it.effect("begins each write in one, and goes on in the next", () =>
    inCloud(
      Effect.gen(function* () {
        const { clusterId } = yield* Grounds.cluster(1)
        const { journal } = yield* Emulator
        const before = (yield* journal).length
        const { use } = yield* open(layer, yield* sharedJournal)
        const payload = { windows, payload: { clusterId, add: 2 } }
        yield* use(Runs.start(scaleOut.flow, { payload, id: "run" }))
        const outcome = yield* use(Runs.outcome(scaleOut.flow, "run"))
        assert.strictEqual(outcome._tag, "Succeeded")
        const sent = (yield* journal).slice(before).filter(({ operation }) => operation === "AddShard")
        assert.deepStrictEqual(
          sent.map(({ at }) => at % 600_000 < 1_000),
          [true, true]
        )
        assert.isAtLeast((sent[1]?.at ?? 0) - (sent[0]?.at ?? 0), 599_000)
      })
    )
  )

  it.effect("is undone at once when cancelled while no window is open", () =>
    inCloud(
      Effect.gen(function* () {
        const { clusterId } = yield* Grounds.cluster(1)
        const { use } = yield* open(layer, yield* sharedJournal)
        const payload = { windows, payload: { clusterId, add: 2 } }
        yield* use(Runs.start(scaleOut.flow, { payload, id: "run" }))
        yield* use(reached({ tag: "Sleeping", step: "window before checks before shard +2/opens" }))
        const began = yield* Clock.currentTimeMillis
        yield* use(Runs.cancel("run"))
        const outcome = yield* use(Runs.outcome(scaleOut.flow, "run"))
        assert.isBelow((yield* Clock.currentTimeMillis) - began, Duration.toMillis("2 minutes"))
        assert.deepStrictEqual(reportOf(outcome), { undone: ["add shard +1"], notUndone: [] })
      })
    )
  )

  it.effect("locks what the flow locks", () =>
    inCloud(
      Effect.gen(function* () {
        const { clusterId } = yield* Grounds.cluster(1)
        const { use } = yield* open(layer, yield* sharedJournal)
        const payload = { windows, payload: { clusterId, add: 1 } }
        yield* use(Runs.start(scaleOut.flow, { payload, id: "run" }))
        const second = yield* use(Effect.flip(Runs.start(scaleOut.flow, { payload, id: "second" })))
        assert.deepStrictEqual(tagsOf(second), ["Busy"])
      })
    )
  )
})
