import { assert, it } from "@effect/vitest"
import { AddShard } from "@memstore-flows/api/AddShard"
import { CreateCluster } from "@memstore-flows/api/CreateCluster"
import { Emulator } from "@memstore-flows/emulator/Emulator"
import * as Faults from "@memstore-flows/emulator/Faults"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { removeCluster } from "../src/RemoveCluster.js"
import * as WaitPolicy from "../src/WaitPolicy.js"
import { type CloudServices, inCloud } from "./support/Cloud.js"
import { source, spec } from "./support/Fixture.js"
import { watch } from "./support/Scenario.js"
import { clustersLeft } from "./support/Undone.js"

/** Removes a cluster after something happened to it; gives what was asked, what was changed and what is left. */
const removal = (before: (clusterId: string) => Effect.Effect<unknown, unknown, CloudServices>) =>
  inCloud(
    Effect.gen(function* () {
      const clusterId = yield* source(2)
      yield* before(clusterId)
      const watched = yield* watch
      const result = yield* Effect.either(removeCluster(clusterId))
      const requests = (yield* watched.journal).map(({ operation }) => operation)
      return {
        result,
        left: yield* clustersLeft,
        writes: yield* watched.writes,
        deletions: requests.filter((operation) => operation === "DeleteCluster").length
      }
    }).pipe(Effect.provideService(WaitPolicy.WaitPolicy, WaitPolicy.make({ remove: Duration.minutes(5) })))
  )

const control = <A>(use: (emulator: typeof Emulator.Service) => A) => Effect.map(Emulator, use)

const disturb = (disturbance: Parameters<typeof Faults.disturb>[0]) =>
  Effect.flatten(control((emulator) => emulator.disturb(disturbance)))

const arm = (fault: Faults.Fault) => Effect.flatten(control((emulator) => emulator.faults.add(fault)))

const grow = (clusterId: string) =>
  Effect.flatMap(AddShard, (addShard) =>
    addShard({
      clusterId,
      nodeCount: 2,
      subnetAssignments: { primary: { id: "subnet-x" }, replicas: [{ id: "subnet-y" }] }
    })
  )

it.effect("a cluster in service is deleted with one call, and the wait ends when it is gone", () =>
  Effect.gen(function* () {
    const { deletions, left, result, writes } = yield* removal(() => Effect.void)
    assert.strictEqual(result._tag, "Right")
    assert.deepStrictEqual(left, [])
    assert.deepStrictEqual(writes, { DeleteCluster: 1 })
    assert.strictEqual(deletions, 1)
  })
)

it.effect("a cluster in mid-change is deleted once the change has ended", () =>
  Effect.gen(function* () {
    const { left, writes } = yield* removal(grow)
    assert.deepStrictEqual(left, [])
    assert.deepStrictEqual(writes, { DeleteCluster: 1 })
  })
)

it.effect("a failed cluster is deleted", () =>
  Effect.gen(function* () {
    const { left } = yield* removal((clusterId) => disturb({ _tag: "FailCluster", clusterId }))
    assert.deepStrictEqual(left, [])
  })
)

it.effect("a cluster that was made just now and does not show yet is deleted all the same", () =>
  inCloud(
    Effect.gen(function* () {
      const createCluster = yield* CreateCluster
      const { objectId } = yield* createCluster(spec)
      yield* removeCluster(objectId)
      assert.deepStrictEqual(yield* clustersLeft, [])
    })
  )
)

it.effect("a cluster that is gone already needs nothing", () =>
  Effect.gen(function* () {
    const { result, writes } = yield* removal((clusterId) => removeCluster(clusterId))
    assert.strictEqual(result._tag, "Right")
    assert.deepStrictEqual(writes, {})
  })
)

it.effect("a cluster that nobody ever saw counts as gone", () =>
  inCloud(
    Effect.gen(function* () {
      yield* removeCluster("never-made")
      assert.deepStrictEqual(yield* clustersLeft, [])
    })
  )
)

for (const [mishap, action] of Object.entries({
  "whose answer is lost": Faults.loseAnswer,
  "that drops": Faults.drop,
  "that is answered 500": Faults.status(500),
  "that is throttled": Faults.throttle("2 seconds")
})) {
  it.effect(`a deletion ${mishap} happens once`, () =>
    Effect.gen(function* () {
      const { left, result, writes } = yield* removal(() => arm({ match: { operation: "DeleteCluster" }, do: action }))
      assert.strictEqual(result._tag, "Right")
      assert.deepStrictEqual(left, [])
      assert.deepStrictEqual(writes, { DeleteCluster: 1 })
    })
  )
}

it.effect("a deletion that is forbidden ends at once", () =>
  Effect.gen(function* () {
    const { deletions, result } = yield* removal(() =>
      arm({ match: { operation: "DeleteCluster", times: "always" }, do: Faults.status(403) })
    )
    assert.strictEqual(result._tag === "Left" ? result.left._tag : "gone", "Forbidden")
    assert.strictEqual(deletions, 1)
  })
)

it.effect("a cluster that stays busy times out, and is told", () =>
  Effect.gen(function* () {
    const { left, result } = yield* removal((clusterId) =>
      Effect.zipRight(grow(clusterId), disturb({ _tag: "StickOperation", clusterId }))
    )
    if (result._tag !== "Left") return assert.fail("it was removed")
    assert.strictEqual(result.left._tag, "WaitTimedOut")
    assert.match(result.left.message, /to be gone; last seen: /)
    assert.deepStrictEqual(left, ["source"])
  })
)
