import { assert } from "@effect/vitest"
import { CreateBackup } from "@memstore-flows/api/CreateBackup"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as AuditTopology from "../../src/AuditTopology.js"
import * as AwaitHealthy from "../../src/AwaitHealthy.js"
import * as BackupNow from "../../src/BackupNow.js"
import * as DecommissionCluster from "../../src/DecommissionCluster.js"
import * as ProvisionCluster from "../../src/ProvisionCluster.js"
import * as RestoreCluster from "../../src/RestoreCluster.js"
import * as RestoreDrill from "../../src/RestoreDrill.js"
import { restorePayload, specOf } from "../support/Fixture.js"
import { approve, contract } from "./FlowContract.js"
import * as Grounds from "./Grounds.js"

const pair = { primary: { id: "subnet-x" }, replicas: [{ id: "subnet-y" }] }

contract({
  title: "BackupNow",
  flow: BackupNow.flow,
  layer: BackupNow.layer,
  ground: Grounds.cluster(2),
  payload: ({ clusterId }) => Effect.succeed({ clusterId, name: "before-change" }),
  writes: { CreateBackup: 1 },
  tells: (backup) => assert.deepInclude(backup, { name: "before-change", status: "Available", shardCount: 2 }),
  refusals: {
    "a name in use, while another is being made": {
      ground: Grounds.withBackup(2),
      given: ({ clusterId }) => Effect.flatMap(CreateBackup, (send) => send({ clusterId, name: "not yet" })),
      payload: (payload) => ({ ...payload, name: "nightly" }),
      found: ["BackupNameTaken", "BackupRunning"]
    },
    "a shard without a replica": {
      ground: Grounds.like({ ...specOf(1), nodeCountPerShard: 2, subnetAssignments: [pair] }),
      given: Grounds.bereft,
      found: ["NoReplica"]
    },
    "a cluster that has failed": { given: Grounds.failed, found: ["ClusterFailed"] },
    "a cluster that does not exist": { payload: (payload) => ({ ...payload, clusterId: "none" }), found: ["NotFound"] }
  }
})

contract({
  title: "RestoreCluster",
  flow: RestoreCluster.flow,
  layer: RestoreCluster.layer,
  ground: Grounds.withBackup(2),
  payload: () => Effect.succeed({ cluster: restorePayload(2).cluster }),
  keeping: (payload) => ({ ...payload, onUndo: "keep" as const }),
  writes: { RestoreCluster: 1 },
  tells: ({ shards }) => assert.strictEqual(shards.length, 2),
  refusals: {
    "a backup that is not there, a name in use and a version unknown, all at once": {
      payload: ({ cluster }) => ({
        cluster: { ...cluster, name: "source", version: "9.9.9", restoreSource: { backupName: "none" } }
      }),
      found: ["NameTaken", "UnknownBackup", "UnknownVersion"]
    },
    "an older engine, other shards and all nodes of a shard in one subnet": {
      payload: ({ cluster }) => ({
        cluster: {
          ...cluster,
          ...specOf(1),
          name: "restored",
          version: "7.0.15",
          subnetAssignments: [{ primary: { id: "subnet-x" }, replicas: [{ id: "subnet-x" }, { id: "subnet-x" }] }]
        }
      }),
      found: ["NotSpread", "RestoreShardCount", "RestoreVersion"]
    },
    "a backup that is being made": {
      given: ({ clusterId }) => Effect.flatMap(CreateBackup, (send) => send({ clusterId, name: "not yet" })),
      payload: ({ cluster }) => ({ cluster: { ...cluster, restoreSource: { backupName: "not yet" } } }),
      found: ["BackupNotAvailable"]
    },
    "data that takes more than 60 % of the flavor's memory": {
      ground: Grounds.heavy,
      payload: ({ cluster }) => ({
        cluster: { ...cluster, flavorId: "small", restoreSource: { backupName: "heavy" } }
      }),
      found: ["RestoreMemory"]
    },
    "an unknown flavor, subnets that are none of its own and a project without room": {
      given: Grounds.crowd(["second", "third"], 9),
      payload: ({ cluster }) => ({
        cluster: { ...cluster, flavorId: "none", subnets: cluster.subnets.slice(1) }
      }),
      found: ["QuotaNodesPerProject", "SubnetOutsidePool", "SubnetOutsidePool", "SubnetOutsidePool", "UnknownFlavor"]
    }
  },
  cloud: Grounds.withSmallFlavor
})

contract({
  title: "RestoreDrill",
  flow: RestoreDrill.flow,
  layer: RestoreDrill.layer,
  ground: Grounds.withBackup(2),
  payload: () => Effect.succeed({ cluster: { ...restorePayload(2).cluster, name: "drill" } }),
  writes: { RestoreCluster: 1, DeleteCluster: 1 },
  tells: (report) => {
    assert.deepInclude(report, { backupName: "nightly", shards: 2, nodes: 6, data: "unproven" })
    assert.isAbove(report.restoredMillis, 500)
  },
  refusals: {
    "another number of shards than the backup's": {
      payload: ({ cluster }) => ({ cluster: { ...cluster, ...specOf(3), name: "drill" } }),
      found: ["RestoreShardCount"]
    },
    "a project without room": { given: Grounds.crowd(["second", "third"], 9), found: ["QuotaNodesPerProject"] },
    "a backup that is not there, and a name in use": {
      payload: ({ cluster }) => ({ cluster: { ...cluster, name: "source", restoreSource: { backupName: "none" } } }),
      found: ["NameTaken", "UnknownBackup"]
    }
  }
})

contract({
  title: "ProvisionCluster",
  flow: ProvisionCluster.flow,
  layer: ProvisionCluster.layer,
  ground: Grounds.nothing,
  payload: () => Effect.succeed({ cluster: { ...specOf(2), name: "new" } }),
  keeping: (payload) => ({ ...payload, onUndo: "keep" as const }),
  writes: { CreateCluster: 1 },
  tells: ({ shards }) => assert.strictEqual(shards.length, 2),
  refusals: {
    "a name in use": { ground: Grounds.like({ ...specOf(1), name: "new" }), found: ["NameTaken"] },
    "an unknown version and subnets that are none of its own": {
      payload: ({ cluster }) => ({ cluster: { ...cluster, version: "9.9.9", subnets: [{ id: "subnet-x" }] } }),
      found: ["SubnetOutsidePool", "SubnetOutsidePool", "SubnetOutsidePool", "UnknownVersion"]
    },
    "all nodes of a shard in one subnet": {
      payload: ({ cluster }) => ({
        cluster: {
          ...cluster,
          subnetAssignments: cluster.subnetAssignments.map(({ primary }) => ({ primary, replicas: [primary, primary] }))
        }
      }),
      found: ["NotSpread", "NotSpread"]
    },
    "an unknown flavor and a project without room": {
      given: Grounds.crowd(["second", "third"], 10),
      payload: ({ cluster }) => ({ cluster: { ...cluster, flavorId: "none" } }),
      found: ["QuotaNodesPerProject", "UnknownFlavor"]
    },
    "a user whose password cannot be had, and a version unknown": {
      payload: ({ cluster }) => ({ cluster: { ...cluster, version: "9.9.9", user: { name: "app" } } }),
      found: ["NoPassword", "UnknownVersion"]
    }
  }
})

contract({
  title: "DecommissionCluster",
  flow: DecommissionCluster.flow,
  layer: DecommissionCluster.layer,
  ground: Grounds.withBackup(2),
  payload: ({ clusterId }) =>
    Effect.succeed({ clusterId, keepAutomaticBackups: true, approval: { within: Duration.hours(8) } }),
  writes: { DeleteCluster: 1 },
  meanwhile: approve,
  tells: ({ endpointsRemoved }) => assert.strictEqual(endpointsRemoved.length, 6),
  refusals: {
    "a cluster without a backup of the last day": { ground: Grounds.cluster(2), found: ["NoFreshBackup"] },
    "a cluster that is being changed": { given: Grounds.scaling, found: ["Busy"] },
    "a cluster that does not exist": { payload: (payload) => ({ ...payload, clusterId: "none" }), found: ["NotFound"] }
  }
})

contract({
  title: "AwaitHealthy",
  flow: AwaitHealthy.flow,
  layer: AwaitHealthy.layer,
  ground: Grounds.cluster(2),
  payload: ({ clusterId }) => Effect.succeed({ clusterId, within: Duration.minutes(10), shards: 2, nodesPerShard: 3 }),
  writes: {},
  tells: ({ rolesChanged }) => assert.deepStrictEqual(rolesChanged, []),
  refusals: {
    "a cluster that has failed": { given: Grounds.failed, found: ["ClusterFailed"] },
    "fewer nodes than wanted until the end": {
      payload: (payload) => ({ ...payload, nodesPerShard: 4 }),
      found: ["WaitTimedOut"]
    }
  }
})

contract({
  title: "AuditTopology",
  flow: AuditTopology.flow,
  layer: AuditTopology.layer,
  ground: Grounds.cluster(2),
  payload: () => Effect.succeed({ nodesPerShard: 4 }),
  writes: {},
  tells: ({ clusters, quota }) => {
    assert.deepStrictEqual(quota, { used: 6, left: 54 })
    assert.deepStrictEqual(
      clusters.map(({ findings, room }) => ({ room, findings: findings.map(({ _tag }) => _tag) })),
      [{ room: 10, findings: ["NotEnoughReplicas", "NotEnoughReplicas"] }]
    )
  }
})
