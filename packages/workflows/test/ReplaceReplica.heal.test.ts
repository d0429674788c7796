import { assert, describe, it } from "@effect/vitest"
import type { Node } from "@memstore-flows/api/Node"
import type { Disturbance } from "@memstore-flows/emulator/Disturbance"
import { Emulator } from "@memstore-flows/emulator/Emulator"
import * as Faults from "@memstore-flows/emulator/Faults"
import * as Runs from "@memstore-flows/engine/Runs"
import * as Effect from "effect/Effect"
import * as ReplaceReplica from "../src/ReplaceReplica.js"
import { type CloudOptions, flows, inCloud, shardsOf } from "./support/Cloud.js"
import { clusterLike, replacePayload, source, specOf } from "./support/Fixture.js"
import { watch } from "./support/Scenario.js"
import { reportOf } from "./support/Undone.js"

interface Told {
  readonly payload: ReplaceReplica.Payload
  readonly nodes: ReadonlyArray<Node>
}

/** What happens to the shard at the n-th request of a kind. */
interface Blow {
  readonly operation: "ListShards" | "DeleteNode" | "AddReplica"
  readonly nth: number
  readonly what: (told: Told) => Disturbance
}

const nodesOf = (clusterId: string, shardId: string) =>
  Effect.map(shardsOf(clusterId), (shards) => shards.find(({ id }) => id === shardId)?.nodes ?? [])

/** Replaces a replica while blows fall, and looks at the shard when everything has come to rest. */
const replaceUnder = (
  blows: ReadonlyArray<Blow>,
  { cluster = source(2), keep = false, options = {} as CloudOptions, faults = [] as ReadonlyArray<Faults.Fault> } = {}
) =>
  inCloud(
    Effect.gen(function* () {
      const clusterId = yield* cluster
      const payload = { ...(yield* replacePayload(clusterId)), ...(keep ? { onUndo: "keep" as const } : {}) }
      const before = yield* nodesOf(clusterId, payload.shardId)
      const emulator = yield* Emulator
      for (const { nth, operation, what } of blows) {
        const disturbance = what({ payload, nodes: before })
        yield* emulator.faults.add({ match: { operation, nth }, do: { _tag: "Disturb", disturbance } })
      }
      for (const fault of faults) yield* emulator.faults.add(fault)
      const watched = yield* watch
      yield* Runs.start(ReplaceReplica.flow, { payload, id: "run" })
      const outcome = yield* Runs.outcome(ReplaceReplica.flow, "run")
      yield* Effect.sleep("10 minutes")
      const after = yield* nodesOf(clusterId, payload.shardId)
      const deletions = (yield* watched.journal).filter(
        ({ applied, operation }) => applied && operation === "DeleteNode"
      )
      const fired = (yield* emulator.faults.list).reduce((sum, fault) => sum + fault.fired, 0)
      const isDeleted = (id: string) => deletions.some(({ path }) => path.endsWith(`/${id}`))
      return {
        payload,
        before,
        after,
        outcome,
        fired,
        writes: yield* watched.writes,
        report: reportOf(outcome),
        deletedNamed: isDeleted(payload.nodeId),
        deletedOther: before.some(({ id }) => id !== payload.nodeId && isDeleted(id))
      }
    }).pipe(Effect.provide(flows())),
    options
  )

type Ended = Effect.Effect.Success<ReturnType<typeof replaceUnder>>

const errorOf = ({ outcome }: Ended) => (outcome._tag === "Failed" ? outcome.error._tag : outcome._tag)

/** What must hold however a run ended. */
const checkInvariants = (ended: Ended, where: string) => {
  assert.isFalse(ended.deletedOther, `${where}: another replica was taken`)
  assert.isAtMost(ended.writes["AddReplica"] ?? 0, 1, where)
  assert.strictEqual(ended.after.filter(({ role }) => role === "primary").length, 1, where)
  const reported = ended.report.notUndone.length > 0
  if (!reported) assert.strictEqual(ended.after.length, ended.before.length, `${where}: ${errorOf(ended)}`)
  if (errorOf(ended) === "ReplicaChanged")
    assert.deepStrictEqual(ended.report, { undone: ended.report.undone, notUndone: [] }, where)
  if (ended.outcome._tag !== "Succeeded") return
  const { added } = ended.outcome.value
  assert.strictEqual(ended.after.find(({ id }) => id === added)?.subnet.id, "subnet-z", where)
  assert.isUndefined(
    ended.after.find(({ id }) => id === ended.payload.nodeId),
    where
  )
  assert.deepStrictEqual(ended.writes, { AddReplica: 1, DeleteNode: 1 }, where)
}

const place = ({ payload }: Told) => ({ clusterId: payload.clusterId, shardId: payload.shardId })

const another = ({ nodes, payload }: Told) =>
  nodes.find(({ id, role }) => role === "replica" && id !== payload.nodeId)?.id ?? "none"

const anotherDies = (told: Told): Disturbance => ({ _tag: "FailNode", ...place(told), nodeId: another(told) })

/** `Refused`: it happened before the preflight saw the shard. */
const changed = ["Refused", "ReplicaChanged", "Succeeded"]

/** What may happen, and how a run may then end. */
const blows: Readonly<Record<string, readonly [(told: Told) => Disturbance, ReadonlyArray<string>]>> = {
  "another replica dies": [anotherDies, ["Succeeded"]],
  "the named replica dies": [(told) => ({ _tag: "FailNode", ...place(told), nodeId: told.payload.nodeId }), changed],
  "the primary dies": [(told) => ({ _tag: "FailNode", ...place(told), role: "primary" }), changed],
  "the named replica becomes primary": [
    (told) => ({ _tag: "SwitchPrimary", ...place(told), nodeId: told.payload.nodeId }),
    changed
  ],
  "another replica becomes primary": [
    (told) => ({ _tag: "SwitchPrimary", ...place(told), nodeId: another(told) }),
    ["Succeeded"]
  ]
}

const moments: ReadonlyArray<Pick<Blow, "operation" | "nth">> = [
  ...Array.from({ length: 11 }, (_, index) => ({ operation: "ListShards" as const, nth: index + 1 })),
  { operation: "AddReplica", nth: 1 },
  { operation: "DeleteNode", nth: 1 }
]

/** A shard with a replica in the wanted subnet already: the named one stands in y, another in z. */
const withOneInZ = clusterLike({
  ...specOf(1),
  subnetAssignments: [{ primary: { id: "subnet-x" }, replicas: [{ id: "subnet-y" }, { id: "subnet-z" }] }]
})

const withOneReplica = clusterLike({
  ...specOf(1),
  nodeCountPerShard: 2,
  subnetAssignments: [{ primary: { id: "subnet-x" }, replicas: [{ id: "subnet-y" }] }]
})

/** Lets one blow fall at each moment in turn; gives how the runs ended. */
const atEveryMoment = (
  what: (told: Told) => Disturbance,
  { cluster = source(2), healingStatus }: { cluster?: typeof withOneInZ; healingStatus: "Running" | "Modifying" }
) =>
  Effect.gen(function* () {
    const ends = new Set<string>()
    let fired = 0
    for (const moment of moments) {
      const options = { model: { settings: { healingStatus } } }
      const ended = yield* replaceUnder([{ ...moment, what }], { cluster, options })
      checkInvariants(ended, `${moment.operation} ${moment.nth}`)
      ends.add(errorOf(ended))
      fired += ended.fired
    }
    assert.isAtLeast(fired, moments.length - 2)
    return [...ends].sort()
  })

for (const healingStatus of ["Running", "Modifying"] as const) {
  describe(`in mid-flow, when the cloud shows ${healingStatus} while it heals`, () => {
    for (const [blow, [what, allowed]] of Object.entries(blows)) {
      if (healingStatus === "Modifying" && blow.endsWith("becomes primary")) continue
      it.effect(`${blow}: no other replica is taken in its stead, and the shard has as many nodes as before`, () =>
        Effect.gen(function* () {
          const ends = yield* atEveryMoment(what, { healingStatus })
          assert.includeMembers([...allowed], ends)
          assert.include(ends, "Succeeded")
          if (allowed.length > 1) assert.include(ends, "ReplicaChanged")
        })
      )
    }

    it.effect(
      "a replica in the wanted subnet dies: of the two that come one is the new one, and no node is too many",
      () =>
        Effect.gen(function* () {
          const ends = yield* atEveryMoment(anotherDies, { cluster: withOneInZ, healingStatus })
          assert.deepStrictEqual(ends, ["Succeeded"])
        })
    )

    it.effect("the only replica of a shard dies: the shard has as many nodes as before", () =>
      Effect.gen(function* () {
        const ends = yield* atEveryMoment(
          (told) => ({ _tag: "FailNode", ...place(told), nodeId: told.payload.nodeId }),
          { cluster: withOneReplica, healingStatus }
        )
        assert.includeMembers(changed, ends)
        assert.include(ends, "ReplicaChanged")
      })
    )
  })
}

const becomesPrimary = (told: Told): Disturbance => ({
  _tag: "SwitchPrimary",
  ...place(told),
  nodeId: told.payload.nodeId
})

it.effect(
  "the named replica dies while the call to delete it is lost: auto-heal's work is not taken for the run's",
  () =>
    Effect.gen(function* () {
      const what = (told: Told): Disturbance => ({ _tag: "FailNode", ...place(told), nodeId: told.payload.nodeId })
      const faults = [{ match: { operation: "DeleteNode" as const }, do: Faults.drop }]
      const options = { model: { settings: { healingStatus: "Modifying" as const } } }
      const ended = yield* replaceUnder([{ operation: "DeleteNode", nth: 1, what }], { options, faults })
      assert.strictEqual(errorOf(ended), "ReplicaChanged")
      checkInvariants(ended, "lost")
      assert.isFalse(ended.deletedNamed)
    })
)

it.effect("kept as asked, the new replica stays when the named one became primary, and the report says so", () =>
  Effect.gen(function* () {
    const ended = yield* replaceUnder([{ operation: "DeleteNode", nth: 1, what: becomesPrimary }], { keep: true })
    assert.strictEqual(errorOf(ended), "ReplicaChanged")
    assert.deepStrictEqual(ended.writes, { AddReplica: 1 })
    assert.strictEqual(ended.after.length, 4)
    assert.deepStrictEqual(
      ended.report.notUndone.map(({ reason, step }) => [step, reason.name]),
      [["add", "LeftInPlace"]]
    )
  })
)

for (const status of [404, 409, 422] as const) {
  it.effect(`a primary that the cloud refuses to delete with ${status} is told as such`, () =>
    Effect.gen(function* () {
      const options = { model: { settings: { statuses: { PrimaryNode: status } } } }
      const ended = yield* replaceUnder([{ operation: "DeleteNode", nth: 1, what: becomesPrimary }], { options })
      const { outcome } = ended
      assert.deepInclude(outcome._tag === "Failed" ? outcome.error : outcome, {
        _tag: "ReplicaChanged",
        nodeId: ended.payload.nodeId,
        became: "primary"
      })
      assert.strictEqual(ended.after.length, 3)
    })
  )
}
