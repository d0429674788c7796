import { assert, describe, it } from "@effect/vitest"
import * as FastCheck from "effect/FastCheck"
import * as Schema from "effect/Schema"
import * as Reason from "../src/Reason.js"
import * as Refusal from "../src/Refusal.js"
import * as Rules from "../src/Rules.js"
import { assignment, nodeId, request, running, shardOf, shardsOf, subnetA, subnetB } from "./support/projects.js"

const tags = (reasons: Rules.Reasons): ReadonlyArray<string> => reasons.map(({ _tag }) => _tag)

const live = () => {
  const { clusterId, now, state } = running()
  return { clusterId, shards: shardsOf(state, clusterId, now), first: shardOf(state, clusterId, "001", now) }
}

const version = FastCheck.tuple(FastCheck.nat(9), FastCheck.nat(30), FastCheck.nat(30)).map((parts) => parts.join("."))

describe("compareVersions", () => {
  it("compares numbers, not text", () => {
    assert.strictEqual(Rules.compareVersions("7.2.6", "7.2.11"), -1)
    assert.strictEqual(Rules.compareVersions("7.0.15", "6.2.20"), 1)
    assert.strictEqual(Rules.compareVersions("6.2", "6.2.0"), 0)
  })

  it.prop("is an order", [version, version, version], ([a, b, c]) => {
    assert.strictEqual(Rules.compareVersions(a, b) + Rules.compareVersions(b, a), 0)
    if (Rules.compareVersions(a, b) <= 0 && Rules.compareVersions(b, c) <= 0) {
      assert.isAtMost(Rules.compareVersions(a, c), 0)
    }
  })
})

describe("quotas", () => {
  it("allow exactly 1-12 shards, 2-5 nodes, 60 nodes and ports 2000-50000", () => {
    assert.deepStrictEqual(
      [0, 1, 12, 13].map((wanted) => tags(Rules.shardCount(wanted)).length),
      [1, 0, 0, 1]
    )
    assert.deepStrictEqual(
      [1, 2, 5, 6, 2.5].map((wanted) => tags(Rules.nodesPerShard(wanted)).length),
      [1, 0, 0, 1, 1]
    )
    assert.deepStrictEqual(
      [1999, 2000, 50000, 50001].map((wanted) => tags(Rules.port(wanted)).length),
      [1, 0, 0, 1]
    )
    assert.deepStrictEqual(tags(Rules.projectNodes({ used: 57, added: 3 })), [])
    assert.deepStrictEqual(Rules.projectNodes({ used: 58, added: 3 }), [
      { _tag: "QuotaNodesPerProject", used: 58, added: 3, max: 60 }
    ])
  })
})

describe("states", () => {
  it("tell busy, failed and unknown apart", () => {
    const of = (status: string) => tags(Rules.inService({ clusterId: "c", status }))
    assert.deepStrictEqual(of("Running"), [])
    assert.deepStrictEqual(of("Scaling(vertical)"), ["Busy"])
    assert.deepStrictEqual(of("Failed"), ["ClusterFailed"])
    assert.deepStrictEqual(of("Recovering"), ["NotRunning"])
  })

  it("are read from shards, a failure before all", () => {
    const { clusterId, shards } = live()
    assert.deepStrictEqual(Rules.settled(clusterId, shards), [])
    const mixed = shards.map((shard, index) => ({ ...shard, status: index === 0 ? "Modifying" : "Failed" }))
    assert.deepStrictEqual(tags(Rules.settled(clusterId, mixed)), ["ClusterFailed"])
  })
})

describe("placement", () => {
  it("wants one assignment for each shard, its replicas, and subnets of the pool, and says where it is broken", () => {
    assert.deepStrictEqual(Rules.assignments(request()), [])
    const broken = request({
      subnetAssignments: [assignment(3), { primary: { id: "x" }, replicas: [{ id: subnetA }] }, assignment(3)]
    })
    const reasons = Rules.assignments(broken)
    assert.deepStrictEqual(tags(reasons), ["AssignmentCount", "AssignmentReplicas", "SubnetOutsidePool"])
    assert.deepStrictEqual(reasons.map(Reason.path), [
      "subnetAssignments",
      "subnetAssignments[1].replicas",
      "subnetAssignments[1].primary.id"
    ])
  })

  it("warns when a shard stands in one subnet only", () => {
    const narrow = { primary: { id: subnetA }, replicas: [{ id: subnetA }] }
    const wide = { primary: { id: subnetA }, replicas: [{ id: subnetA }, { id: subnetB }] }
    assert.lengthOf(Rules.spread({ subnetAssignment: narrow, path: "p" }), 1)
    assert.lengthOf(Rules.spread({ subnetAssignment: wide, path: "p" }), 0)
  })
})

describe("restore", () => {
  const backup = { name: "b", status: "Available", version: "6.2.5", shardCount: 2 }
  const of = (wanted: { version: string; shardCount: number }, source = {}) =>
    tags(Rules.restore({ request: wanted, backup: { ...backup, ...source } }))

  it("wants the same shard count and the same or a newer engine", () => {
    assert.deepStrictEqual(of({ version: "6.2.5", shardCount: 2 }), [])
    assert.deepStrictEqual(of({ version: "7.2.11", shardCount: 2 }), [])
    assert.deepStrictEqual(of({ version: "5.0.6", shardCount: 3 }), ["RestoreShardCount", "RestoreVersion"])
    assert.deepStrictEqual(of({ version: "6.2.5", shardCount: 2 }, { status: "Exporting" }), ["BackupNotAvailable"])
  })

  it("does not check what the API did not tell", () =>
    assert.deepStrictEqual(Rules.restore({ request: { version: "1", shardCount: 9 }, backup: { name: "b" } }), []))

  it("warns above 60 % of the memory of one node, not at it", () => {
    const gib = 1024 ** 3
    assert.deepStrictEqual(Rules.restoreMemory({ usedMemory: 6 * gib, memory: 10 }), [])
    assert.lengthOf(Rules.restoreMemory({ usedMemory: 6 * gib + 1, memory: 10 }), 1)
  })
})

describe("shards and nodes as the API shows them", () => {
  it("allow what is possible", () => {
    const { first, ...present } = live()
    assert.deepStrictEqual(Rules.addShard({ ...present, nodeCount: 3, subnetAssignment: assignment(3) }), [])
    assert.deepStrictEqual(Rules.deleteShard({ ...present, shardId: "001" }), [])
    assert.deepStrictEqual(Rules.addReplica({ ...present, shardId: "001", subnetId: subnetA }), [])
    assert.deepStrictEqual(Rules.deleteNode({ ...present, shardId: "001", nodeId: nodeId(first, "replica") }), [])
    assert.deepStrictEqual(Rules.createBackup(present), [])
  })

  it("refuse the primary, and everything while a backup is made", () => {
    const { first, ...present } = live()
    assert.deepStrictEqual(tags(Rules.deleteNode({ ...present, shardId: "001", nodeId: nodeId(first, "primary") })), [
      "PrimaryNode"
    ])
    const busy = { ...present, backup: "nightly" }
    assert.deepStrictEqual(tags(Rules.deleteShard({ ...busy, shardId: "001" })), ["BackupRunning"])
    assert.deepStrictEqual(tags(Rules.createBackup(busy)), ["BackupRunning"])
  })

  it("refuse a backup of a shard without replica", () => {
    const { clusterId, shards } = live()
    const bare = shards.map((shard) => ({ ...shard, nodes: shard.nodes.slice(0, 1) }))
    assert.deepStrictEqual(tags(Rules.createBackup({ clusterId, shards: bare })), ["NoReplica", "NoReplica"])
  })
})

describe("Reason", () => {
  it.prop("has a sentence and survives JSON, whatever it is", [Reason.Reason], ([reason]) => {
    assert.isNotEmpty(Reason.describe(reason))
    assert.isString(Reason.path(reason))
    assert.deepStrictEqual(Schema.decodeUnknownSync(Reason.Reason)(Schema.encodeSync(Reason.Reason)(reason)), reason)
  })
})

describe("Refusal", () => {
  it.prop("takes its status from the first reason, and lets a setting change it", [Reason.Reason], ([reason]) => {
    const refusal = Refusal.make([reason])
    assert.strictEqual(refusal.status, Refusal.defaultStatus(reason, false))
    assert.strictEqual(Refusal.make([reason], { statuses: { [reason._tag]: 422 } }).status, 422)
  })
})
