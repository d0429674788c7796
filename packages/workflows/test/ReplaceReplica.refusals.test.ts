import { assert, describe, it } from "@effect/vitest"
import { AddReplica } from "@memstore-flows/api/AddReplica"
import { Emulator } from "@memstore-flows/emulator/Emulator"
import * as Runs from "@memstore-flows/engine/Runs"
import * as Effect from "effect/Effect"
import * as ReplaceReplica from "../src/ReplaceReplica.js"
import * as Grounds from "./catalogue/Grounds.js"
import { type CloudServices, flows, inCloud, shardsOf } from "./support/Cloud.js"
import { clusterLike, replacePayload, source, specOf } from "./support/Fixture.js"
import { watch } from "./support/Scenario.js"

type Payload = ReplaceReplica.Payload

/** What the run fails with; it must have written nothing. */
const refusalOf = (
  wish: (payload: Payload) => Effect.Effect<Payload, unknown, CloudServices>,
  cluster: Effect.Effect<string, unknown, CloudServices> = source(2)
) =>
  inCloud(
    Effect.gen(function* () {
      const payload = yield* wish(yield* replacePayload(yield* cluster))
      const watched = yield* watch
      const error = yield* Effect.flip(Runs.execute(ReplaceReplica.flow, { payload, id: "run" }))
      assert.deepStrictEqual(yield* watched.writes, {})
      assert.deepStrictEqual(
        (yield* watched.journal).filter(({ method, operation }) => method !== "GET" && operation !== "CreateToken"),
        []
      )
      return error
    }).pipe(Effect.provide(flows()))
  )

const primaryOf = ({ clusterId, shardId }: Payload) =>
  Effect.map(
    shardsOf(clusterId),
    (shards) => shards.find(({ id }) => id === shardId)?.nodes.find(({ role }) => role === "primary")?.id ?? "none"
  )

/** A cluster of 5 nodes in its only shard. */
const full = clusterLike({
  ...specOf(1),
  nodeCountPerShard: 5,
  subnetAssignments: [
    { primary: { id: "subnet-x" }, replicas: ["y", "y", "y", "y"].map((id) => ({ id: `subnet-${id}` })) }
  ]
})

/** A cluster of 2 nodes in its only shard. */
const pair = clusterLike({
  ...specOf(1),
  nodeCountPerShard: 2,
  subnetAssignments: [{ primary: { id: "subnet-x" }, replicas: [{ id: "subnet-y" }] }]
})

/** Further clusters, which leave the project without a node to spare. */
const crowd = (names: ReadonlyArray<string>, shards: number) =>
  Effect.forEach(names, (name) => clusterLike({ ...specOf(shards), name }), { discard: true })

const tagsOf = (error: { readonly _tag: string }) =>
  error._tag === "Refused" && "findings" in error && Array.isArray(error.findings)
    ? error.findings.map(({ _tag }: { readonly _tag: string }) => _tag).sort()
    : [error._tag]

interface Case {
  readonly wish: (payload: Payload) => Effect.Effect<Payload, unknown, CloudServices>
  readonly cluster?: Effect.Effect<string, unknown, CloudServices>
  readonly found: ReadonlyArray<string>
}

const wanting = (change: Partial<Payload>) => (payload: Payload) => Effect.succeed({ ...payload, ...change })

const cases: Readonly<Record<string, Case>> = {
  "a cluster that does not exist": { wish: wanting({ clusterId: "none" }), found: ["NotFound"] },
  "a shard that does not exist": { wish: wanting({ shardId: "099" }), found: ["UnknownShard"] },
  "a node that does not exist": { wish: wanting({ nodeId: "none" }), found: ["UnknownNode"] },
  "a node of another shard": { wish: wanting({ shardId: "002" }), found: ["UnknownNode"] },
  "a primary": {
    wish: (payload) => Effect.map(primaryOf(payload), (nodeId) => ({ ...payload, nodeId })),
    found: ["PrimaryNode"]
  },
  "a shard that has five nodes already": {
    wish: wanting({}),
    cluster: full,
    found: ["QuotaNodesPerShard"]
  },
  "a project that has sixty nodes already": {
    wish: (payload) => Effect.as(crowd(["second", "third"], 9), payload),
    found: ["QuotaNodesPerProject"]
  },
  "the subnet in which the replica stands": { wish: wanting({ subnetId: "subnet-y" }), found: ["AlreadyThere"] },
  "a subnet that is none of the cluster's": { wish: wanting({ subnetId: "subnet-w" }), found: ["SubnetOutsidePool"] },
  "a cluster that has failed": {
    wish: (payload) =>
      Effect.flatMap(Emulator, (emulator) =>
        Effect.as(emulator.disturb({ _tag: "FailCluster", clusterId: payload.clusterId }), payload)
      ),
    found: ["ClusterFailed"]
  },
  "a move that would bring all nodes of the shard into one subnet": {
    cluster: pair,
    wish: wanting({ subnetId: "subnet-x" }),
    found: ["NotSpread"]
  },
  "an automatic backup that is due meanwhile": {
    wish: (payload) => Effect.as(Grounds.scheduled("* * * * *")(payload), payload),
    found: ["BackupDue"]
  },
  "everything wrong at once": {
    wish: (payload) =>
      Effect.gen(function* () {
        yield* crowd(["second", "third"], 9)
        return { ...payload, nodeId: yield* primaryOf(payload), subnetId: "subnet-x" }
      }),
    found: ["AlreadyThere", "PrimaryNode", "QuotaNodesPerProject"]
  },
  "a full shard, a primary and its own subnet": {
    wish: (payload) => Effect.map(primaryOf(payload), (nodeId) => ({ ...payload, nodeId, subnetId: "subnet-x" })),
    cluster: full,
    found: ["AlreadyThere", "PrimaryNode", "QuotaNodesPerShard"]
  }
}

describe("before any write, a replacement is refused for", () => {
  for (const [reason, { cluster, found, wish }] of Object.entries(cases)) {
    it.effect(reason, () =>
      Effect.gen(function* () {
        assert.deepStrictEqual(tagsOf(yield* refusalOf(wish, cluster)), found)
      })
    )
  }

  it.effect("nothing when a change under way ends: the run waits it out", () =>
    inCloud(
      Effect.gen(function* () {
        const clusterId = yield* source(2)
        const payload = yield* replacePayload(clusterId)
        const addReplica = yield* AddReplica
        yield* addReplica({ clusterId, shardId: "002", subnet: { id: "subnet-z" } })
        const watched = yield* watch
        const result = yield* Runs.execute(ReplaceReplica.flow, { payload, id: "run" })
        assert.deepStrictEqual(yield* watched.writes, { AddReplica: 1, DeleteNode: 1 })
        assert.deepStrictEqual(
          result.shards.map(({ nodes }) => nodes.length),
          [3, 4]
        )
      }).pipe(Effect.provide(flows()))
    )
  )
})
