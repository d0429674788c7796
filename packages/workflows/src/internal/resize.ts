import { Shard } from "@memstore-flows/api/Shard"
import type { SubnetAssignment } from "@memstore-flows/api/Subnet"
import * as Step from "@memstore-flows/engine/Step"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Checks from "../Checks.js"
import { Finding } from "../Finding.js"
import { inService } from "../Preflight.js"
import { addShard, removeShard, ScaleError } from "../Scale.js"
import { guardAdding, guardRemoving } from "./shardGuards.js"
import { Shards } from "./shards.js"

/** What a change of the number of shards gives. `advice`: what the checks found in the end and did not refuse. */
export const Resized = Schema.Struct({
  clusterId: Schema.String,
  added: Schema.Array(Schema.String),
  removed: Schema.Array(Schema.String),
  endpointsAdded: Schema.Array(Schema.String),
  endpointsRemoved: Schema.Array(Schema.String),
  advice: Schema.Array(Finding),
  shards: Schema.Array(Shard)
}).annotations({ identifier: "ResizeResult" })

/** The step that reads the shards. */
export const shardsNow = (name: string, clusterId: string) =>
  Step.make(name, { success: Shards, error: ScaleError, run: inService(clusterId, name) })

interface Additions {
  readonly clusterId: string
  readonly placements: ReadonlyArray<SubnetAssignment>
  readonly undo: "remove" | "keep"
  /** The flow's own reasons to refuse, told with those of the first checks. */
  readonly own: ReadonlyArray<Finding>
}

/** Adds shards one at a time, the checks before each. The first checks look at all that is to come. */
export const addEach = ({ clusterId, own, placements, undo }: Additions) =>
  Effect.gen(function* () {
    const added: Array<string> = []
    for (const [index, subnetAssignments] of placements.entries()) {
      const reasons = index === 0 ? own : []
      yield* guardAdding(`checks before shard +${index + 1}`, clusterId, placements.slice(index), reasons)
      const nodeCount = 1 + subnetAssignments.replicas.length
      added.push(yield* addShard(`add shard +${index + 1}`, { clusterId, nodeCount, subnetAssignments, undo }))
    }
    return added
  })

/** Removes shards one at a time, the checks before each: what leaves cannot be brought back. `own`: as of `addEach`. */
export const removeEach = (clusterId: string, ids: ReadonlyArray<string>, own: ReadonlyArray<Finding> = []) =>
  Effect.forEach(
    ids,
    (shardId, index) =>
      Effect.zipRight(
        guardRemoving(clusterId, [shardId, ...ids.slice(index + 1)], index === 0 ? own : []),
        removeShard(`remove shard ${shardId}`, { clusterId, shardId })
      ),
    { discard: true }
  )

/** The end of a change of shards: what there is now, compared with before. */
export const resized = (
  clusterId: string,
  before: ReadonlyArray<Shard>,
  added: ReadonlyArray<string>,
  removed: ReadonlyArray<string>
) =>
  Effect.gen(function* () {
    const shards = yield* shardsNow("topology", clusterId)
    const { advice } = yield* Checks.guard("checks after", { what: "what was reached", clusterId, destructive: false })
    return { clusterId, added, removed, ...Checks.endpoints(before, shards), advice, shards }
  })
