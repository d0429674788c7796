import { assert, describe, it } from "@effect/vitest"
import type { Node } from "@memstore-flows/api/Node"
import type { Shard } from "@memstore-flows/api/Shard"
import * as FastCheck from "effect/FastCheck"
import * as EvacuateSubnet from "../src/EvacuateSubnet.js"
import * as Placement from "../src/Placement.js"

const createdAt = "2026-01-01T00:00:00Z"
const subnets = ["x", "y", "z"] as const
const subnet = FastCheck.constantFrom(...subnets)

/** A shard whose first node is the primary. */
const shardOf = (id: string, places: ReadonlyArray<string>): Shard => ({
  id,
  name: id,
  status: "Running",
  slots: "0-16383",
  createdAt,
  nodes: places.map(
    (each, index): Node => ({
      id: `${id}-${index}`,
      name: `${id}-${index}`,
      status: "Running",
      role: index === 0 ? "primary" : "replica",
      endpoint: `10.0.0.${index}`,
      subnet: { id: each },
      createdAt
    })
  )
})

const places = FastCheck.array(subnet, { minLength: 2, maxLength: 5 })
const shard = places.map((each) => shardOf("001", each))

const spread = ({ nodes }: Pick<Shard, "nodes">): number => new Set(nodes.map((node) => node.subnet.id)).size

const without = (from: Shard, nodeId: string): Shard => ({
  ...from,
  nodes: from.nodes.filter(({ id }) => id !== nodeId)
})

describe("placement", () => {
  it("of one more replica takes the subnet of the pool with the fewest of the shard's nodes", () =>
    FastCheck.assert(
      FastCheck.property(shard, FastCheck.uniqueArray(subnet, { minLength: 1 }), (shard, pool) => {
        const count = (id: string) => shard.nodes.filter((node) => node.subnet.id === id).length
        const taken = Placement.forReplica(shard, pool) ?? ""
        assert.include<string>(pool, taken)
        assert.strictEqual(count(taken), Math.min(...pool.map(count)))
      })
    ))

  it("gives up a replica, never the primary, and keeps a shard spread where that leaves a choice", () =>
    FastCheck.assert(
      FastCheck.property(shard, (shard) => {
        const leaving = Placement.leastNeeded(shard)
        const replicas = shard.nodes.filter(({ role }) => role === "replica").map(({ id }) => id)
        assert.include(replicas, leaving)
        const best = Math.max(...replicas.map((id) => Math.min(2, spread(without(shard, id)))))
        assert.strictEqual(Math.min(2, spread(without(shard, leaving ?? ""))), best)
      })
    ))

  it("out of a subnet keeps every other node where it is", () =>
    FastCheck.assert(
      FastCheck.property(shard, FastCheck.constantFrom(["y"], ["y", "z"]), (shard, to) => {
        const placed = Placement.outOf(shard, "x", to)
        const after = placed === undefined ? [] : [placed.primary, ...placed.replicas].map(({ id }) => id)
        assert.notInclude(after, "x")
        assert.lengthOf(after, shard.nodes.length)
        shard.nodes.forEach(({ subnet: { id } }, index) => {
          if (id !== "x") assert.strictEqual(after[index], id)
        })
      })
    ))

  it("has no answer where there is no subnet to go to, or no replica", () => {
    assert.isUndefined(Placement.forReplica(shardOf("001", ["x", "y"]), []))
    assert.isUndefined(Placement.leastNeeded(shardOf("001", ["x"])))
    assert.isUndefined(Placement.outOf(shardOf("001", ["x", "y"]), "x", []))
    assert.deepStrictEqual(Placement.like([], 1), { primary: { id: "" }, replicas: [] })
  })

  it("like the shards there are takes them in turn", () => {
    const shards = [shardOf("001", ["x", "y"]), shardOf("002", ["y", "z"])]
    assert.deepStrictEqual(
      [1, 2, 3].map((n) => Placement.like(shards, n).primary.id),
      ["x", "y", "x"]
    )
  })
})

describe("the plan of an evacuation", () => {
  const clusters = FastCheck.array(places, { minLength: 1, maxLength: 6 }).map((all) =>
    all.map((each, index) => shardOf(`00${index + 1}`, each))
  )

  it("has one move for each replica that stands there, and one for each shard whose primary does", () =>
    FastCheck.assert(
      FastCheck.property(clusters, FastCheck.boolean(), (shards, replaces) => {
        const wish = {
          subnetId: "x",
          to: ["y", "z"] as const,
          primaries: replaces ? "replaceShard" : "report"
        } as const
        const { moves, unmoved } = EvacuateSubnet.plan(shards, wish)
        const here = shards.flatMap(({ id: shardId, nodes }) =>
          nodes.flatMap((node) => (node.subnet.id === "x" ? [{ ...node, shardId }] : []))
        )
        const headed = new Set(here.filter(({ role }) => role === "primary").map(({ shardId }) => shardId))
        const whole = replaces ? headed : new Set<string>()
        const single = here.filter(({ role, shardId }) => role === "replica" && !whole.has(shardId))
        const full = (shardId: string) => shards.find(({ id }) => id === shardId)?.nodes.length === 5
        assert.strictEqual(moves.length, whole.size + single.filter(({ shardId }) => !full(shardId)).length)
        const moved = new Set(moves.map((move) => (move._tag === "Replica" ? move.nodeId : move.shardId)))
        for (const { id, role, shardId } of here) {
          const stays = unmoved.find(({ nodeId }) => nodeId === id)?.why
          if (whole.has(shardId)) assert.isTrue(moved.has(shardId))
          else if (role === "primary") assert.strictEqual(stays, "Primary")
          else assert.strictEqual(stays, full(shardId) ? "ShardFull" : undefined)
        }
        for (const move of moves) if (move._tag === "Replica") assert.notStrictEqual(move.subnetId, "x")
      })
    ))

  it("cannot replace a shard where there are twelve", () => {
    const shards = Array.from({ length: 12 }, (_, index) => shardOf(`${index}`, index === 0 ? ["x", "y"] : ["y", "z"]))
    const { moves, unmoved } = EvacuateSubnet.plan(shards, { subnetId: "x", to: ["z"], primaries: "replaceShard" })
    assert.deepStrictEqual([moves.length, unmoved.map(({ why }) => why)], [0, ["ClusterFull"]])
  })
})
