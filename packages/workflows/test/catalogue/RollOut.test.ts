import { assert, describe, it } from "@effect/vitest"
import { Emulator } from "@memstore-flows/emulator/Emulator"
import * as Runs from "@memstore-flows/engine/Runs"
import * as Arr from "effect/Array"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as ReconfigureCluster from "../../src/ReconfigureCluster.js"
import * as RollOut from "../../src/RollOut.js"
import { inCloud, sharedJournal } from "../support/Cloud.js"
import { clusterLike, specOf } from "../support/Fixture.js"
import { reportOf } from "../support/Undone.js"
import { contract, open, reached, tagsOf } from "./FlowContract.js"

const rollOut = RollOut.of(ReconfigureCluster)
const layer = rollOut.flow.toLayer(rollOut.body).pipe(Layer.provideMerge(ReconfigureCluster.layer))

const fleet = (size: number) =>
  Effect.as(
    Effect.forEach(
      Arr.range(1, size),
      (n) => clusterLike({ ...specOf(1), name: `cluster-${n}`, nodeCountPerShard: 2, subnetAssignments: [pair] }),
      { discard: true }
    ),
    { clusterId: "none" }
  )

const pair = { primary: { id: "subnet-x" }, replicas: [{ id: "subnet-y" }] }

/** A new description for every cluster there is. */
const describeAll = (settings: Omit<RollOut.Settings, "name">) =>
  Effect.gen(function* () {
    const { clusters } = yield* Effect.flatMap(Emulator, ({ state }) => state)
    const targets = clusters.map(({ id, name }) => ({
      name,
      payload: { clusterId: id, change: { description: "rolled out" }, previous: { description: "before" } }
    }))
    const [first, ...rest] = targets
    if (first === undefined) return yield* Effect.dieMessage("no clusters")
    return { name: "describe", targets: [first, ...rest] as const, ...settings }
  })

contract({
  title: "RollOut of ReconfigureCluster",
  page: "RollOut",
  flow: rollOut.flow,
  layer,
  ground: fleet(3),
  payload: () => describeAll({ concurrency: 2 }),
  writes: { UpdateCluster: 3 },
  tells: ({ results, stopped }) => {
    assert.isNull(stopped)
    assert.deepStrictEqual(
      results.map(({ _tag, name, run }) => ({ _tag, name, run })),
      [1, 2, 3].map((n) => ({ _tag: "Succeeded", name: `cluster-${n}`, run: `run/cluster-${n}` }))
    )
  }
})

/** A roll-out over clusters of which some have failed. */
const over = (size: number, failing: ReadonlyArray<string>, settings: Omit<RollOut.Settings, "name">) =>
  inCloud(
    Effect.gen(function* () {
      yield* fleet(size)
      const emulator = yield* Emulator
      const { clusters } = yield* emulator.state
      for (const { id, name } of clusters) {
        if (failing.includes(name)) yield* emulator.disturb({ _tag: "FailCluster", clusterId: id })
      }
      const { use } = yield* open(layer, yield* sharedJournal)
      yield* use(Runs.start(rollOut.flow, { payload: yield* describeAll(settings), id: "run" }))
      const outcome = yield* use(Runs.outcome(rollOut.flow, "run"))
      if (outcome._tag !== "Succeeded") return yield* Effect.dieMessage(JSON.stringify(outcome))
      const { results, stopped } = outcome.value
      return { stopped, results: results.map((each) => (each._tag === "NotRun" ? each.why : each._tag)) }
    })
  )

describe("a roll-out", () => {
  it.effect("ends with a failed canary", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* over(3, ["cluster-1"], { budget: 3 }), {
        stopped: "canary",
        results: ["Failed", "canary", "canary"]
      })
    })
  )

  it.effect("goes on while failures are within the budget, and begins no more when it is spent", () =>
    Effect.gen(function* () {
      const failing = ["cluster-2", "cluster-4"]
      const within = yield* over(5, failing, { budget: 2, concurrency: 2 })
      assert.deepStrictEqual(within, {
        stopped: null,
        results: ["Succeeded", "Failed", "Succeeded", "Failed", "Succeeded"]
      })
      const spent = yield* over(5, failing, { budget: 1 })
      assert.deepStrictEqual(spent, {
        stopped: "budget",
        results: ["Succeeded", "Failed", "Succeeded", "Failed", "budget"]
      })
    })
  )

  it.effect("begins no more after the first failure, unless there is a budget", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* over(3, ["cluster-2"], {}), {
        stopped: "budget",
        results: ["Succeeded", "Failed", "budget"]
      })
    })
  )

  it.effect("works on the canary alone, waits, and then on so many side by side", () =>
    inCloud(
      Effect.gen(function* () {
        yield* fleet(5)
        const { use } = yield* open(layer, yield* sharedJournal)
        const settings = { canary: 2, soak: Duration.hours(1), concurrency: 2 }
        yield* use(Runs.execute(rollOut.flow, { payload: yield* describeAll(settings), id: "run" }))
        const runs = yield* use(Runs.list({ flow: "ReconfigureCluster" }))
        const [one, two, three, four, five] = [1, 2, 3, 4, 5].map((n) => {
          const found = runs.find(({ id }) => id === `run/cluster-${n}`)
          return { from: found?.startedAt ?? Number.NaN, to: found?.endedAt ?? Number.NaN }
        })
        const gap = (a: typeof one, b: typeof one) => (b?.from ?? 0) - (a?.to ?? 0)
        assert.isAtLeast(gap(one, two), 0)
        assert.isAtLeast(gap(two, three), Duration.toMillis(settings.soak))
        assert.isBelow(gap(three, four), 0)
        assert.isAtLeast(Math.max(gap(three, five), gap(four, five)), 0)
      })
    )
  )

  it.effect("is not started with a name used twice or with a slash, or a budget below nothing", () =>
    inCloud(
      Effect.gen(function* () {
        const { use } = yield* open(layer, yield* sharedJournal)
        const target = (name: string) => ({ name, payload: { clusterId: "c", change: { description: "d" } } })
        const starting = (names: readonly [string, string], budget: number) => {
          const targets = [target(names[0]), target(names[1])] as const
          return use(Effect.flip(Runs.start(rollOut.flow, { payload: { name: "wrong", targets, budget }, id: "run" })))
        }
        assert.deepStrictEqual(tagsOf(yield* starting(["a", "a"], 0)), ["PayloadInvalid"])
        assert.deepStrictEqual(tagsOf(yield* starting(["a", "b/c"], 0)), ["PayloadInvalid"])
        assert.deepStrictEqual(tagsOf(yield* starting(["a", "b"], -1)), ["PayloadInvalid"])
      })
    )
  )

  it.effect("that is cancelled cancels the run under way, and says which have ended", () =>
    inCloud(
      Effect.gen(function* () {
        yield* fleet(3)
        const { use } = yield* open(layer, yield* sharedJournal)
        yield* use(Runs.start(rollOut.flow, { payload: yield* describeAll({}), id: "run" }))
        yield* use(reached({ tag: "StepSucceeded", step: "cluster-2/start" }))
        yield* use(Runs.cancel("run"))
        const outcome = yield* use(Runs.outcome(rollOut.flow, "run"))
        assert.strictEqual(outcome._tag, "Cancelled")
        const states = yield* use(
          Effect.map(Runs.list({ flow: "ReconfigureCluster" }), (runs) => runs.map(({ state }) => state))
        )
        assert.deepStrictEqual(states, ["cancelled", "succeeded"])
        assert.deepStrictEqual(
          reportOf(outcome).notUndone.map(({ step }) => step),
          ["cluster-1/start"]
        )
      })
    )
  )
})
