import { assert, describe, it } from "@effect/vitest"
import { Emulator } from "@memstore-flows/emulator/Emulator"
import * as Faults from "@memstore-flows/emulator/Faults"
import * as Runs from "@memstore-flows/engine/Runs"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import { type CloudServices, inCloud, openEngine, sharedJournal } from "./support/Cloud.js"
import { firstEvents, play, replace, type Scenario, scaleIn, scaleOut } from "./support/Scenario.js"
import * as Tamper from "./support/Tamper.js"
import { clustersLeft, forwardAfter, nodesLeft, reportOf } from "./support/Undone.js"

type Engine = Effect.Effect.Success<ReturnType<typeof openEngine>>

/** Starts a run, cancels it when `moment` has come, and tells what is left. */
const cancelled = (
  scenario: Scenario,
  keep: boolean,
  moment: (engine: Engine) => Effect.Effect<unknown, unknown, CloudServices>,
  prepare: Effect.Effect<void, unknown, CloudServices> = Effect.void
) =>
  Effect.gen(function* () {
    const arranged = yield* scenario.arrange(keep)
    const emulator = yield* Emulator
    const before = yield* nodesLeft(arranged.clusterId)
    const engine = yield* openEngine(yield* sharedJournal)
    yield* prepare
    yield* engine.use(arranged.start)
    yield* moment(engine)
    const answer = yield* engine.use(Runs.cancel("run"))
    const asked = (yield* emulator.journal).length
    const outcome = yield* engine.use(arranged.outcome)
    yield* Effect.sleep("1 minute")
    return {
      answer,
      outcome,
      report: reportOf(outcome),
      forward: forwardAfter(yield* emulator.journal, asked, before),
      clusters: yield* clustersLeft,
      before,
      after: yield* nodesLeft(arranged.clusterId),
      scalings: (yield* emulator.writes)["AddShard"] ?? 0
    }
  })

type Ended = Effect.Effect.Success<ReturnType<typeof cancelled>>

const checkRestore = ({ clusters, outcome, report, ...rest }: Ended, keep: boolean, where: string) => {
  assert.strictEqual(outcome._tag, "Cancelled", where)
  assert.deepStrictEqual(rest.forward, [], where)
  if (clusters.length === 1) {
    assert.deepStrictEqual(clusters, ["source"], where)
    assert.deepStrictEqual(report.notUndone, [], where)
    return
  }
  assert.isTrue(keep, `${where}: ${clusters}`)
  assert.deepStrictEqual(clusters, ["source", "restored"], where)
  const left = report.notUndone.map(({ step }) => step)
  assert.strictEqual(left.at(-1), "restore/create", where)
  assert.strictEqual(left.length - 1, rest.scalings, `${where}: what was scaled and kept is reported`)
  assert.deepStrictEqual([...new Set(report.notUndone.map(({ reason }) => reason.name))], ["LeftInPlace"], where)
  assert.match(report.notUndone.at(-1)?.reason.message ?? "", /is kept, as asked$/)
}

const checkReplace = ({ after, before, clusters, forward, outcome, report }: Ended, keep: boolean, where: string) => {
  assert.strictEqual(outcome._tag, "Cancelled", where)
  assert.deepStrictEqual(forward, [], where)
  assert.deepStrictEqual(clusters, ["source"], where)
  const gone = before.filter((id) => !after.includes(id))
  const made = after.filter((id) => !before.includes(id))
  const left = report.notUndone.map(({ step }) => step)
  if (gone.length === 0 && made.length === 0) return assert.deepStrictEqual(left, [], where)
  if (gone.length === 0) {
    assert.isTrue(keep, where)
    assert.deepStrictEqual(left, ["add"], where)
    return
  }
  assert.strictEqual(after.length, before.length, where)
  assert.deepStrictEqual(left, ["delete", "add"], where)
  assert.isTrue(
    report.notUndone.every(({ reason }) => reason.name === "LeftInPlace"),
    where
  )
}

const cases = [
  { scenario: scaleOut, check: checkRestore },
  { scenario: scaleIn, check: checkRestore },
  { scenario: replace, check: checkReplace }
]

for (const { check, scenario } of cases) {
  describe(scenario.title, () => {
    const undisturbed = Effect.runSync(Effect.cached(inCloud(play(scenario))))

    for (const keep of scenario === scaleIn ? [false] : [false, true]) {
      const undone = keep ? "what it made is kept and reported" : "what it made is undone"

      it.effect(`cancelled at any of its events, nothing goes forward and ${undone}`, () =>
        Effect.gen(function* () {
          const { events } = yield* undisturbed
          let left = 0
          for (let n = 1; n < events.length; n++) {
            const where = `event ${n}, ${JSON.stringify(events[n - 1])}`
            const ended = yield* inCloud(cancelled(scenario, keep, (engine) => engine.use(firstEvents(n))))
            if (n >= events.length - 1 && ended.answer === "AlreadyEnded") continue
            assert.strictEqual(ended.answer, "Requested", where)
            check(ended, keep, where)
            left += ended.report.undone.length + ended.report.notUndone.length
          }
          assert.isAbove(left, 5)
        })
      )

      for (const work of scenario === scaleIn ? [] : keep ? (["after"] as const) : (["before", "after"] as const)) {
        it.effect(`cancelled in the middle of any call, ${work} the cloud did its work, ${undone}`, () =>
          Effect.gen(function* () {
            const { requests } = yield* undisturbed
            for (let nth = 1; nth <= requests.length; nth++) {
              const where = `call ${nth}, ${requests[nth - 1]?.operation}`
              const { arm, transformClient } = Tamper.make()
              const reached = yield* Deferred.make<void>()
              const how = (call: Parameters<Tamper.Strike["how"]>[0]) =>
                Effect.zipRight(Deferred.succeed(reached, undefined), call)
              const slow = {
                match: { nth },
                do: Faults.delay("20 seconds", { work: work === "before" ? "after" : "before" })
              }
              const prepare = Effect.flatMap(Emulator, (emulator) =>
                Effect.zipRight(emulator.faults.add(slow), arm({ which: Tamper.anyCall, nth, how }))
              )
              const moment = () => Effect.zipRight(Deferred.await(reached), Effect.sleep("1 second"))
              const ended = yield* inCloud(cancelled(scenario, keep, moment, prepare), { transformClient })
              assert.strictEqual(ended.answer, "Requested", where)
              check(ended, keep, where)
            }
          })
        )
      }

      it.effect(`cancelled while a write is on its way, which the cloud carries out later, ${undone}`, () =>
        Effect.gen(function* () {
          const total = Object.values(scenario.writes).reduce((sum, count) => sum + count, 0)
          for (let nth = 1; nth <= total; nth++) {
            const { arm, transformClient } = Tamper.make()
            const reached = yield* Deferred.make<void>()
            const strike = { which: Tamper.anyWrite, nth, how: Tamper.carriedOutLate(reached, "5 seconds") }
            const moment = () => Deferred.await(reached)
            const ended = yield* inCloud(cancelled(scenario, keep, moment, arm(strike)), { transformClient })
            assert.isAtMost(ended.forward.length, 1, "only the write that was on its way")
            check({ ...ended, forward: [] }, keep, `write ${nth}`)
          }
        })
      )
    }
  })
}
