import { assert, it } from "@effect/vitest"
import { AddReplica } from "@memstore-flows/api/AddReplica"
import { AddShard } from "@memstore-flows/api/AddShard"
import { DeleteNode } from "@memstore-flows/api/DeleteNode"
import { DeleteShard } from "@memstore-flows/api/DeleteShard"
import { ListBackups } from "@memstore-flows/api/ListBackups"
import { ListClusters } from "@memstore-flows/api/ListClusters"
import { ListShards } from "@memstore-flows/api/ListShards"
import type { Node } from "@memstore-flows/api/Node"
import type { Disturbance } from "@memstore-flows/emulator/Disturbance"
import { Emulator } from "@memstore-flows/emulator/Emulator"
import * as Faults from "@memstore-flows/emulator/Faults"
import * as Engine from "@memstore-flows/engine/Engine"
import * as Journal from "@memstore-flows/engine/Journal"
import * as Runs from "@memstore-flows/engine/Runs"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as EvacuateSubnet from "../src/EvacuateSubnet.js"
import { inCloud, shardsOf } from "./support/Cloud.js"
import { clusterLike, specOf } from "./support/Fixture.js"
import { virtually } from "./support/VirtualClock.js"

const createdAt = "2026-01-01T00:00:00Z"

const node = (id: string, role: "primary" | "replica", subnetId: string): Node => ({
  id,
  name: id,
  status: "Running",
  role,
  endpoint: id,
  subnet: { id: subnetId },
  createdAt
})

/** A shard whose auto-heal puts a new node into subnet y whenever one is deleted, in the place of one in z. */
const stubborn = Layer.suspend(() => {
  let nodes = [node("p", "primary", "x"), node("y-0", "replica", "y"), node("y-1", "replica", "y")]
  let born = 1
  const accepted = Effect.succeed({ objectId: "c" })
  const never = () => Effect.dieMessage("not called")
  return Layer.mergeAll(
    Layer.succeed(ListShards, () =>
      Effect.sync(() => ({
        shards: [{ id: "001", name: "001", status: "Running", slots: "0-16383", createdAt, nodes }]
      }))
    ),
    Layer.succeed(AddReplica, ({ subnet }) => {
      nodes = [...nodes, node(`${subnet.id}-${++born}`, "replica", subnet.id)]
      return accepted
    }),
    Layer.succeed(DeleteNode, ({ nodeId }) => {
      const healed = ({ subnet }: Node) => subnet.id === "z"
      nodes = nodes
        .filter(({ id }) => id !== nodeId)
        .map((each) => (healed(each) ? node(`y-${++born}`, "replica", "y") : each))
      return accepted
    }),
    Layer.succeed(ListBackups, () => Effect.succeed({ backups: [] })),
    Layer.succeed(ListClusters, () => Effect.succeed({ clusters: [] })),
    Layer.succeed(AddShard, never),
    Layer.succeed(DeleteShard, never)
  )
})

it.effect("a subnet to which nodes keep coming back is given up, naming those that stand there", () =>
  Effect.gen(function* () {
    const payload = { clusterId: "c", subnetId: "y", to: ["z"] as const }
    yield* Runs.start(EvacuateSubnet.flow, { payload, id: "run" })
    const outcome = yield* Runs.outcome(EvacuateSubnet.flow, "run")
    if (outcome._tag !== "Failed" || outcome.error._tag !== "SubnetRefilled") {
      return assert.fail(JSON.stringify(outcome))
    }
    assert.deepInclude(outcome.error, { clusterId: "c", subnetId: "y", moves: 4 })
    assert.strictEqual(outcome.error.left.length, 2)
  }).pipe(
    Effect.provide(
      EvacuateSubnet.layer.pipe(
        Layer.provideMerge(Engine.layer()),
        Layer.provide(Journal.layerMemory),
        Layer.provide(stubborn)
      )
    ),
    virtually
  )
)

interface Named {
  readonly clusterId: string
  readonly shardId: string
  readonly nodeId: string
}

/** What befalls the replica that is to be moved. */
const blows: Readonly<Record<string, (named: Named) => Disturbance>> = {
  dies: (named) => ({ _tag: "FailNode", ...named }),
  "becomes primary": (named) => ({ _tag: "SwitchPrimary", ...named })
}

/** Evacuates subnet y while a blow falls at the n-th look at the shards; gives how often it fell. */
const evacuate = (blow: (named: Named) => Disturbance, nth: number) =>
  inCloud(
    Effect.gen(function* () {
      const clusterId = yield* clusterLike({
        ...specOf(1),
        subnetAssignments: [{ primary: { id: "subnet-x" }, replicas: [{ id: "subnet-y" }, { id: "subnet-z" }] }]
      })
      const before = yield* shardsOf(clusterId)
      const moving = before[0]?.nodes.find(({ subnet }) => subnet.id === "subnet-y")?.id ?? ""
      const { faults } = yield* Emulator
      const disturbance = blow({ clusterId, shardId: "001", nodeId: moving })
      yield* faults.add({ match: { operation: "ListShards", nth }, do: Faults.disturb(disturbance) })
      const payload = { clusterId, subnetId: "subnet-y", to: ["subnet-z"] as const }
      yield* Runs.start(EvacuateSubnet.flow, { payload, id: "run" })
      const outcome = yield* Runs.outcome(EvacuateSubnet.flow, "run")
      if (outcome._tag !== "Succeeded") return assert.fail(`${nth}: ${JSON.stringify(outcome)}`)
      yield* Effect.sleep("10 minutes")
      const [shard] = yield* shardsOf(clusterId)
      const left = (shard?.nodes ?? []).filter(({ subnet }) => subnet.id === "subnet-y")
      assert.strictEqual(shard?.nodes.length, 3, `${nth}: ${JSON.stringify(outcome.value.moves)}`)
      assert.deepStrictEqual(
        left.map(({ id }) => id),
        outcome.value.unmoved.map(({ nodeId }) => nodeId),
        `${nth}`
      )
      assert.isTrue(left.every(({ role }) => role === "primary"))
      return (yield* faults.list).reduce((sum, { fired }) => sum + fired, 0)
    }).pipe(
      Effect.provide(EvacuateSubnet.layer.pipe(Layer.provideMerge(Engine.layer()), Layer.provide(Journal.layerMemory)))
    )
  )

for (const [what, blow] of Object.entries(blows)) {
  it.effect(`a replica that ${what} in mid-move is planned for anew: the subnet is left, and no node is too many`, () =>
    Effect.gen(function* () {
      let fired = 0
      for (let nth = 1; nth <= 12; nth++) fired += yield* evacuate(blow, nth)
      assert.isAtLeast(fired, 9)
    })
  )
}
