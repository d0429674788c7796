import { assert, describe, it } from "@effect/vitest"
import type { Node } from "@memstore-flows/api/Node"
import type { Shard } from "@memstore-flows/api/Shard"
import * as Slots from "@memstore-flows/api/Slots"
import * as Either from "effect/Either"
import * as FastCheck from "effect/FastCheck"
import * as SlotPlan from "../src/SlotPlan.js"
import * as Topology from "../src/Topology.js"
import * as View from "../src/View.js"
import { history, play } from "./support/commands.js"
import { subnetA, subnetB } from "./support/projects.js"

const node = (id: string, overrides: Partial<Node> = {}): Node => ({
  id,
  name: `c-001-${id}`,
  subnet: { id: subnetA },
  endpoint: `10.0.0.${id}`,
  role: "replica",
  status: "Running",
  createdAt: "2026-01-01T00:00:00Z",
  ...overrides
})

const shard = (id: string, overrides: Partial<Shard> = {}): Shard => ({
  id,
  name: `c-${id}`,
  slots: "0-16383",
  nodes: [node(`${id}1`, { role: "primary" }), node(`${id}2`)],
  status: "Running",
  createdAt: "2026-01-01T00:00:00Z",
  ...overrides
})

const anyShards = history.map((steps) => {
  const last = play(steps).at(-1)
  const cluster = last?.state.clusters[0]
  if (last === undefined || cluster === undefined) return []
  return Either.getOrElse(View.listShards(last.state, cluster.id, last.now), () => [])
})

describe("make", () => {
  it("does not depend on the order of the answer", () =>
    assert.deepStrictEqual(Topology.make([shard("002"), shard("001")]), Topology.make([shard("001"), shard("002")])))
})

describe("unstable", () => {
  const tags = (shards: ReadonlyArray<Shard>) => Topology.unstable(Topology.make(shards)).map(({ _tag }) => _tag)

  it("finds nothing wrong with a cluster at rest", () => {
    assert.deepStrictEqual(tags([shard("001", { slots: "0-99" }), shard("002", { slots: "100-16383" })]), [])
    assert.isTrue(Topology.isStable(Topology.make([shard("001")])))
  })

  it("names what keeps a cluster from rest", () => {
    assert.deepStrictEqual(tags([]), ["NoShards"])
    assert.deepStrictEqual(tags([shard("001", { status: "Modifying" })]), ["NotInService"])
    assert.deepStrictEqual(tags([shard("001", { status: "Recovering" })]), ["NotInService"])
    assert.deepStrictEqual(tags([shard("001", { slots: "0-99" })]), ["SlotsMissing"])
    assert.deepStrictEqual(tags([shard("001"), shard("002", { slots: "5" })]), ["SlotsOverlapping"])
    assert.deepStrictEqual(tags([shard("001"), shard("002", { slots: "" })]), ["NoSlots"])
    assert.deepStrictEqual(tags([shard("001"), shard("002", { slots: "all" })]), ["SlotsUnreadable"])
    assert.deepStrictEqual(tags([shard("001", { nodes: [node("1"), node("2")] })]), ["Primaries"])
    assert.deepStrictEqual(tags([shard("001", { nodes: [node("1", { role: "primary" })] })]), ["NoReplicas"])
    const mute = shard("001", { nodes: [node("1", { role: "primary" }), node("2", { endpoint: "" })] })
    assert.deepStrictEqual(tags([mute]), ["NoEndpoint"])
  })
})

describe("coverage and extent", () => {
  it("count an unreadable shard as holding nothing, and name it", () => {
    const topology = Topology.make([shard("001", { slots: "0-99" }), shard("002", { slots: "?" })])
    assert.deepStrictEqual(Topology.coverage(topology), {
      missing: [{ start: 100, end: 16383 }],
      overlapping: [],
      unreadable: ["002"]
    })
    assert.deepStrictEqual(Topology.extent(topology), { min: 0, max: 100 })
  })

  it("agree with the plan they were made by", () => {
    for (let count = 1; count <= 12; count++) {
      const shards = SlotPlan.even(count).map((slots, index) => shard(String(index), { slots: Slots.format(slots) }))
      assert.isTrue(Topology.isCovered(Topology.make(shards)))
    }
  })
})

describe("diff", () => {
  it("names nodes, roles, slots and addresses that changed", () => {
    const before = Topology.make([
      shard("001", { nodes: [node("1", { role: "primary" }), node("2"), node("3")], slots: "0-16383" })
    ])
    const after = Topology.make([
      shard("001", { nodes: [node("1"), node("2", { role: "primary" })], slots: "0-99" }),
      shard("002", { nodes: [node("4", { role: "primary" }), node("5", { endpoint: "" })], slots: "100-16383" })
    ])
    const diff = Topology.diff(before, after)
    assert.deepStrictEqual(
      [diff.shardsAdded.map(({ id }) => id), diff.shardsRemoved, diff.nodesAdded.map(({ node: { id } }) => id)],
      [["002"], [], ["4", "5"]]
    )
    assert.deepStrictEqual(
      diff.nodesRemoved.map(({ node: { id }, shardId }) => [shardId, id]),
      [["001", "3"]]
    )
    assert.deepStrictEqual(diff.rolesChanged, [
      { shardId: "001", nodeId: "1", before: "primary", after: "replica" },
      { shardId: "001", nodeId: "2", before: "replica", after: "primary" }
    ])
    assert.deepStrictEqual(diff.slotsChanged, [{ shardId: "001", before: "0-16383", after: "0-99" }])
    assert.deepStrictEqual([diff.endpointsAdded, diff.endpointsRemoved], [["10.0.0.4"], ["10.0.0.3"]])
  })

  it.prop("finds nothing between a snapshot and itself", [anyShards], ([shards]) => {
    const topology = Topology.make(shards)
    for (const list of Object.values(Topology.diff(topology, topology))) assert.deepStrictEqual(list, [])
  })

  it.prop("turns around when the snapshots do", [anyShards, anyShards], ([left, right]) => {
    const [a, b] = [Topology.make(left), Topology.make(right)]
    const there = Topology.diff(a, b)
    const back = Topology.diff(b, a)
    assert.deepStrictEqual(there.shardsAdded, back.shardsRemoved)
    assert.deepStrictEqual(there.nodesAdded, back.nodesRemoved)
    assert.deepStrictEqual(there.endpointsRemoved, back.endpointsAdded)
    assert.strictEqual(
      Topology.nodeCount(a) + there.nodesAdded.length - there.nodesRemoved.length,
      Topology.nodeCount(b)
    )
  })

  it.prop("tells what it was built from", [anyShards, FastCheck.nat(5)], ([shards, drop]) => {
    const all = Topology.make(shards)
    const fewer = Topology.make(all.shards.filter((_, index) => index !== drop))
    assert.deepStrictEqual(Topology.diff(fewer, all).shardsAdded, all.shards.slice(drop, drop + 1))
  })
})

describe("newNode", () => {
  const before = Topology.make([shard("001"), shard("002", { slots: "" })])
  const find = (added: ReadonlyArray<Node>, since?: string) =>
    Topology.newNode({
      before,
      after: Topology.make([
        shard("001", { nodes: [...(before.shards[0]?.nodes ?? []), ...added] }),
        shard("002", { nodes: [node("0029")] })
      ]),
      shardId: "001",
      subnetId: subnetB,
      since
    })

  it("finds the one replica that is new in that shard and subnet", () => {
    const mine = node("9", { subnet: { id: subnetB } })
    assert.deepStrictEqual(find([mine, node("8")]), { _tag: "Found", value: mine })
  })

  it("says so when none fits yet, and never takes a primary or an older node", () => {
    assert.deepStrictEqual(find([]), { _tag: "Missing" })
    assert.deepStrictEqual(find([node("9", { subnet: { id: subnetB }, role: "primary" })]), { _tag: "Missing" })
    assert.deepStrictEqual(find([node("9", { subnet: { id: subnetB } })], "2026-01-01T00:00:01Z"), { _tag: "Missing" })
  })

  it("says so when several fit, oldest first", () => {
    const late = node("8", { subnet: { id: subnetB }, createdAt: "2026-01-01T00:00:09Z" })
    const early = node("9", { subnet: { id: subnetB } })
    assert.deepStrictEqual(find([late, early]), { _tag: "Ambiguous", candidates: [early, late] })
  })
})

describe("newShard", () => {
  it("finds the shard that was not there before", () => {
    const before = Topology.make([shard("001")])
    const after = Topology.make([shard("001"), shard("002")])
    assert.deepStrictEqual(Topology.newShard({ before, after }), { _tag: "Found", value: shard("002") })
    assert.deepStrictEqual(Topology.newShard({ before, after: before }), { _tag: "Missing" })
    const two = Topology.make([shard("001"), shard("002"), shard("003")])
    assert.strictEqual(Topology.newShard({ before, after: two })._tag, "Ambiguous")
  })
})
