import { assert, describe, it } from "@effect/vitest"
import * as Slots from "@memstore-flows/api/Slots"
import * as Either from "effect/Either"
import type { Command } from "../src/Command.js"
import * as Latencies from "../src/Latencies.js"
import * as State from "../src/State.js"
import { nextTick, tick } from "../src/Tick.js"
import * as Topology from "../src/Topology.js"
import * as View from "../src/View.js"
import {
  accepted,
  assignment,
  minute,
  nodeId,
  project,
  refused,
  request,
  running,
  shardOf,
  shardsOf,
  start,
  subnetA,
  subnetB
} from "./support/projects.js"

const statusOf = (state: State.State, clusterId: string, now: number): string | undefined =>
  Either.getOrUndefined(View.cluster(state, clusterId, now))?.status

const create = (overrides = {}): Command => ({ _tag: "CreateCluster", request: request(overrides) })

describe("CreateCluster", () => {
  it("goes through Init and Creating to Running, and shards show the cluster's status", () => {
    const { objectId, state } = accepted(project(), create(), start)
    assert.isTrue(Either.isLeft(View.cluster(state, objectId, start)))
    assert.strictEqual(statusOf(state, objectId, start + 60), "Init")
    assert.deepStrictEqual(shardsOf(state, objectId, start + 60), [])
    assert.strictEqual(statusOf(state, objectId, start + 200), "Creating")
    for (const shard of shardsOf(state, objectId, start + 200)) {
      assert.strictEqual(shard.status, "Creating")
      for (const node of shard.nodes) assert.deepInclude(node, { status: "Creating", endpoint: "" })
    }
    assert.strictEqual(statusOf(state, objectId, start + 800), "Running")
  })

  it("ends in the shape of the page's sample", () => {
    const { clusterId, now, state } = running()
    const shards = shardsOf(state, clusterId, now)
    assert.deepStrictEqual(
      shards.map(({ id, name, slots, createdAt }) => ({ id, name, slots, createdAt })),
      [
        { id: "001", name: "test-cluster-001", slots: "0-8191", createdAt: "2026-01-01T00:00:00Z" },
        { id: "002", name: "test-cluster-002", slots: "8192-16383", createdAt: "2026-01-01T00:00:00Z" }
      ]
    )
    assert.deepStrictEqual(
      shards[0]?.nodes.map(({ name, role, subnet }) => [name, role, subnet.id]),
      [
        ["test-cluster-001-001", "primary", subnetA],
        ["test-cluster-001-002", "replica", subnetB],
        ["test-cluster-001-003", "replica", subnetB]
      ]
    )
    assert.isTrue(Topology.isStable(Topology.make(shards)))
  })

  it("keeps nothing of the user but the name", () => {
    const user = { name: "testuser", password: "if2iOwJYiklliJIT8tvqoY" }
    const { state } = accepted(project(), create({ user }), start)
    assert.notInclude(JSON.stringify(state), user.password)
    assert.strictEqual(state.clusters[0]?.userName, "testuser")
  })

  it("refuses a name that is taken with 409", () => {
    const { now, state } = running()
    assert.deepInclude(refused(state, create(), now), { status: 409, reason: "NameTaken" })
  })

  it("names every fault of a request at once", () => {
    const refusal = refused(
      project(),
      create({
        port: 80,
        shardCount: 13,
        nodeCountPerShard: 6,
        version: "5.0.6",
        flavorId: "none",
        subnetAssignments: [{ primary: { id: "elsewhere" }, replicas: [] }]
      }),
      start
    )
    assert.deepStrictEqual(
      refusal.reasons.map(({ _tag }) => _tag),
      [
        "PortOutOfRange",
        "QuotaShards",
        "QuotaNodesPerShard",
        "AssignmentCount",
        "AssignmentReplicas",
        "SubnetOutsidePool",
        "QuotaNodesPerProject",
        "UnknownVersion",
        "UnknownFlavor"
      ]
    )
    assert.strictEqual(refusal.status, 400)
    assert.includeMembers(
      refusal.faults.map(({ path }) => path),
      ["port", "shardCount", "subnetAssignments[0].replicas", "subnetAssignments[0].primary.id"]
    )
  })

  it("refuses the 61st node of a project", () => {
    const full = accepted(project(), create({ shardCount: 12, nodeCountPerShard: 5 }), start).state
    assert.deepInclude(refused(full, create({ name: "one-more", shardCount: 1, nodeCountPerShard: 2 }), start), {
      status: 422,
      reason: "QuotaNodesPerProject"
    })
  })
})

describe("restoring", () => {
  const backedUp = (settings = {}) => {
    const { clusterId, now, state } = running({}, settings)
    const loaded = accepted(state, { _tag: "LoadKeys", clusterId, keys: 1000, bytes: 6 * 1024 ** 3 }, now).state
    const backup = accepted(loaded, { _tag: "CreateBackup", clusterId, name: "nightly" }, now)
    return { state: tick(backup.state, now + minute), now: now + minute, backupId: backup.objectId, clusterId }
  }
  const source = { restoreSource: { backupName: "nightly" } }

  it("brings back the keys and the slots of the backup", () => {
    const { now, state } = backedUp()
    const restored = accepted(state, create({ name: "copy", ...source }), now)
    const later = tick(restored.state, now + minute)
    assert.strictEqual(statusOf(later, restored.objectId, now + minute), "Running")
    assert.deepStrictEqual(
      View.shardData(later, restored.objectId, now + minute).map(({ keys }) => keys),
      [500, 500]
    )
  })

  it("warns over 60 % of the flavor's memory, and fails when set so", () => {
    const lenient = backedUp()
    const restored = accepted(lenient.state, create({ name: "copy", ...source }), lenient.now)
    assert.deepStrictEqual(
      restored.warnings.map(({ _tag }) => _tag),
      ["RestoreMemory"]
    )
    const strict = backedUp({ overMemoryRestore: "fails" })
    const failing = accepted(strict.state, create({ name: "copy", ...source }), strict.now)
    assert.strictEqual(statusOf(failing.state, failing.objectId, strict.now + minute), "Failed")
  })

  it("refuses another shard count, an older engine and an unknown backup", () => {
    const { now, state } = backedUp()
    assert.strictEqual(
      refused(state, create({ name: "copy", shardCount: 3, ...source }), now).reason,
      "RestoreShardCount"
    )
    const newer = accepted(state, create({ name: "newer", version: "7.2.6" }), now)
    const settled = tick(newer.state, now + minute)
    const backup = accepted(settled, { _tag: "CreateBackup", clusterId: newer.objectId, name: "new" }, now + minute)
    const command = create({ name: "copy", restoreSource: { backupName: "new" } })
    assert.strictEqual(refused(backup.state, command, now + minute).reason, "BackupNotAvailable")
    assert.strictEqual(refused(backup.state, command, now + 2 * minute).reason, "RestoreVersion")
    const unknown = create({ name: "copy", restoreSource: { backupName: "none" } })
    assert.deepInclude(refused(state, unknown, now), { status: 422, reason: "UnknownBackup" })
  })

  it("shows the backup as Restoring while a cluster is made of it", () => {
    const { backupId, now, state } = backedUp()
    const restored = accepted(state, create({ name: "copy", ...source }), now).state
    const shown = (at: number) => Either.getOrUndefined(View.backup(restored, backupId, at))?.status
    assert.strictEqual(shown(now), "Restoring")
    assert.strictEqual(shown(now + minute), "Available")
  })
})

describe("AddShard", () => {
  const added = () => {
    const { clusterId, now, state } = running()
    const command: Command = { _tag: "AddShard", clusterId, nodeCount: 3, subnetAssignment: assignment(3) }
    return { ...accepted(state, command, now), clusterId, now }
  }

  it("shows the shard late and empty, then moves slots steadily, and answers the cluster's id", () => {
    const { clusterId, now, objectId, state } = added()
    assert.strictEqual(objectId, clusterId)
    assert.lengthOf(shardsOf(state, clusterId, now + 149), 2)
    const early = shardsOf(state, clusterId, now + 150)
    assert.deepInclude(early[2], { id: "003", slots: "", status: "Scaling(horizontal)" })
    const moved = (at: number) => View.progress(state, clusterId, at)?.slotsMoved ?? -1
    assert.strictEqual(moved(now + 400), 0)
    assert.approximately(moved(now + 400 + 455), 2731, 5)
    assert.strictEqual(View.progress(state, clusterId, now + 2000), undefined)
    const late = shardsOf(state, clusterId, now + 2000)
    assert.deepStrictEqual(
      late.map(({ slots, status }) => [slots, status]),
      [
        ["0-5460", "Running"],
        ["10923-16383", "Running"],
        ["5461-10922", "Running"]
      ]
    )
  })

  it("covers every slot once at every moment a reader looks", () => {
    const { clusterId, now, state } = added()
    for (let at = now; at < now + 2000; at += 37) {
      const topology = Topology.make(shardsOf(state, clusterId, at))
      if (at >= now + 150) assert.isTrue(Topology.isCovered(topology))
    }
  })

  it("refuses a 13th shard, a wrong number of nodes and a subnet outside the pool", () => {
    const { clusterId, now, state } = running({ shardCount: 12, nodeCountPerShard: 2 })
    const refusal = refused(
      state,
      {
        _tag: "AddShard",
        clusterId,
        nodeCount: 6,
        subnetAssignment: { primary: { id: "elsewhere" }, replicas: [] }
      },
      now
    )
    assert.deepStrictEqual(
      refusal.reasons.map(({ _tag }) => _tag),
      ["QuotaShards", "QuotaNodesPerShard", "AssignmentReplicas", "SubnetOutsidePool"]
    )
  })

  it("refuses a second change while it runs, with the status that was set", () => {
    const { clusterId, now, state } = added()
    const command: Command = { _tag: "DeleteShard", clusterId, shardId: "001" }
    assert.deepInclude(refused(state, command, now), { status: 409, reason: "Busy" })
    const other = State.withSettings(state, { statuses: { Busy: 400 } })
    assert.deepInclude(refused(other, command, now), { status: 400, reason: "Busy" })
  })
})

describe("DeleteShard", () => {
  it("drains the shard step by step and then takes it away", () => {
    const { clusterId, now, state } = running({ shardCount: 3 })
    const deleted = accepted(state, { _tag: "DeleteShard", clusterId, shardId: "002" }, now).state
    const sizes = [0, 200, 400, 600, 900].map((after) =>
      Slots.size(Topology.layout(Topology.make(shardsOf(deleted, clusterId, now + after)))[1]?.slots ?? [])
    )
    assert.deepStrictEqual(
      sizes,
      [...sizes].sort((a, b) => b - a)
    )
    assert.isAbove(sizes[1] ?? 0, sizes[2] ?? 0)
    const shards = shardsOf(deleted, clusterId, now + 5000)
    assert.deepStrictEqual(
      shards.map(({ id, slots }) => [id, slots]),
      [
        ["001", "0-8191"],
        ["003", "8192-16383"]
      ]
    )
  })

  it("never gives an ordinal out twice", () => {
    const { clusterId, now, state } = running()
    const without = tick(accepted(state, { _tag: "DeleteShard", clusterId, shardId: "002" }, now).state, now + minute)
    const command: Command = { _tag: "AddShard", clusterId, nodeCount: 2, subnetAssignment: assignment(2) }
    const again = accepted(without, command, now + minute).state
    const third = accepted(again, { _tag: "DeleteShard", clusterId, shardId: "003" }, now + 2 * minute).state
    const fourth = accepted(third, command, now + 3 * minute).state
    assert.deepStrictEqual(
      shardsOf(fourth, clusterId, now + 4 * minute).map(({ id }) => id),
      ["001", "004"]
    )
  })

  it("refuses the only shard and an unknown one", () => {
    const { clusterId, now, state } = running({ shardCount: 1 })
    assert.strictEqual(refused(state, { _tag: "DeleteShard", clusterId, shardId: "001" }, now).reason, "LastShard")
    assert.deepInclude(refused(state, { _tag: "DeleteShard", clusterId, shardId: "009" }, now), {
      status: 404,
      reason: "UnknownShard"
    })
  })
})

describe("AddReplica and DeleteNode", () => {
  it("adds a replica that is Running before it is in sync", () => {
    const { clusterId, now, state } = running()
    const grown = accepted(state, { _tag: "AddReplica", clusterId, shardId: "001", subnetId: subnetA }, now).state
    const found = Topology.newNode({
      before: Topology.make(shardsOf(state, clusterId, now)),
      after: Topology.make(shardsOf(grown, clusterId, now + 400)),
      shardId: "001",
      subnetId: subnetA
    })
    assert.strictEqual(found._tag, "Found")
    const node = found._tag === "Found" ? found.value : undefined
    assert.deepInclude(node, { name: "test-cluster-001-004", role: "replica", status: "Running" })
    assert.isFalse(View.isSynced(grown, clusterId, node?.id ?? "", now + 400))
    assert.isTrue(View.isSynced(grown, clusterId, node?.id ?? "", now + 500))
  })

  it("refuses a sixth node", () => {
    const { clusterId, now, state } = running({ nodeCountPerShard: 5 })
    const command: Command = { _tag: "AddReplica", clusterId, shardId: "001", subnetId: subnetA }
    assert.strictEqual(refused(state, command, now).reason, "QuotaNodesPerShard")
  })

  it("deletes a replica, and refuses the primary, the last replica and a stranger", () => {
    const { clusterId, now, state } = running()
    const shard = shardOf(state, clusterId, "001", now)
    const command = (node: string): Command => ({ _tag: "DeleteNode", clusterId, shardId: "001", nodeId: node })
    assert.strictEqual(refused(state, command(nodeId(shard, "primary")), now).reason, "PrimaryNode")
    assert.deepInclude(refused(state, command("stranger"), now), { status: 404, reason: "UnknownNode" })
    const smaller = accepted(state, command(nodeId(shard, "replica")), now).state
    const left = shardOf(smaller, clusterId, "001", now + minute)
    assert.lengthOf(left.nodes, 2)
    assert.strictEqual(refused(smaller, command(nodeId(left, "replica")), now + minute).reason, "LastReplica")
  })
})

describe("backups", () => {
  it("leave the cluster Running and block changes of shards and nodes only", () => {
    const { clusterId, now, state } = running()
    const { objectId, state: busy } = accepted(state, { _tag: "CreateBackup", clusterId, name: "one" }, now)
    assert.notStrictEqual(objectId, clusterId)
    assert.strictEqual(statusOf(busy, clusterId, now), "Running")
    const shown = (at: number) => View.backups(busy, { clusterId }, at).map(({ status }) => status)
    assert.deepStrictEqual([shown(now), shown(now + 100), shown(now + 700)], [["Pending"], ["Creating"], ["Available"]])
    const replica = nodeId(shardOf(busy, clusterId, "001", now), "replica")
    for (const command of [
      { _tag: "AddShard", clusterId, nodeCount: 3, subnetAssignment: assignment(3) },
      { _tag: "DeleteShard", clusterId, shardId: "001" },
      { _tag: "AddReplica", clusterId, shardId: "001", subnetId: subnetA },
      { _tag: "DeleteNode", clusterId, shardId: "001", nodeId: replica },
      { _tag: "CreateBackup", clusterId, name: "two" }
    ] satisfies ReadonlyArray<Command>) {
      assert.strictEqual(refused(busy, command, now).reason, "BackupRunning")
    }
    accepted(busy, { _tag: "UpdateCluster", clusterId, change: { description: "still possible" } }, now)
  })

  it("need a name of their own and a cluster in service", () => {
    const { clusterId, now, state } = running()
    const first = accepted(state, { _tag: "CreateBackup", clusterId, name: "one" }, now).state
    const again = refused(first, { _tag: "CreateBackup", clusterId, name: "one" }, now + minute)
    assert.deepInclude(again, { status: 409, reason: "BackupNameTaken" })
    const changing = accepted(state, { _tag: "UpdateCluster", clusterId, change: {} }, now).state
    assert.strictEqual(refused(changing, { _tag: "CreateBackup", clusterId, name: "two" }, now).reason, "Busy")
  })

  it("made by the schedule expire by themselves", () => {
    const { clusterId, now, state } = running({ backupSchedule: { cron: "* 1 * * *", retentionLimit: 2 } })
    const made = accepted(state, { _tag: "CreateBackup", clusterId, name: "auto", automatic: true }, now).state
    const days = (count: number) => now + count * 24 * 60 * minute
    assert.lengthOf(View.backups(made, {}, days(1)), 1)
    assert.lengthOf(View.backups(made, {}, days(2)), 0)
  })
})

describe("UpdateCluster and DeleteCluster", () => {
  it("shows Modifying and keeps what the change does not name", () => {
    const { clusterId, now, state } = running({ backupSchedule: { cron: "* 1 * * *", retentionLimit: 7 } })
    const change = { backupSchedule: { cron: "* 3 * * *" }, description: "modify description" }
    const changed = accepted(state, { _tag: "UpdateCluster", clusterId, change }, now).state
    assert.strictEqual(statusOf(changed, clusterId, now), "Modifying")
    const view = Either.getOrThrow(View.cluster(changed, clusterId, now + minute))
    assert.deepInclude(view, { status: "Running", description: "modify description", port: 6379 })
    assert.deepStrictEqual(view.backupSchedule, { cron: "* 3 * * *", retentionLimit: 7 })
    const off = accepted(
      changed,
      { _tag: "UpdateCluster", clusterId, change: { backupSchedule: { cron: "" } } },
      now + minute
    ).state
    assert.strictEqual(off.clusters[0]?.backupSchedule, null)
  })

  it("leaves nothing but a 404, and frees the name and the nodes", () => {
    const { clusterId, now, state } = running({ shardCount: 12, nodeCountPerShard: 5 })
    const deleting = accepted(state, { _tag: "DeleteCluster", clusterId }, now).state
    assert.strictEqual(statusOf(deleting, clusterId, now), "Deleting")
    const gone = View.listShards(deleting, clusterId, now + minute)
    assert.deepInclude(Either.getOrThrow(Either.flip(gone)), { status: 404, reason: "UnknownCluster" })
    accepted(deleting, create({ shardCount: 12, nodeCountPerShard: 5 }), now + minute)
  })

  it("asks what becomes of automatic backups when there are any", () => {
    const { clusterId, now, state } = running()
    const made = accepted(state, { _tag: "CreateBackup", clusterId, name: "auto", automatic: true }, now).state
    const at = now + minute
    const remove = (keepAutomaticBackups?: boolean): Command => ({
      _tag: "DeleteCluster",
      clusterId,
      keepAutomaticBackups
    })
    assert.deepInclude(refused(made, remove(), at), { status: 400, reason: "KeepAutomaticBackupsRequired" })
    assert.lengthOf(View.backups(accepted(made, remove(true), at).state, {}, at + minute), 1)
    assert.lengthOf(View.backups(accepted(made, remove(false), at).state, {}, at + minute), 0)
  })
})

describe("disturbances", () => {
  it("replaces a dead replica by a node of a new name in the same subnet", () => {
    const { clusterId, now, state } = running()
    const dead = nodeId(shardOf(state, clusterId, "001", now), "replica")
    const hurt = accepted(state, { _tag: "FailNode", clusterId, shardId: "001", nodeId: dead }, now).state
    assert.include(
      shardOf(hurt, clusterId, "001", now + 100).nodes.map(({ id }) => id),
      dead
    )
    const healed = shardOf(hurt, clusterId, "001", now + minute)
    assert.lengthOf(healed.nodes, 3)
    assert.notInclude(
      healed.nodes.map(({ id }) => id),
      dead
    )
    assert.deepInclude(healed.nodes[2], { name: "test-cluster-001-004", role: "replica", subnet: { id: subnetB } })
    const again: Command = { _tag: "FailNode", clusterId, shardId: "001", nodeId: nodeId(healed, "replica", 1) }
    const twice = accepted(hurt, again, now + minute).state
    assert.strictEqual(shardOf(twice, clusterId, "001", now + 2 * minute).nodes[2]?.name, "test-cluster-001-005")
  })

  it("promotes a replica for a dead primary, then makes a new replica, in mid-operation too", () => {
    const { clusterId, now, state } = running()
    const changing = accepted(state, { _tag: "DeleteShard", clusterId, shardId: "002" }, now).state
    const before = shardOf(state, clusterId, "001", now)
    const command: Command = { _tag: "FailNode", clusterId, shardId: "001", nodeId: nodeId(before, "primary") }
    const hurt = accepted(changing, command, now).state
    const after = shardOf(hurt, clusterId, "001", now + minute)
    assert.strictEqual(nodeId(after, "primary"), nodeId(before, "replica"))
    assert.lengthOf(after.nodes, 3)
    assert.lengthOf(shardsOf(hurt, clusterId, now + minute), 1)
  })

  it("loses the data of a shard whose last copy dies, and no other", () => {
    const { clusterId, now, state } = running({ nodeCountPerShard: 2 })
    let hurt = accepted(state, { _tag: "LoadKeys", clusterId, keys: 1000, bytes: 1000 }, now).state
    const shard = shardOf(state, clusterId, "001", now)
    for (const node of shard.nodes) {
      hurt = accepted(hurt, { _tag: "FailNode", clusterId, shardId: "001", nodeId: node.id }, now).state
    }
    assert.strictEqual(tick(hurt, now + minute).clusters[0]?.keys, 500)
    assert.isTrue(Topology.isStable(Topology.make(shardsOf(hurt, clusterId, now + minute))))
  })

  it("never promotes a node that is being deleted", () => {
    const { clusterId, now, state } = running()
    const shard = shardOf(state, clusterId, "001", now)
    const leaving = nodeId(shard, "replica")
    const deleting = accepted(state, { _tag: "DeleteNode", clusterId, shardId: "001", nodeId: leaving }, now).state
    const command: Command = { _tag: "SwitchPrimary", clusterId, shardId: "001", nodeId: leaving }
    assert.strictEqual(refused(deleting, command, now).reason, "NodeBeingDeleted")
    const switched = accepted(deleting, { _tag: "SwitchPrimary", clusterId, shardId: "001" }, now).state
    assert.strictEqual(nodeId(shardOf(switched, clusterId, "001", now), "primary"), nodeId(shard, "replica", 1))
  })

  it("holds a stuck operation until it is released, and then lets it take what it had left", () => {
    const { clusterId, now, state } = running()
    const command: Command = { _tag: "AddShard", clusterId, nodeCount: 2, subnetAssignment: assignment(2) }
    const moving = accepted(state, command, now).state
    const stuck = accepted(moving, { _tag: "StickOperation", clusterId }, now + 855).state
    const moved = View.progress(stuck, clusterId, now + 855)?.slotsMoved
    assert.strictEqual(View.progress(stuck, clusterId, now + minute)?.slotsMoved, moved)
    assert.strictEqual(statusOf(stuck, clusterId, now + 1000 * minute), "Scaling(horizontal)")
    const free = accepted(stuck, { _tag: "ReleaseOperation", clusterId }, now + minute).state
    assert.strictEqual(View.progress(free, clusterId, now + minute)?.slotsMoved, moved)
    assert.strictEqual(statusOf(free, clusterId, now + minute + 400), "Scaling(horizontal)")
    assert.strictEqual(statusOf(free, clusterId, now + minute + 500), "Running")
  })

  it("ends Failed when told so, and then allows nothing but deletion", () => {
    const { clusterId, now, state } = running()
    const command: Command = { _tag: "AddReplica", clusterId, shardId: "001", subnetId: subnetA }
    const failing = accepted(accepted(state, command, now).state, { _tag: "FailOperation", clusterId }, now).state
    assert.strictEqual(statusOf(failing, clusterId, now), "Scaling(horizontal)")
    const failed = tick(failing, now + minute)
    assert.strictEqual(statusOf(failed, clusterId, now + minute), "Failed")
    assert.deepInclude(failed.history.at(-1), { kind: "AddReplica", outcome: "Failed" })
    for (const each of [
      command,
      { _tag: "UpdateCluster", clusterId, change: {} },
      { _tag: "CreateBackup", clusterId, name: "one" }
    ] satisfies ReadonlyArray<Command>) {
      assert.strictEqual(refused(failed, each, now + minute).reason, "ClusterFailed")
    }
    const deleted = accepted(failed, { _tag: "DeleteCluster", clusterId }, now + minute).state
    assert.strictEqual(statusOf(deleted, clusterId, now + minute), "Deleting")
    assert.deepStrictEqual(View.clusters(deleted, now + 2 * minute), [])
  })

  it("fails a cluster at once and leaves its slots where they were", () => {
    const { clusterId, now, state } = running()
    const command: Command = { _tag: "AddShard", clusterId, nodeCount: 2, subnetAssignment: assignment(2) }
    const failed = accepted(accepted(state, command, now).state, { _tag: "FailCluster", clusterId }, now + 800).state
    const shards = shardsOf(failed, clusterId, now + minute)
    assert.isTrue(Topology.isCovered(Topology.make(shards)))
    assert.isTrue(shards.every(({ status }) => status === "Failed"))
    assert.notStrictEqual(shards[2]?.slots, "")
  })

  it("makes no replacement for a dead node that is being deleted, or whose shard is gone", () => {
    const { clusterId, now, state } = running({}, { latencies: { ...Latencies.fast, removeNodes: 2000, detect: 9000 } })
    const dead = nodeId(shardOf(state, clusterId, "002", now), "replica")
    const hurt = accepted(state, { _tag: "FailNode", clusterId, shardId: "002", nodeId: dead }, now + 1).state
    const target = { clusterId, shardId: "002" }
    const shorter = accepted(hurt, { _tag: "DeleteNode", ...target, nodeId: dead }, now + 8000).state
    assert.strictEqual(tick(shorter, now + 9500).counter, shorter.counter)
    assert.lengthOf(shardOf(shorter, clusterId, "002", now + minute).nodes, 2)
    const smaller = tick(accepted(hurt, { _tag: "DeleteShard", ...target }, now + 1).state, now + 5000)
    assert.lengthOf(smaller.clusters[0]?.shards ?? [], 1)
    assert.deepStrictEqual(smaller.clusters[0]?.heals, [])
  })

  it("promotes the replica that has been in sync for the longest", () => {
    const { clusterId, now, state } = running()
    const shard = shardOf(state, clusterId, "001", now)
    const first = nodeId(shard, "replica")
    const fail = (node: string): Command => ({ _tag: "FailNode", clusterId, shardId: "001", nodeId: node })
    const renewed = tick(accepted(state, fail(first), now).state, now + minute)
    const orphaned = accepted(renewed, fail(nodeId(shard, "primary")), now + minute).state
    const after = shardOf(orphaned, clusterId, "001", now + 2 * minute)
    assert.strictEqual(nodeId(after, "primary"), nodeId(shard, "replica", 1))
  })

  it("puts a backup that is being made in Error when its cluster fails", () => {
    const { clusterId, now, state } = running()
    const { objectId, state: busy } = accepted(state, { _tag: "CreateBackup", clusterId, name: "one" }, now)
    const failed = accepted(busy, { _tag: "FailCluster", clusterId }, now + 1).state
    assert.strictEqual(Either.getOrThrow(View.backup(failed, objectId, now + minute)).status, "Error")
  })

  it("arms a fault for the next operation of a kind only", () => {
    const { clusterId, now, state } = running()
    const armed = accepted(state, { _tag: "ArmFault", kind: "AddReplica", outcome: "Sticks" }, now).state
    const changed = accepted(armed, { _tag: "UpdateCluster", clusterId, change: {} }, now).state
    assert.strictEqual(statusOf(changed, clusterId, now + minute), "Running")
    const command: Command = { _tag: "AddReplica", clusterId, shardId: "001", subnetId: subnetA }
    const stuck = accepted(changed, command, now + minute).state
    assert.strictEqual(statusOf(stuck, clusterId, now + 99 * minute), "Scaling(horizontal)")
    assert.deepStrictEqual(stuck.armed, [])
  })
})

describe("a data plane that does the work itself", () => {
  it("ends stages and reports moved slots from outside", () => {
    const created = accepted(project({ endsBy: "signal" }), create(), start)
    const clusterId = created.objectId
    assert.strictEqual(statusOf(created.state, clusterId, start + 1000 * minute), "Init")
    const ready = accepted(created.state, { _tag: "CompleteOperation", clusterId }, start + minute).state
    assert.strictEqual(statusOf(ready, clusterId, start + minute), "Running")
    const command: Command = { _tag: "AddShard", clusterId, nodeCount: 2, subnetAssignment: assignment(2) }
    const now = start + 2 * minute
    const added = accepted(ready, command, now).state
    const moving = accepted(added, { _tag: "AdvanceOperation", clusterId }, now).state
    assert.deepInclude(View.progress(moving, clusterId, now + minute), { stage: "Slots", slotsMoved: 0, held: true })
    const reported = accepted(moving, { _tag: "ReportMoved", clusterId, slots: 100 }, now + minute).state
    const shard = shardOf(reported, clusterId, "003", now + minute)
    assert.strictEqual(Slots.size(Either.getOrThrow(Slots.parse(shard.slots))), 100)
    const done = accepted(reported, { _tag: "AdvanceOperation", clusterId }, now + minute).state
    assert.isTrue(Topology.isStable(Topology.make(shardsOf(done, clusterId, now + minute))))
    const node = nodeId(shardOf(done, clusterId, "003", now + minute), "primary")
    const named = accepted(
      done,
      { _tag: "SetEndpoint", clusterId, shardId: "003", nodeId: node, endpoint: "127.0.0.9" },
      now + minute
    ).state
    assert.strictEqual(shardOf(named, clusterId, "003", now + minute).nodes[0]?.endpoint, "127.0.0.9")
  })

  it("gives a stage its whole time when it is released after the one before was ended", () => {
    const created = accepted(project({ endsBy: "signal" }), create(), start)
    const clusterId = created.objectId
    const advanced = accepted(created.state, { _tag: "AdvanceOperation", clusterId }, start + minute).state
    const freed = accepted(advanced, { _tag: "ReleaseOperation", clusterId }, start + 2 * minute).state
    assert.strictEqual(View.progress(freed, clusterId, start + 2 * minute)?.dueAt, start + 2 * minute + 700)
  })

  it("replaces a dead node only when it is told so", () => {
    const { clusterId, now, state } = running()
    const signalled = State.withSettings(state, { endsBy: "signal" })
    const dead = nodeId(shardOf(signalled, clusterId, "001", now), "replica")
    const ids = (each: State.State, at: number) => shardOf(each, clusterId, "001", at).nodes.map(({ id }) => id)
    const hurt = accepted(signalled, { _tag: "FailNode", clusterId, shardId: "001", nodeId: dead }, now).state
    assert.include(ids(hurt, now + 1000 * minute), dead)
    assert.isUndefined(nextTick(hurt))
    const at = now + minute
    const replacing = accepted(hurt, { _tag: "AdvanceHeal", clusterId, nodeId: dead }, at).state
    const fresh = shardOf(replacing, clusterId, "001", at + minute).nodes[2]
    assert.deepInclude(fresh, { name: "test-cluster-001-004", endpoint: "" })
    const healed = accepted(replacing, { _tag: "AdvanceHeal", clusterId, nodeId: fresh?.id ?? "" }, at + minute).state
    assert.isTrue(Topology.isStable(Topology.make(shardsOf(healed, clusterId, at + minute))))
    assert.strictEqual(
      refused(healed, { _tag: "AdvanceHeal", clusterId, nodeId: dead }, at + minute).reason,
      "NoOperation"
    )
  })

  it("ends a backup from outside", () => {
    const { clusterId, now, state } = running()
    const signalled = State.withSettings(state, { endsBy: "signal" })
    const { objectId, state: busy } = accepted(signalled, { _tag: "CreateBackup", clusterId, name: "one" }, now)
    assert.strictEqual(Either.getOrThrow(View.backup(busy, objectId, now + minute)).status, "Pending")
    const done = accepted(busy, { _tag: "CompleteBackup", backupId: objectId }, now + minute).state
    assert.strictEqual(Either.getOrThrow(View.backup(done, objectId, now + minute)).status, "Available")
  })
})

describe("instant latencies", () => {
  it("end work at the next look", () => {
    const { objectId, state } = accepted(project({ latencies: Latencies.instant }), create(), start)
    assert.strictEqual(nextTick(state), start)
    assert.strictEqual(statusOf(state, objectId, start), "Running")
  })
})

describe("time", () => {
  it("ends each piece of work at its own moment, the earliest first", () => {
    const { clusterId, now, state } = running()
    const other = accepted(state, create({ name: "other" }), now)
    const changing = accepted(other.state, { _tag: "UpdateCluster", clusterId, change: {} }, now).state
    assert.strictEqual(nextTick(tick(changing, now + 150)), now + 300)
    assert.strictEqual(statusOf(changing, clusterId, now + 300), "Running")
    assert.strictEqual(statusOf(changing, other.objectId, now + 300), "Creating")
    assert.strictEqual(nextTick(tick(changing, now + minute)), undefined)
  })

  it("never goes back", () => {
    const { now, state } = running()
    assert.strictEqual(tick(state, now - 1), state)
  })

  it("keeps the last 200 operations that ended, oldest first", () => {
    const { clusterId, now, state } = running({}, { latencies: Latencies.instant })
    let current = state
    for (let index = 0; index < 205; index++) {
      current = accepted(current, { _tag: "UpdateCluster", clusterId, change: {} }, now + index).state
    }
    assert.deepInclude(state.history[0], { kind: "CreateCluster", outcome: "Completed", startedAt: start })
    const { history } = tick(current, now + minute)
    assert.lengthOf(history, 200)
    assert.strictEqual(history.at(-1)?.startedAt, now + 204)
    assert.deepInclude(current.writes, { CreateCluster: 1, UpdateCluster: 205 })
  })
})
