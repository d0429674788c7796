import { assert, describe, it } from "@effect/vitest"
import { AddReplica } from "@memstore-flows/api/AddReplica"
import { Emulator } from "@memstore-flows/emulator/Emulator"
import * as Faults from "@memstore-flows/emulator/Faults"
import type * as Outcome from "@memstore-flows/engine/Outcome"
import * as Runs from "@memstore-flows/engine/Runs"
import * as Latencies from "@memstore-flows/model/Latencies"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Schema from "effect/Schema"
import * as EvacuateSubnet from "../src/EvacuateSubnet.js"
import * as Placement from "../src/Placement.js"
import * as ReplaceReplica from "../src/ReplaceReplica.js"
import type * as Rehearsal from "../src/rehearsal/Rehearsal.js"
import * as ScaleOut from "../src/ScaleOut.js"
import * as ScaleTo from "../src/ScaleTo.js"
import * as SetReplicaCount from "../src/SetReplicaCount.js"
import * as WaitPolicy from "../src/WaitPolicy.js"
import { open, tagsOf } from "./catalogue/FlowContract.js"
import { type CloudOptions, type CloudServices, inCloud, shardsOf, sharedJournal } from "./support/Cloud.js"
import { backedUp, clusterLike, specOf } from "./support/Fixture.js"
import { watch } from "./support/Scenario.js"
import { silent } from "./support/Silent.js"
import { reportOf } from "./support/Undone.js"

/** A node that dies is gone at once; the one that takes its place does not show for a while. */
const unseenFor = (visibility: number): Latencies.Latencies => ({
  ...Latencies.fast,
  detect: 0,
  visibility,
  replace: 60_000
})

const services: Readonly<Record<string, CloudOptions>> = {
  "and the service says how many there are": {},
  "and the service says nothing": { transformClient: silent }
}

type Pure = Schema.Schema.AnyNoContext | typeof Schema.Never

interface Story {
  readonly cluster?: Effect.Effect<string, unknown, CloudServices>
  readonly faults?: (clusterId: string) => Effect.Effect<ReadonlyArray<Faults.Fault>, unknown, CloudServices>
  readonly policy?: Partial<WaitPolicy.WaitPolicySettings>
  readonly cloud?: CloudOptions
}

/** A flow, and how it ends: the outcome, and how many nodes each shard has an hour later. */
const ending =
  <Name extends string, P extends Schema.Schema.AnyNoContext, S extends Pure, E extends Pure>(
    { body, flow }: Rehearsal.Rehearsable<Name, P, S, E>,
    payloadOf: (clusterId: string) => Effect.Effect<P["Type"], unknown, CloudServices>
  ) =>
  ({ cloud = {}, cluster = backedUp(1), faults = () => Effect.succeed([]), policy = {} }: Story) =>
    inCloud(
      Effect.gen(function* () {
        const clusterId = yield* cluster
        const emulator = yield* Emulator
        const payload = yield* payloadOf(clusterId)
        for (const fault of yield* faults(clusterId)) yield* emulator.faults.add(fault)
        const watched = yield* watch
        const { use } = yield* open(flow.toLayer(body), yield* sharedJournal)
        const from = yield* Clock.currentTimeMillis
        yield* use(Runs.start(flow, { payload, id: "run" }))
        const outcome: Outcome.Outcome<unknown, unknown> = yield* use(Runs.outcome(flow, "run"))
        const took = (yield* Clock.currentTimeMillis) - from
        const fired = (yield* emulator.faults.list).reduce((sum, fault) => sum + fault.fired, 0)
        yield* Effect.sleep("1 hour")
        const counts = (yield* shardsOf(clusterId)).map(({ nodes }) => nodes.length)
        return { outcome, counts, took, fired, writes: yield* watched.writes }
      }).pipe(Effect.provideService(WaitPolicy.WaitPolicy, WaitPolicy.make(policy))),
      { latencies: unseenFor(20_000), ...cloud }
    )

/** The same, of a payload that names nothing but the cluster. */
const told = <Name extends string, P extends Schema.Schema.AnyNoContext, S extends Pure, E extends Pure>(
  flow: Rehearsal.Rehearsable<Name, P, S, E>,
  payload: Omit<P["Type"], "clusterId">
) => ending(flow, (clusterId) => Effect.succeed({ ...payload, clusterId }))

/** A replica of the first shard dies just before a look at the shards. */
const diesBefore = (nth: number) => (clusterId: string) =>
  Effect.succeed([
    { match: { operation: "ListShards" as const, nth }, do: Faults.disturb({ _tag: "FailNode", clusterId }) }
  ])

const elsewhere = { subnetId: "subnet-x", to: ["subnet-y", "subnet-z"] as const }

const flows = {
  ScaleOut: told(ScaleOut, { add: 1 }),
  ScaleTo: told(ScaleTo, { shards: 3 }),
  "SetReplicaCount, to fewer": told(SetReplicaCount, { nodesPerShard: 2 }),
  EvacuateSubnet: told(EvacuateSubnet, elsewhere),
  "EvacuateSubnet, shards too": told(EvacuateSubnet, { ...elsewhere, primaries: "replaceShard" })
}

const tagOf = ({ outcome }: { readonly outcome: Outcome.Outcome<unknown, unknown> }) =>
  outcome._tag === "Failed" ? tagsOf(outcome.error).join() : outcome._tag

describe("a node that died is not shown, nor is the one that takes its place", () => {
  for (const [says, cloud] of Object.entries(services)) {
    for (const [name, flow] of Object.entries(flows)) {
      it.effect(`${name}: success means as many nodes as ever, when there are two shards, ${says}`, () =>
        Effect.gen(function* () {
          const cluster = backedUp(2)
          const calm = yield* flow({ cloud, cluster })
          assert.strictEqual(tagOf(calm), "Succeeded")
          for (let nth = 1; nth <= 4; nth++) {
            const ended = yield* flow({ cloud, cluster, faults: diesBefore(nth) })
            assert.strictEqual(ended.fired, 1)
            if (nth === 1) assert.strictEqual(tagOf(ended), "Succeeded")
            if (tagOf(ended) === "Succeeded") assert.sameMembers(ended.counts, calm.counts, `look ${nth}`)
          }
        })
      )
    }
  }

  for (const [name, flow] of Object.entries(flows)) {
    // The only replicas of a single shard stand elsewhere already.
    if (name === "EvacuateSubnet") continue
    it.effect(`${name}: success means as many nodes as ever, when there is one shard and the service says so`, () =>
      Effect.gen(function* () {
        const calm = yield* flow({})
        const ended = yield* flow({ faults: diesBefore(1) })
        assert.strictEqual(tagOf(ended), "Succeeded")
        assert.sameMembers(ended.counts, calm.counts)
      })
    )
  }

  it.effect("SetReplicaCount: what shows up at last leaves, until the count holds", () =>
    Effect.gen(function* () {
      const cluster = Effect.gen(function* () {
        const clusterId = yield* backedUp(3)
        const emulator = yield* Emulator
        for (const shardId of ["001", "002", "003"]) {
          yield* emulator.disturb({ _tag: "FailNode", clusterId, shardId })
          yield* Effect.sleep("6 seconds")
        }
        return clusterId
      })
      const ended = yield* flows["SetReplicaCount, to fewer"]({ cluster })
      assert.strictEqual(tagOf(ended), "Succeeded")
      assert.deepStrictEqual(ended.counts, [2, 2, 2])
    })
  )

  for (const name of ["ScaleOut", "ScaleTo", "EvacuateSubnet, shards too"] as const) {
    it.effect(`${name}: a new shard like the only one is refused when that one turns out to have more nodes`, () =>
      Effect.gen(function* () {
        const ended = yield* flows[name]({ cloud: { transformClient: silent }, faults: diesBefore(1) })
        assert.strictEqual(tagOf(ended), "CountedShort")
        assert.deepStrictEqual(reportOf(ended.outcome).notUndone, [])
        assert.deepStrictEqual(ended.counts, [3])
      })
    )
  }
})

describe("shards that are not alike", () => {
  const uneven = Effect.gen(function* () {
    const clusterId = yield* backedUp(2)
    yield* Effect.flatMap(AddReplica, (send) => send({ clusterId, shardId: "001", subnet: { id: "subnet-z" } }))
    yield* Effect.sleep("2 minutes")
    return clusterId
  })

  it.effect("are given a while to become so before others are placed like them, and are then taken as they are", () =>
    Effect.gen(function* () {
      const both = told(ScaleOut, { add: 2 })
      const ended = yield* both({ cluster: uneven })
      const hasty = yield* both({ cluster: uneven, policy: { heal: Duration.zero } })
      const heal = Duration.toMillis(WaitPolicy.defaults.heal)
      assert.deepStrictEqual(ended.counts, [4, 3, 4, 3])
      assert.deepStrictEqual(hasty.counts, [4, 3, 4, 3])
      assert.isAtLeast(ended.took, heal)
      assert.isBelow(hasty.took, heal)
    })
  )

  it.effect("are placed without a wait where the caller says where", () =>
    Effect.gen(function* () {
      const newShards = [{ primary: { id: "subnet-x" }, replicas: [{ id: "subnet-y" }] }]
      const ended = yield* told(ScaleOut, { add: 1, newShards })({ cluster: uneven })
      assert.deepStrictEqual(ended.counts, [4, 3, 2])
      assert.isBelow(ended.took, Duration.toMillis(WaitPolicy.defaults.heal))
    })
  )

  it.effect("are made alike without a wait where the service says how many nodes there are", () =>
    Effect.gen(function* () {
      const ended = yield* told(SetReplicaCount, { nodesPerShard: 3 })({ cluster: uneven })
      assert.deepStrictEqual(ended.counts, [3, 3])
      assert.isBelow(ended.took, Duration.toMillis(WaitPolicy.defaults.heal))
    })
  )
})

describe("a replica that was asked for in vain", () => {
  const asked = { operation: "AddReplica" as const }
  const faults = (clusterId: string) =>
    Effect.map(diesBefore(1)(clusterId), (dies) => [
      ...dies,
      { match: { ...asked, nth: 1 }, do: Faults.status(500) },
      { match: { ...asked, nth: 2 }, do: Faults.status(403) }
    ])
  const cloud = { latencies: { ...unseenFor(1000), replace: 10_000 } }

  it.effect("is not undone by taking away what auto-heal may have brought, which is reported", () =>
    Effect.gen(function* () {
      const ended = yield* told(SetReplicaCount, { nodesPerShard: 4 })({ cluster: backedUp(2), cloud, faults })
      assert.strictEqual(ended.fired, 3)
      assert.strictEqual(tagOf(ended), "Forbidden")
      assert.deepStrictEqual(ended.counts, [3, 3])
      const left = reportOf(ended.outcome).notUndone.map(({ step }) => step)
      assert.deepStrictEqual(left, ["shard 001/add +1"])
    })
  )
})

describe("the deletion of a node", () => {
  const four = clusterLike({
    ...specOf(2),
    nodeCountPerShard: 4,
    subnetAssignments: Array.from({ length: 2 }, () => ({
      primary: { id: "subnet-x" },
      replicas: [{ id: "subnet-y" }, { id: "subnet-y" }, { id: "subnet-z" }]
    }))
  })
  const fewer = told(SetReplicaCount, { nodesPerShard: 2 })
  const first = { operation: "DeleteNode" as const, nth: 1 }
  const leaving = (clusterId: string) =>
    Effect.map(shardsOf(clusterId), ([shard]) => (shard === undefined ? "" : (Placement.leastNeeded(shard) ?? "")))
  const dies = (call: Faults.Action) => (clusterId: string) =>
    Effect.map(leaving(clusterId), (nodeId) => [
      { match: first, do: Faults.disturb({ _tag: "FailNode", clusterId, shardId: "001", nodeId }) },
      { match: first, do: call }
    ])
  const cloud = { latencies: unseenFor(1000) }

  it.effect("is its own when the call was accepted, though another node shows up just then", () =>
    Effect.gen(function* () {
      const ended = yield* fewer({ cluster: four, cloud, faults: diesBefore(1) })
      assert.strictEqual(tagOf(ended), "Succeeded")
      assert.deepStrictEqual(ended.counts, [2, 2])
    })
  )

  it.effect("is reported, though another node shows up just then, when a later one is not permitted", () =>
    Effect.gen(function* () {
      const faults = (clusterId: string) =>
        Effect.map(diesBefore(1)(clusterId), (dies) => [
          ...dies,
          { match: { operation: "DeleteNode" as const, nth: 2 }, do: Faults.status(403) }
        ])
      const ended = yield* fewer({ cluster: four, cloud, faults })
      const left = reportOf(ended.outcome).notUndone.map(({ step }) => step)
      assert.strictEqual(tagOf(ended), "Forbidden")
      assert.deepStrictEqual(left, ["shard 001/delete -1"])
      assert.deepStrictEqual(ended.counts, [3, 4])
    })
  )

  it.effect("goes on with another node, when the one to leave becomes primary or dies just then", () =>
    Effect.gen(function* () {
      for (const _tag of ["SwitchPrimary", "FailNode"] as const) {
        const faults = (clusterId: string) =>
          Effect.map(leaving(clusterId), (nodeId) => [
            { match: first, do: Faults.disturb({ _tag, clusterId, shardId: "001", nodeId }) }
          ])
        const ended = yield* fewer({ faults, cloud: { transformClient: silent } })
        assert.strictEqual(tagOf(ended), "Succeeded", _tag)
        assert.strictEqual(ended.fired, 1, _tag)
        assert.deepStrictEqual(ended.counts, [2], _tag)
      }
    })
  )

  it.effect("is not taken for done when the node died by itself, and another is to take its place", () =>
    Effect.gen(function* () {
      const replace = ending(ReplaceReplica, (clusterId) =>
        Effect.map(leaving(clusterId), (nodeId) => ({ clusterId, shardId: "001", nodeId, subnetId: "subnet-z" }))
      )
      const ended = yield* replace({ faults: dies(Faults.drop) })
      assert.strictEqual(tagOf(ended), "ReplicaChanged")
      assert.strictEqual(ended.fired, 2)
      assert.deepStrictEqual(ended.counts, [3])
      assert.deepStrictEqual(reportOf(ended.outcome).notUndone, [])
    })
  )

  it.effect("is made up for when the node died by itself, and its replacement shows up later", () =>
    Effect.gen(function* () {
      const ended = yield* fewer({ faults: dies(Faults.status(500)) })
      assert.strictEqual(tagOf(ended), "Succeeded")
      assert.strictEqual(ended.fired, 2)
      assert.deepStrictEqual(ended.counts, [2])
    })
  )
})
