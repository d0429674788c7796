import { Shard } from "@memstore-flows/api/Shard"
import type { SubnetAssignment } from "@memstore-flows/api/Subnet"
import * as Step from "@memstore-flows/engine/Step"
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Checks from "../Checks.js"
import { Finding } from "../Finding.js"
import * as Placement from "../Placement.js"
import { inService } from "../Preflight.js"
import { addShard, removeShard, ScaleError } from "../Scale.js"
import { counted, unlike } from "./counted.js"
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

/** A shard that another is placed like, and how many nodes it was counted with then. */
interface Model {
  readonly shardId: string
  readonly counted: number
}

/** The shards that others were placed like, and that turn out to have more nodes than were counted. */
const countedShort =
  (models: ReadonlyArray<Model>) =>
  ({ shards }: { readonly shards: ReadonlyArray<Shard> }): ReadonlyArray<Finding> =>
    models.flatMap(({ counted, shardId }) => {
      const nodes = shards.find(({ id }) => id === shardId)?.nodes.length ?? 0
      return nodes > counted ? [{ _tag: "CountedShort" as const, shardId, counted, nodes }] : []
    })

/** A shard to come; `like`: the one it is placed like, unless the caller says where it goes. */
interface Coming {
  readonly subnetAssignments: SubnetAssignment
  readonly like?: Model | undefined
}

const likeOf = (shards: ReadonlyArray<Shard>, index: number): Model | undefined => {
  const shard = shards[index % Math.max(1, shards.length)]
  return shard && { shardId: shard.id, counted: shard.nodes.length }
}

/** The shards to come, placed as given, or like those there are in turn. */
export const coming = (
  shards: ReadonlyArray<Shard>,
  count: number,
  given: ReadonlyArray<SubnetAssignment> = []
): ReadonlyArray<Coming> =>
  Array.from({ length: Math.max(0, count) }, (_, index) => {
    const placed = given[index]
    return placed === undefined
      ? { subnetAssignments: Placement.like(shards, index + 1), like: likeOf(shards, index) }
      : { subnetAssignments: placed }
  })

const modelsOf = (shards: ReadonlyArray<Coming>): ReadonlyArray<Model> =>
  Arr.dedupeWith(
    shards.flatMap(({ like }) => like ?? []),
    (a, b) => a.shardId === b.shardId
  )

/** The step that reads the shards, when others may come that are placed like them. */
export const shardsGrowing = (
  name: string,
  clusterId: string,
  comingTo: (shards: ReadonlyArray<Shard>) => ReadonlyArray<Coming>
) => {
  const models = (shards: ReadonlyArray<Shard>) => {
    const ids = modelsOf(comingTo(shards)).map(({ shardId }) => shardId)
    return shards.filter(({ id }) => ids.includes(id))
  }
  return Step.make(name, {
    success: Shards,
    error: ScaleError,
    run: counted(clusterId, name, unlike(models))
  })
}

interface Additions {
  readonly clusterId: string
  readonly shards: ReadonlyArray<Coming>
  readonly undo: "remove" | "keep"
  /** The flow's own reasons to refuse, told with those of the first checks. */
  readonly own: ReadonlyArray<Finding>
}

/** Adds shards one at a time, the checks before each. The first checks look at all that is to come. */
export const addEach = ({ clusterId, own, shards, undo }: Additions) =>
  Effect.gen(function* () {
    const added: Array<string> = []
    const short = countedShort(modelsOf(shards))
    const placements = shards.map(({ subnetAssignments }) => subnetAssignments)
    for (const [index, subnetAssignments] of placements.entries()) {
      const reasons = index === 0 ? own : []
      yield* guardAdding(`checks before shard +${index + 1}`, clusterId, placements.slice(index), (facts) => [
        ...reasons,
        ...short(facts)
      ])
      const nodeCount = 1 + subnetAssignments.replicas.length
      added.push(yield* addShard(`add shard +${index + 1}`, { clusterId, nodeCount, subnetAssignments, undo }))
    }
    return added
  })

interface Removals {
  readonly clusterId: string
  readonly ids: ReadonlyArray<string>
  readonly own?: ReadonlyArray<Finding>
  /** Those that others were placed like. */
  readonly models?: ReadonlyArray<Model>
}

/** Removes shards one at a time, the checks before each: what leaves cannot be brought back. `own`: as of `addEach`. */
export const removeEach = ({ clusterId, ids, models = [], own = [] }: Removals) =>
  Effect.forEach(
    ids,
    (shardId, index) =>
      Effect.zipRight(
        guardRemoving(clusterId, [shardId, ...ids.slice(index + 1)], (facts) => [
          ...(index === 0 ? own : []),
          ...countedShort(models)(facts)
        ]),
        removeShard(`remove shard ${shardId}`, { clusterId, shardId })
      ),
    { discard: true }
  )

/** The end of a change of shards: what there is now, compared with before. */
export const resized = (
  clusterId: string,
  before: ReadonlyArray<Shard>,
  added: ReadonlyArray<string>,
  removed: ReadonlyArray<string>,
  came: ReadonlyArray<Coming> = []
) =>
  Effect.gen(function* () {
    const shards = yield* shardsNow("topology", clusterId)
    const change = { what: "what was reached", clusterId, destructive: false }
    const { advice } = yield* Checks.guard("checks after", change, countedShort(modelsOf(came)))
    return { clusterId, added, removed, ...Checks.endpoints(before, shards), advice, shards }
  })
