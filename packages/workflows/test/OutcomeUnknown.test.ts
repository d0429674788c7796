import { assert, describe, it } from "@effect/vitest"
import { Emulator } from "@memstore-flows/emulator/Emulator"
import * as Faults from "@memstore-flows/emulator/Faults"
import type * as Event from "@memstore-flows/engine/Event"
import * as Runs from "@memstore-flows/engine/Runs"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { OutcomeUnknown } from "../src/FlowError.js"
import * as Resolution from "../src/Resolution.js"
import * as WaitPolicy from "../src/WaitPolicy.js"
import { inCloud, openEngine, sharedJournal } from "./support/Cloud.js"
import { clusterNames, scaleOut, watch } from "./support/Scenario.js"
import { reportOf } from "./support/Undone.js"

type Engine = Effect.Effect.Success<ReturnType<typeof openEngine>>

const unlisted: Faults.Fault = { match: { operation: "ListClusters", times: "always" }, do: Faults.status(404) }
const answerLost: Faults.Fault = { match: { operation: "RestoreCluster" }, do: Faults.loseAnswer }
const neverSent: Faults.Fault = { match: { operation: "RestoreCluster" }, do: Faults.drop }

const waitsUnder = (engine: Engine, name: string) =>
  engine.use(
    Effect.map(
      Stream.runHead(
        Stream.filter(Runs.events("run"), (event) => event._tag === "WaitingForSignal" && event.step === name)
      ),
      Option.getOrThrow<Event.Event>
    )
  )

/** A restore in a cloud that lists no clusters, with what befalls its call, up to the moment it asks. */
const asking = (fault: Faults.Fault) =>
  Effect.gen(function* () {
    const emulator = yield* Emulator
    const arranged = yield* scaleOut.arrange(false)
    const watched = yield* watch
    yield* emulator.faults.replace([unlisted, fault])
    const journal = yield* sharedJournal
    const engine = yield* openEngine(journal)
    yield* engine.use(arranged.start)
    yield* waitsUnder(engine, "restore/outcome")
    const { clusters } = yield* emulator.state
    return {
      ...arranged,
      ...watched,
      journal,
      engine,
      made: clusters.find(({ name }) => name === "restored")?.id ?? ""
    }
  })

const answer = (engine: Engine, waiting: string, resolution: Resolution.Resolution) =>
  engine.use(Resolution.send("run", waiting, resolution))

describe("a restore whose answer was lost where clusters cannot be listed", () => {
  it.effect("waits and says what to look for, also after a restart; told the cluster, it goes on with it", () =>
    inCloud(
      Effect.gen(function* () {
        const { engine, journal, made, outcome, writes } = yield* asking(answerLost)
        yield* engine.close
        yield* Effect.sleep("3 days")
        const next = yield* openEngine(journal)
        yield* waitsUnder(next, "restore/outcome")
        const info = yield* next.use(Runs.get("run"))
        assert.strictEqual(info.state, "running")
        const question = info.progress?._tag === "Progress" ? info.progress.progress.message : ""
        for (const word of ["RestoreCluster", '"restored"', "subnet-x, subnet-y, subnet-z", "restore/outcome"]) {
          assert.include(question, word)
        }
        assert.match(question, /made between 2026-01-05T\S+ and 2026-01-05T\S+/)
        yield* answer(next, "restore/outcome", Resolution.adopt(made))
        const ended = yield* next.use(outcome)
        assert.strictEqual(ended._tag === "Succeeded" ? ended.value.clusterId : ended._tag, made)
        assert.deepStrictEqual(yield* writes, scaleOut.writes)
      })
    )
  )

  it.effect("told that there is none, it sends the call again, and asks again if need be", () =>
    inCloud(
      Effect.gen(function* () {
        const { engine, outcome, writes } = yield* asking({ ...neverSent, match: { ...neverSent.match, times: 2 } })
        yield* answer(engine, "restore/outcome", Resolution.notCreated)
        yield* waitsUnder(engine, "restore/outcome 2")
        yield* answer(engine, "restore/outcome 2", Resolution.notCreated)
        assert.strictEqual((yield* engine.use(outcome))._tag, "Succeeded")
        assert.deepStrictEqual(yield* writes, scaleOut.writes)
      })
    )
  )

  it.effect("told a cluster that cannot be its own, it says why, leaves that alone and asks again", () =>
    inCloud(
      Effect.gen(function* () {
        const { clusterId, engine, made, outcome, writes } = yield* asking(answerLost)
        yield* answer(engine, "restore/outcome", Resolution.adopt(clusterId))
        yield* waitsUnder(engine, "restore/outcome 2")
        const { progress } = yield* engine.use(Runs.get("run"))
        assert.include(JSON.stringify(progress), 'it is not named \\"restored\\"')
        yield* answer(engine, "restore/outcome 2", Resolution.adopt("00000000-0000-4000-8000-000000000000"))
        yield* waitsUnder(engine, "restore/outcome 3")
        yield* answer(engine, "restore/outcome 3", Resolution.adopt(made))
        assert.strictEqual((yield* engine.use(outcome))._tag, "Succeeded")
        assert.deepStrictEqual(yield* writes, scaleOut.writes)
      })
    )
  )

  it.effect("cancelled while it waits, it deletes nothing and says what may exist", () =>
    inCloud(
      Effect.gen(function* () {
        const { engine, outcome, writes } = yield* asking(answerLost)
        yield* engine.use(Runs.cancel("run"))
        const ended = yield* engine.use(outcome)
        assert.strictEqual(ended._tag, "Cancelled")
        const [left, ...others] = reportOf(ended).notUndone
        assert.deepInclude(left, { step: "restore/create" })
        assert.strictEqual(left?.reason.name, "OutcomeUnknown")
        assert.include(left?.reason.message, 'a cluster named "restored" in subnet-x, subnet-y, subnet-z, made between')
        assert.deepStrictEqual(others, [])
        assert.deepStrictEqual(yield* writes, { RestoreCluster: 1 })
      })
    )
  )

  it.effect("cancelled after it was told the cluster, it deletes that cluster once, also in the next process", () =>
    inCloud(
      Effect.gen(function* () {
        const { engine, journal, made, outcome, writes } = yield* asking(answerLost)
        yield* answer(engine, "restore/outcome", Resolution.adopt(made))
        const adopted = Stream.filter(
          Runs.events("run"),
          (each) => each._tag === "StepStarted" && /shard/.test(each.step)
        )
        yield* engine.use(Stream.runHead(adopted))
        yield* engine.use(Runs.cancel("run"))
        yield* engine.close
        const next = yield* openEngine(journal)
        const ended = yield* next.use(outcome)
        assert.strictEqual(ended._tag, "Cancelled")
        assert.deepStrictEqual(
          reportOf(ended)
            .notUndone.map(({ step }) => step)
            .filter((step) => /create|adopt/.test(step)),
          []
        )
        assert.deepInclude(yield* writes, { RestoreCluster: 1, DeleteCluster: 1 })
        assert.deepStrictEqual(yield* clusterNames, ["source"])
      })
    )
  )

  it.effect("fails with OutcomeUnknown when nobody answers by the deadline, restarts included", () =>
    inCloud(
      Effect.gen(function* () {
        const { engine, journal, outcome } = yield* asking(answerLost)
        yield* Effect.sleep("30 minutes")
        yield* engine.close
        const next = yield* openEngine(journal)
        const [waited, ended] = yield* Effect.timed(next.use(outcome))
        if (ended._tag !== "Failed") return assert.fail(ended._tag)
        assert.instanceOf(ended.error, OutcomeUnknown)
        assert.deepStrictEqual(
          ended.undo.notUndone.map(({ reason, step }) => [step, reason.name]),
          [["restore/create", "OutcomeUnknown"]]
        )
        assert.approximately(Duration.toMinutes(waited), 30, 1)
      })
    ).pipe(Effect.provideService(WaitPolicy.WaitPolicy, WaitPolicy.make({ answer: Duration.hours(1) })))
  )
})
