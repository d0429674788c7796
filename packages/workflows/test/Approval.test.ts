import { assert, describe, it } from "@effect/vitest"
import * as Engine from "@memstore-flows/engine/Engine"
import * as Flow from "@memstore-flows/engine/Flow"
import * as Journal from "@memstore-flows/engine/Journal"
import * as Runs from "@memstore-flows/engine/Runs"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as Approval from "../src/Approval.js"
import { NotApproved } from "../src/FlowError.js"
import { virtually } from "./support/VirtualClock.js"

const Asking = Flow.make({
  name: "Asking",
  payload: Approval.Ask,
  success: Schema.Number,
  error: NotApproved
})

const layer = Asking.toLayer((how) => Effect.zipRight(Approval.ask("go on?", how), Clock.currentTimeMillis)).pipe(
  Layer.provideMerge(Engine.layer()),
  Layer.provide(Journal.layerMemory)
)

const asked = Runs.events("run").pipe(
  Stream.takeUntil(({ _tag }) => _tag === "WaitingForSignal"),
  Stream.runDrain
)

const within = Duration.hours(8)

/** How a run ends that asks, after how long, and what it showed; `answers` are sent once it asks. */
const ask = (how: Approval.Ask, answers: ReadonlyArray<Approval.Answer> = []) =>
  Effect.gen(function* () {
    const began = yield* Clock.currentTimeMillis
    yield* Runs.start(Asking, { payload: how, id: "run" })
    if (how !== "not-needed") yield* asked
    const { progress } = yield* Runs.get("run")
    for (const answer of answers) yield* Runs.signal("run", Approval.signal, answer, { scope: "approval" })
    const outcome = yield* Runs.outcome(Asking, "run")
    const ended = yield* Clock.currentTimeMillis
    return {
      took: Duration.toHours(ended - began),
      error: outcome._tag === "Failed" ? outcome.error : outcome._tag,
      shown: progress?._tag === "Progress" ? progress.progress.message : undefined
    }
  }).pipe(Effect.provide(layer), virtually)

describe("an approval", () => {
  it.effect("that is not needed asks nobody", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* ask("not-needed"), { took: 0, error: "Succeeded", shown: undefined })
    })
  )

  it.effect("without an answer is refused when the time is up, unless it says otherwise", () =>
    Effect.gen(function* () {
      const silent = new NotApproved({ question: "go on?", why: "deadline", by: null })
      for (const how of [{ within }, { within, otherwise: "refuse" as const }]) {
        const { error, shown, took } = yield* ask(how)
        assert.deepStrictEqual([error, took], [silent, 8])
        assert.strictEqual(shown, "go on? Without an answer in time it is refused.")
      }
    })
  )

  it.effect("without an answer goes on when the time is up, where it says so", () =>
    Effect.gen(function* () {
      const { error, shown, took } = yield* ask({ within, otherwise: "proceed" })
      assert.deepStrictEqual([error, took], ["Succeeded", 8])
      assert.strictEqual(shown, "go on? Without an answer in time it goes on.")
    })
  )

  it.effect("goes by the answer at once, whatever the default is", () =>
    Effect.gen(function* () {
      const yes = yield* ask({ within }, [{ approved: true, by: "ann" }])
      assert.deepStrictEqual([yes.error, yes.took], ["Succeeded", 0])
      const no = yield* ask({ within, otherwise: "proceed" }, [{ approved: false, by: "ben", note: "not today" }])
      assert.deepStrictEqual(
        [no.error, no.took],
        [new NotApproved({ question: "go on?", why: "denied", by: "ben" }), 0]
      )
    })
  )

  it.effect("holds to its first answer", () =>
    Effect.gen(function* () {
      const answers = [
        { approved: false, by: "ben" },
        { approved: true, by: "ann" }
      ]
      const second = yield* Effect.flip(ask({ within }, answers))
      assert.strictEqual(second._tag, "SignalRefused")
    })
  )
})
