import { assert, it } from "@effect/vitest"
import * as Runs from "@memstore-flows/engine/Runs"
import * as Effect from "effect/Effect"
import * as EvacuateSubnet from "../../src/EvacuateSubnet.js"
import * as ReplaceShard from "../../src/ReplaceShard.js"
import * as ScaleIn from "../../src/ScaleIn.js"
import * as ScaleOut from "../../src/ScaleOut.js"
import * as ScaleTo from "../../src/ScaleTo.js"
import * as SetReplicaCount from "../../src/SetReplicaCount.js"
import { inCloud, sharedJournal } from "../support/Cloud.js"
import { specOf } from "../support/Fixture.js"
import { watch } from "../support/Scenario.js"
import { contract, open } from "./FlowContract.js"
import * as Grounds from "./Grounds.js"

const [w, x, y, z] = [{ id: "subnet-w" }, { id: "subnet-x" }, { id: "subnet-y" }, { id: "subnet-z" }]

const subnetsOf = (shards: ReadonlyArray<{ readonly nodes: ReadonlyArray<{ readonly subnet: { id: string } }> }>) =>
  shards.map(({ nodes }) => nodes.map(({ subnet }) => subnet.id).sort())

contract({
  title: "ScaleOut",
  flow: ScaleOut.flow,
  layer: ScaleOut.layer,
  ground: Grounds.cluster(2),
  payload: ({ clusterId }) => Effect.succeed({ clusterId, add: 2 }),
  keeping: (payload) => ({ ...payload, onUndo: "keep" as const }),
  writes: { AddShard: 2 },
  tells: ({ added, advice, endpointsAdded, shards }) => {
    assert.strictEqual(added.length, 2)
    assert.strictEqual(endpointsAdded.length, 6)
    assert.deepStrictEqual(advice, [])
    assert.deepStrictEqual(subnetsOf(shards).slice(2), subnetsOf(shards).slice(0, 2))
  },
  refusals: {
    "more shards than a cluster may have": {
      payload: (payload) => ({ ...payload, add: 11 }),
      found: ["QuotaShards"]
    },
    "more nodes than the project may have, at the peak": {
      given: Grounds.crowd(["second"], 12),
      payload: (payload) => ({ ...payload, add: 7 }),
      found: ["QuotaNodesPerProject"]
    },
    "a number of subnets that does not fit": {
      payload: (payload) => ({ ...payload, newShards: [{ primary: x, replicas: [y, y] }] }),
      found: ["AssignmentCount"]
    },
    "new shards that stand in one subnet": {
      payload: (payload) => ({ ...payload, add: 1, newShards: [{ primary: z, replicas: [z] }] }),
      found: ["NotSpread"]
    },
    "a later shard in a subnet that is none of the cluster's": {
      payload: (payload) => ({
        ...payload,
        newShards: [
          { primary: x, replicas: [y] },
          { primary: y, replicas: [w] }
        ]
      }),
      found: ["SubnetOutsidePool"]
    },
    "an automatic backup that is due meanwhile": { given: Grounds.scheduled("* * * * *"), found: ["BackupDue"] },
    "all of these at once": {
      given: Grounds.scheduled("* * * * *"),
      payload: (payload) => ({ ...payload, add: 11, newShards: [{ primary: w, replicas: [w] }] }),
      found: ["AssignmentCount", "BackupDue", "NotSpread", "QuotaShards", "SubnetOutsidePool", "SubnetOutsidePool"]
    },
    "a cluster that has failed": { given: Grounds.failed, found: ["ClusterFailed"] }
  }
})

contract({
  title: "ScaleIn",
  flow: ScaleIn.flow,
  layer: ScaleIn.layer,
  ground: Grounds.withBackup(3),
  payload: ({ clusterId }) => Effect.succeed({ clusterId, remove: { shardIds: ["001"] } }),
  writes: { DeleteShard: 1 },
  tells: ({ endpointsRemoved, removed, shards }) => {
    assert.deepStrictEqual(removed, ["001"])
    assert.strictEqual(endpointsRemoved.length, 3)
    assert.deepStrictEqual(
      shards.map(({ id }) => id),
      ["002", "003"]
    )
  },
  refusals: {
    "no backup of the last day": { ground: Grounds.cluster(3), found: ["NoFreshBackup"] },
    "the last shard": {
      payload: (payload) => ({ ...payload, remove: { count: 3, policy: "newest" } as const }),
      found: ["LastShard"]
    },
    "a shard that is not there": {
      payload: (payload) => ({ ...payload, remove: { shardIds: ["099"] } as const }),
      found: ["UnknownShard"]
    },
    "a shard that is not there and all that are, without a backup, at once": {
      ground: Grounds.cluster(2),
      payload: (payload) => ({ ...payload, remove: { shardIds: ["001", "002", "099"] } as const }),
      found: ["LastShard", "NoFreshBackup", "UnknownShard"]
    },
    "an automatic backup that is due meanwhile": { given: Grounds.scheduled("* * * * *"), found: ["BackupDue"] }
  }
})

contract({
  title: "ScaleTo",
  flow: ScaleTo.flow,
  layer: ScaleTo.layer,
  ground: Grounds.cluster(3),
  payload: ({ clusterId }) =>
    Effect.succeed({
      clusterId,
      shards: 1,
      checksOff: [{ check: "freshBackup" as const, reason: "a cache that can be filled again" }]
    }),
  writes: { DeleteShard: 2 },
  tells: ({ removed }) => assert.deepStrictEqual(removed, ["003", "002"]),
  refusals: {
    "a number of subnets that does not fit": {
      payload: (payload) => ({
        ...payload,
        shards: 5,
        newShards: [{ primary: { id: "subnet-x" }, replicas: [{ id: "subnet-y" }] }]
      }),
      found: ["AssignmentCount"]
    }
  }
})

contract({
  title: "SetReplicaCount, more",
  flow: SetReplicaCount.flow,
  layer: SetReplicaCount.layer,
  ground: Grounds.cluster(2),
  payload: ({ clusterId }) =>
    Effect.succeed({ clusterId, nodesPerShard: 4, subnets: ["subnet-x", "subnet-y", "subnet-z"] as const }),
  keeping: (payload) => ({ ...payload, onUndo: "keep" as const }),
  writes: { AddReplica: 2 },
  tells: ({ added, shards, unproven }) => {
    assert.deepStrictEqual(unproven, added)
    for (const nodes of subnetsOf(shards)) assert.include(nodes, "subnet-z")
  },
  refusals: {
    "a subnet that is none of the cluster's": {
      payload: (payload) => ({ ...payload, subnets: ["subnet-w"] as const }),
      found: ["SubnetOutsidePool"]
    },
    "a project without room for all of them, and a subnet that is none of the cluster's": {
      given: Grounds.crowd(["second", "third"], 9),
      payload: (payload) => ({ ...payload, subnets: ["subnet-z", "subnet-w"] as const }),
      found: ["QuotaNodesPerProject", "SubnetOutsidePool"]
    },
    "an automatic backup that is due meanwhile": { given: Grounds.scheduled("* * * * *"), found: ["BackupDue"] }
  }
})

contract({
  title: "SetReplicaCount, fewer",
  flow: SetReplicaCount.flow,
  layer: SetReplicaCount.layer,
  ground: Grounds.cluster(2),
  payload: ({ clusterId }) => Effect.succeed({ clusterId, nodesPerShard: 2 }),
  writes: { DeleteNode: 2 },
  tells: ({ removed, shards }) => {
    assert.strictEqual(removed.length, 2)
    for (const nodes of subnetsOf(shards)) assert.deepStrictEqual(nodes, ["subnet-x", "subnet-y"])
  }
})

contract({
  title: "SetReplicaCount, fewer here and more there",
  flow: SetReplicaCount.flow,
  layer: SetReplicaCount.layer,
  ground: Grounds.uneven,
  payload: ({ clusterId }) => Effect.succeed({ clusterId, nodesPerShard: 4 }),
  writes: { AddReplica: 1, DeleteNode: 1 },
  tells: ({ shards }) =>
    assert.deepStrictEqual(
      shards.map(({ nodes }) => nodes.length),
      [4, 4]
    )
})

it.effect("SetReplicaCount grows a later shard before it shrinks an earlier one", () =>
  inCloud(
    Effect.gen(function* () {
      const { clusterId } = yield* Grounds.uneven
      const watched = yield* watch
      const { use } = yield* open(SetReplicaCount.layer, yield* sharedJournal)
      yield* use(Runs.execute(SetReplicaCount.flow, { payload: { clusterId, nodesPerShard: 4 } }))
      const sent = (yield* watched.journal).flatMap(({ applied, operation }) => (applied ? [operation] : []))
      assert.deepStrictEqual(sent, ["AddReplica", "DeleteNode"])
    })
  )
)

contract({
  title: "ReplaceShard",
  flow: ReplaceShard.flow,
  layer: ReplaceShard.layer,
  ground: Grounds.withBackup(2),
  payload: ({ clusterId }) =>
    Effect.succeed({
      clusterId,
      shardId: "001",
      newShard: { primary: { id: "subnet-z" }, replicas: [{ id: "subnet-y" }, { id: "subnet-y" }] }
    }),
  keeping: (payload) => ({ ...payload, onUndo: "keep" as const }),
  writes: { AddShard: 1, DeleteShard: 1 },
  tells: ({ added, removed, shards }) => {
    assert.deepStrictEqual(removed, ["001"])
    assert.strictEqual(shards.length, 2)
    assert.deepStrictEqual(
      shards.find(({ id }) => id === added[0])?.nodes.map(({ subnet }) => subnet.id)[0],
      "subnet-z"
    )
  },
  refusals: {
    "a shard that is not there": { payload: (payload) => ({ ...payload, shardId: "099" }), found: ["UnknownShard"] },
    "a thirteenth shard": {
      ground: Grounds.withBackup(12),
      payload: (payload) => ({ ...payload, newShard: { primary: y, replicas: [x] } }),
      found: ["QuotaShards"]
    },
    "more nodes than the project may have while both are there": {
      given: Grounds.crowd(["second", "third"], 9),
      found: ["QuotaNodesPerProject"]
    },
    "an automatic backup that is due meanwhile": { given: Grounds.scheduled("* * * * *"), found: ["BackupDue"] },
    "no fresh backup, a shard that is not there, and a new one in one subnet, which is none of the cluster's": {
      ground: Grounds.cluster(2),
      payload: (payload) => ({ ...payload, shardId: "099", newShard: { primary: w, replicas: [w] } }),
      found: ["NoFreshBackup", "NotSpread", "SubnetOutsidePool", "SubnetOutsidePool", "UnknownShard"]
    }
  }
})

contract({
  title: "EvacuateSubnet, primaries reported",
  flow: EvacuateSubnet.flow,
  layer: EvacuateSubnet.layer,
  ground: Grounds.cluster(2),
  payload: ({ clusterId }) => Effect.succeed({ clusterId, subnetId: "subnet-y", to: ["subnet-z"] as const }),
  keeping: (payload) => ({ ...payload, onUndo: "keep" as const }),
  writes: { AddReplica: 2, DeleteNode: 2 },
  tells: ({ moves, shards, unmoved }) => {
    assert.deepStrictEqual(
      moves.map(({ _tag }) => _tag),
      ["Replica", "Replica"]
    )
    assert.deepStrictEqual(
      unmoved.map(({ shardId, why }) => ({ shardId, why })),
      [{ shardId: "002", why: "Primary" }]
    )
    assert.strictEqual(
      subnetsOf(shards)
        .flat()
        .filter((id) => id === "subnet-y").length,
      1
    )
  },
  refusals: {
    "a target that is the subnet to leave": {
      payload: (payload) => ({ ...payload, to: ["subnet-z", "subnet-y"] as const }),
      found: ["TargetIsSource"]
    },
    "a target that is none of the cluster's, though the first move goes elsewhere": {
      payload: (payload) => ({ ...payload, to: ["subnet-z", "subnet-w"] as const }),
      found: ["SubnetOutsidePool"]
    },
    "a shard that would stand in one subnet after the last of its moves": {
      payload: (payload) => ({ ...payload, to: ["subnet-x"] as const }),
      found: ["NotSpread"]
    },
    "a shard that is to be replaced in the end, without a fresh backup": {
      payload: (payload) => ({ ...payload, primaries: "replaceShard" as const }),
      found: ["NoFreshBackup"]
    },
    "more nodes than the project may have while a node is replaced": {
      given: Grounds.crowd(["second", "third"], 9),
      found: ["QuotaNodesPerProject"]
    },
    "an automatic backup that is due meanwhile": { given: Grounds.scheduled("* * * * *"), found: ["BackupDue"] }
  }
})

contract({
  title: "EvacuateSubnet, shards replaced",
  flow: EvacuateSubnet.flow,
  layer: EvacuateSubnet.layer,
  ground: Grounds.like({ ...specOf(1), subnetAssignments: [{ primary: y, replicas: [y, x] }] }),
  payload: ({ clusterId }) =>
    Effect.succeed({
      clusterId,
      subnetId: "subnet-y",
      to: ["subnet-z"] as const,
      primaries: "replaceShard" as const,
      checksOff: [{ check: "freshBackup" as const, reason: "a cache that can be filled again" }]
    }),
  keeping: (payload) => ({ ...payload, onUndo: "keep" as const }),
  writes: { AddShard: 1, DeleteShard: 1 },
  tells: ({ moves, shards, unmoved }) => {
    assert.deepStrictEqual(
      moves.map(({ _tag }) => _tag),
      ["Shard"]
    )
    assert.deepStrictEqual(unmoved, [])
    assert.notInclude(subnetsOf(shards).flat(), "subnet-y")
  }
})
