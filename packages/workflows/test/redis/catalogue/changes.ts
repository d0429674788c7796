import { assert } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as EvacuateSubnet from "../../../src/EvacuateSubnet.js"
import * as ReconfigureCluster from "../../../src/ReconfigureCluster.js"
import * as ReplaceReplica from "../../../src/ReplaceReplica.js"
import * as ReplaceShard from "../../../src/ReplaceShard.js"
import * as RedisLoadProbe from "../../../src/redis/RedisLoadProbe.js"
import * as ScaleIn from "../../../src/ScaleIn.js"
import * as ScaleOut from "../../../src/ScaleOut.js"
import * as ScaleTo from "../../../src/ScaleTo.js"
import * as SetReplicaCount from "../../../src/SetReplicaCount.js"
import { a, b, c } from "../support/RealCluster.js"
import { type Act, perform } from "./Act.js"
import { answerLost, primaryDies, primaryHangs, replicaDies } from "./faults.js"
import type { Stage } from "./Stage.js"

const replicaOf = ({ shards }: Stage, shardId: string) =>
  Effect.fromNullable(shards.find(({ id }) => id === shardId)?.nodes.find(({ role }) => role === "replica")?.id)

const sizes = (shards: Stage["shards"]) => shards.map(({ nodes }) => nodes.length)

const subnetsOf = (shards: Stage["shards"]) => shards.flatMap(({ nodes }) => nodes.map(({ subnet }) => subnet.id))

const keysMove = "while its keys move"

/** The flows that change shards and nodes of a cluster. */
export const changes = {
  scaleOut: {
    title: "ScaleOut",
    fault: primaryDies(keysMove, { operation: "AddShard", step: "keys", nth: 3 }, { shardId: "001" }),
    play: ({ clusterId }) =>
      Effect.gen(function* () {
        const { added, advice, shards } = yield* perform(ScaleOut, { clusterId, add: 1 })
        assert.strictEqual(added.length, 1)
        assert.deepStrictEqual(advice, [])
        assert.deepStrictEqual(sizes(shards), [2, 2, 2])
      })
  },
  scaleIn: {
    title: "ScaleIn",
    shards: 3,
    fault: primaryHangs("while it is given keys", { operation: "DeleteShard", step: "keys", nth: 3 }, "001"),
    play: ({ clusterId }) =>
      Effect.gen(function* () {
        const { removed, shards } = yield* perform(
          { flow: ScaleIn.flow, layer: Layer.provide(ScaleIn.layer, RedisLoadProbe.layer()) },
          { clusterId, remove: { shardIds: ["003"] } }
        )
        assert.deepStrictEqual(removed, ["003"])
        assert.strictEqual(shards.length, 2)
      })
  },
  scaleTo: {
    title: "ScaleTo",
    fault: answerLost("AddShard"),
    play: ({ clusterId }) =>
      Effect.gen(function* () {
        const { added, shards } = yield* perform(ScaleTo, { clusterId, shards: 3 })
        assert.strictEqual(added.length, 1)
        assert.strictEqual(shards.length, 3)
      })
  },
  grow: {
    title: "SetReplicaCount, more",
    fault: primaryDies("while a replica joins it", { operation: "AddReplica", step: "follow" }, { shardId: "001" }),
    play: ({ clusterId }) =>
      Effect.gen(function* () {
        const subnets = [a.id, b.id, c.id] as const
        const { added, shards, unproven } = yield* perform(SetReplicaCount, { clusterId, nodesPerShard: 3, subnets })
        assert.strictEqual(added.length, 2)
        assert.deepStrictEqual(unproven, [])
        assert.deepStrictEqual(sizes(shards), [3, 3])
      })
  },
  shrink: {
    title: "SetReplicaCount, fewer",
    nodes: 3,
    fault: answerLost("DeleteNode"),
    play: ({ clusterId }) =>
      Effect.gen(function* () {
        const { removed, shards } = yield* perform(SetReplicaCount, { clusterId, nodesPerShard: 2 })
        assert.strictEqual(removed.length, 2)
        assert.deepStrictEqual(sizes(shards), [2, 2])
      })
  },
  replaceReplica: {
    title: "ReplaceReplica",
    fault: primaryDies(
      "while the other's replica joins",
      { operation: "AddReplica", step: "follow" },
      { shardId: "002" }
    ),
    play: (stage) =>
      Effect.gen(function* () {
        const nodeId = yield* replicaOf(stage, "001")
        const payload = { clusterId: stage.clusterId, shardId: "001", nodeId, subnetId: c.id }
        const { sync, shards } = yield* perform(ReplaceReplica, payload)
        assert.strictEqual(sync, "proven")
        assert.include(subnetsOf(shards), c.id)
      })
  },
  replaceShard: {
    title: "ReplaceShard",
    fault: primaryDies("while it is emptied", { operation: "DeleteShard", step: "keys", nth: 3 }, { shardId: "001" }),
    play: ({ clusterId }) =>
      Effect.gen(function* () {
        const newShard = { primary: c, replicas: [b] }
        const { added, removed, shards } = yield* perform(ReplaceShard, { clusterId, shardId: "001", newShard })
        assert.deepStrictEqual(removed, ["001"])
        assert.deepStrictEqual(shards.map(({ id }) => id).sort(), ["002", ...added])
      })
  },
  evacuate: {
    title: "EvacuateSubnet",
    fault: replicaDies("while another joins", { operation: "AddReplica", step: "follow" }, "002"),
    play: ({ clusterId }) =>
      Effect.gen(function* () {
        const payload = { clusterId, subnetId: a.id, to: [b.id, c.id], primaries: "replaceShard" } as const
        const { moves, shards, unmoved } = yield* perform(EvacuateSubnet, payload)
        assert.deepStrictEqual(unmoved, [])
        assert.isAtLeast(moves.length, 2)
        assert.notInclude(subnetsOf(shards), a.id)
      })
  },
  reconfigure: {
    title: "ReconfigureCluster",
    fault: answerLost("UpdateCluster"),
    play: ({ clusterId }) =>
      Effect.gen(function* () {
        const change = { description: "changed", securityGroups: [{ id: "other" }] }
        const payload = { clusterId, change, previous: { description: "" } }
        const { changed, previous } = yield* perform(ReconfigureCluster, payload)
        assert.deepStrictEqual(changed, ["description", "securityGroups"])
        assert.deepStrictEqual(previous.securityGroups, [{ id: "any" }])
      })
  }
} satisfies Readonly<Record<string, Act>>
