import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import { type CloudServices, inCloud, openEngine, sharedJournal } from "./support/Cloud.js"
import { firstEvents, play, type Scenario, scaleIn, scenarios, shape, watch } from "./support/Scenario.js"
import * as Tamper from "./support/Tamper.js"
import { clustersLeft } from "./support/Undone.js"

type Engine = Effect.Effect.Success<ReturnType<typeof openEngine>>

/** Starts a run, ends the process when `moment` has come, and lets another take the run up from the same journal. */
const resumed = (
  scenario: Scenario,
  moment: (engine: Engine) => Effect.Effect<unknown, unknown, CloudServices>,
  prepare: Effect.Effect<void> = Effect.void
) =>
  Effect.gen(function* () {
    const arranged = yield* scenario.arrange(false)
    const journal = yield* sharedJournal
    const watched = yield* watch
    const first = yield* openEngine(journal)
    yield* prepare
    yield* first.use(arranged.start)
    yield* moment(first)
    yield* first.close
    const second = yield* openEngine(journal)
    const outcome = yield* second.use(Effect.zipRight(arranged.start, arranged.outcome))
    return { outcome, writes: yield* watched.writes, clusters: yield* clustersLeft }
  })

const resultOf = ({ outcome }: Pick<Effect.Effect.Success<ReturnType<typeof resumed>>, "outcome">, where: string) => {
  assert.strictEqual(outcome._tag, "Succeeded", `${where}: ${JSON.stringify(outcome)}`)
  return outcome._tag === "Succeeded" ? shape(outcome.value.shards) : []
}

/** How a process may leave a write behind. */
const leavings = {
  "before it was sent": (reached: Deferred.Deferred<void>) => () =>
    Effect.zipRight(Deferred.succeed(reached, undefined), Effect.never),
  "after it was applied, its answer lost": (reached: Deferred.Deferred<void>) => (call: Tamper.Call) =>
    call.pipe(Effect.zipRight(Deferred.succeed(reached, undefined)), Effect.zipRight(Effect.never)),
  "while it is on its way, to be applied later": (reached: Deferred.Deferred<void>) =>
    Tamper.carriedOutLate(reached, "10 seconds")
}

for (const scenario of scenarios) {
  describe(scenario.title, () => {
    const undisturbed = Effect.runSync(Effect.cached(inCloud(play(scenario))))

    it.effect("a run that crashed at any of its events ends as if it had not, with the same writes", () =>
      Effect.gen(function* () {
        const calm = yield* undisturbed
        for (let n = 1; n < calm.events.length; n++) {
          const where = `event ${n}, ${JSON.stringify(calm.events[n - 1])}`
          const ended = yield* inCloud(resumed(scenario, (engine) => engine.use(firstEvents(n))))
          assert.deepStrictEqual(resultOf(ended, where), resultOf(calm, where), where)
          assert.deepStrictEqual(ended.writes, scenario.writes, where)
        }
      })
    )

    for (const [how, leave] of Object.entries(leavings)) {
      it.effect(`a run that crashed in a write, ${how}, makes it once`, () =>
        Effect.gen(function* () {
          const calm = yield* undisturbed
          const total = Object.values(scenario.writes).reduce((sum, count) => sum + count, 0)
          for (let nth = 1; nth <= total; nth++) {
            const { arm, struck, transformClient } = Tamper.make()
            const reached = yield* Deferred.make<void>()
            const prepare = arm({ which: Tamper.anyWrite, nth, how: leave(reached) })
            const trial = resumed(scenario, () => Deferred.await(reached), prepare)
            const ended = yield* inCloud(trial, { transformClient })
            assert.strictEqual(yield* struck, 1)
            assert.deepStrictEqual(resultOf(ended, `write ${nth}`), resultOf(calm, "calm"), `write ${nth}`)
            assert.deepStrictEqual(ended.writes, scenario.writes, `write ${nth}`)
          }
        })
      )
    }

    if (scenario === scaleIn) return
    it.effect("a run that crashed in any call is taken up again without a second change", () =>
      Effect.gen(function* () {
        const calm = yield* undisturbed
        for (let nth = 1; nth <= calm.requests.length; nth++) {
          const where = `call ${nth}, ${calm.requests[nth - 1]?.operation}`
          const { arm, transformClient } = Tamper.make()
          const reached = yield* Deferred.make<void>()
          const how = leavings["after it was applied, its answer lost"](reached)
          const prepare = arm({ which: Tamper.anyCall, nth, how })
          const ended = yield* inCloud(
            resumed(scenario, () => Deferred.await(reached), prepare),
            { transformClient }
          )
          assert.deepStrictEqual(resultOf(ended, where), resultOf(calm, where), where)
          assert.deepStrictEqual(ended.writes, scenario.writes, where)
        }
      })
    )
  })
}
