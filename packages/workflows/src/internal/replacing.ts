import type { SubnetAssignment } from "@memstore-flows/api/Subnet"
import * as Rules from "@memstore-flows/model/Rules"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Checks from "../Checks.js"
import { addShard } from "../Scale.js"
import { shardTakes } from "./expected.js"
import { removeEach, resized, shardsNow } from "./resize.js"

interface Replacement {
  readonly clusterId: string
  readonly shardId: string
  readonly newShard: SubnetAssignment
  readonly onUndo?: "remove" | "keep"
  readonly checksOff?: ReadonlyArray<Checks.Off>
}

/** Adds a shard, then removes the old one. `alike`: the new one is to have as many nodes as the old one. */
export const replaceShard = (replacement: Replacement, { alike = false }: { readonly alike?: boolean } = {}) =>
  Effect.gen(function* () {
    const { clusterId, newShard, onUndo: undo = "remove", shardId } = replacement
    const before = yield* shardsNow("shards", clusterId)
    const nodeCount = 1 + newShard.replicas.length
    yield* Checks.guard(
      "checks",
      {
        what: `replace shard ${shardId}`,
        clusterId,
        destructive: true,
        irreversible: [`remove shard ${shardId}`],
        addsShards: 1,
        addsNodes: nodeCount,
        placements: [newShard],
        takes: Duration.times(shardTakes, 2),
        tellsEndpoints: true
      },
      ({ shards }) => [
        ...(shards.some(({ id }) => id === shardId) ? [] : [{ _tag: "UnknownShard" as const, clusterId, shardId }]),
        ...Rules.nodesPerShard(nodeCount)
      ]
    )
    const added = yield* addShard("add shard", { clusterId, nodeCount, subnetAssignments: newShard, undo })
    const models = alike ? [{ shardId, counted: nodeCount }] : []
    yield* removeEach({ clusterId, ids: [shardId], models })
    return yield* resized(clusterId, before, [added], [shardId])
  }).pipe(Checks.without(replacement.checksOff))
