/**
 * What a flow would do, as data: made by a rehearsal, read by people, saved, approved and run.
 *
 * @since 0.1.0
 */
import { Shard } from "@memstore-flows/api/Shard"
import * as Topology from "@memstore-flows/model/Topology"
import * as Schema from "effect/Schema"
import * as Checks from "../Checks.js"

/**
 * A cluster as a list of shards shows it.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Cluster = Schema.Struct({
  id: Schema.String,
  name: Schema.String,
  shards: Schema.Array(Shard)
}).annotations({ identifier: "PlanCluster" })

/**
 * @since 0.1.0
 * @category models
 */
export type Cluster = typeof Cluster.Type

const request = {
  operation: Schema.String,
  method: Schema.String,
  path: Schema.String,
  query: Schema.Record({ key: Schema.String, value: Schema.String }),
  body: Schema.NullOr(Schema.Unknown),
  step: Schema.String
}

/**
 * What the undo of a step does when the run stops after a call: the calls it makes, and why something is kept.
 * `registered` is false for a step without an undo.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Undo = Schema.Struct({
  registered: Schema.Boolean,
  calls: Schema.Array(Schema.Struct(request)),
  kept: Schema.NullOr(Schema.String)
}).annotations({ identifier: "PlanUndo" })

/**
 * @since 0.1.0
 * @category models
 */
export type Undo = typeof Undo.Type

/**
 * A write in its place.
 *
 * - `after`: milliseconds from the start
 * - `body`: as sent, without secrets
 * - `status`: what the service answers, 200 for accepted; `message` says why it refuses
 * - `undoes`: the call is part of the undo of a run that fails
 * - `undo`: `null` when it was not worked out
 *
 * @since 0.1.0
 * @category schemas
 */
export const Call = Schema.Struct({
  ...request,
  after: Schema.Number,
  status: Schema.Int,
  message: Schema.String,
  undoes: Schema.Boolean,
  undo: Schema.NullOr(Undo)
}).annotations({ identifier: "PlanCall" })

/**
 * @since 0.1.0
 * @category models
 */
export type Call = typeof Call.Type

/**
 * A step, a durable sleep or a question, in milliseconds from the start.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Phase = Schema.Struct({
  name: Schema.String,
  kind: Schema.Literal("step", "sleep", "question"),
  from: Schema.Number,
  to: Schema.Number,
  failed: Schema.Boolean
}).annotations({ identifier: "PlanPhase" })

/**
 * @since 0.1.0
 * @category models
 */
export type Phase = typeof Phase.Type

/**
 * How the flow would end: it succeeds; it is refused before any write; it fails after some; it dies of a defect.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Ending = Schema.Union(
  Schema.TaggedStruct("Succeeds", {}),
  Schema.TaggedStruct("Refused", {
    error: Schema.String,
    message: Schema.String,
    reasons: Schema.Array(Schema.String)
  }),
  Schema.TaggedStruct("Fails", { error: Schema.String, message: Schema.String, reasons: Schema.Array(Schema.String) }),
  Schema.TaggedStruct("Dies", { message: Schema.String })
)

/**
 * @since 0.1.0
 * @category models
 */
export type Ending = typeof Ending.Type

/**
 * A question to a person: how long it waits for an answer (`null`: for ever). A rehearsal says yes.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Question = Schema.Struct({
  step: Schema.String,
  text: Schema.String,
  after: Schema.Number,
  within: Schema.NullOr(Schema.Number)
}).annotations({ identifier: "PlanQuestion" })

const Endpoint = Schema.Struct({
  clusterId: Schema.String,
  shardId: Schema.String,
  nodeId: Schema.String,
  subnetId: Schema.String,
  address: Schema.String
})

/**
 * A backup that is restored from, as it was.
 *
 * @since 0.1.0
 * @category schemas
 */
export const RestoredBackup = Schema.Struct({
  id: Schema.String,
  name: Schema.String,
  version: Schema.NullOr(Schema.String),
  shardCount: Schema.NullOr(Schema.Number)
}).annotations({ identifier: "PlanBackup" })

/**
 * A plan. Objects that are not there yet bear names such as `new-node-1`, for nobody knows their ids.
 *
 * - `format`: of this schema
 * - `payload`: as the flow's schema encodes it
 * - `madeAt`: milliseconds of the epoch; `takes`: milliseconds, by the durations the rehearsal was given
 * - `fingerprint`: of `before` and `backups`; a saved plan runs only while they are the same
 * - `before`, `after`: the clusters the flow reads or changes
 * - `nodes`: in the project, against the quota, at the start, at the peak and at the end
 * - `checks`: reports of the safety checks
 * - `reads`: how many of each operation
 * - `assumptions`: what could not be read, in sentences
 *
 * @since 0.1.0
 * @category schemas
 */
export const Plan = Schema.Struct({
  format: Schema.Literal(1),
  flow: Schema.Struct({ name: Schema.String, version: Schema.Number }),
  resource: Schema.NullOr(Schema.String),
  payload: Schema.Unknown,
  madeAt: Schema.Number,
  takes: Schema.Number,
  fingerprint: Schema.String,
  ending: Ending,
  calls: Schema.Array(Call),
  phases: Schema.Array(Phase),
  questions: Schema.Array(Question),
  before: Schema.Array(Cluster),
  after: Schema.Array(Cluster),
  backups: Schema.Array(RestoredBackup),
  endpoints: Schema.Struct({ added: Schema.Array(Endpoint), removed: Schema.Array(Endpoint) }),
  nodes: Schema.Struct({
    before: Schema.Number,
    peak: Schema.Number,
    after: Schema.Number,
    limit: Schema.Number
  }),
  checks: Schema.Array(Checks.Report),
  reads: Schema.Record({ key: Schema.String, value: Schema.Number }),
  assumptions: Schema.Array(Schema.String)
}).annotations({ identifier: "Plan" })

/**
 * @since 0.1.0
 * @category models
 */
export type Plan = typeof Plan.Type

/**
 * A plan as JSON text.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Json = Schema.parseJson(Plan)

/**
 * What a plan depends on.
 *
 * @since 0.1.0
 * @category models
 */
export type Basis = Pick<Plan, "before" | "backups">

const lines = ({ backups, before }: Basis): ReadonlyArray<string> => [
  ...before.flatMap(({ id, shards }) => [
    `cluster ${id}`,
    ...Topology.make(shards).shards.flatMap((shard) => [
      `shard ${id} ${shard.id} ${shard.slots}`,
      ...shard.nodes
        .map((node) => `node ${id} ${shard.id} ${node.id} ${node.role} ${node.subnet.id} ${node.endpoint}`)
        .sort()
    ])
  ]),
  ...backups.map(({ id, name, shardCount, version }) => `backup ${id} ${name} ${version} ${shardCount}`)
]

/**
 * A short text that changes with shards, slots, nodes, roles, subnets and addresses, and with the backups. The order of
 * lists and the status words do not matter. It guards against accidents, not against forgery.
 *
 * @since 0.1.0
 * @category destructors
 */
export const fingerprint = (basis: Basis): string => {
  let high = 0xdeadbeef
  let low = 0x41c6ce57
  for (const char of [...lines(basis)].sort().join("\n")) {
    const code = char.codePointAt(0) ?? 0
    high = Math.imul(high ^ code, 0x9e3779b1)
    low = Math.imul(low ^ code, 0x5f356495)
  }
  high = Math.imul(high ^ (high >>> 16), 0x85ebca6b) ^ Math.imul(low ^ (low >>> 13), 0xc2b2ae35)
  low = Math.imul(low ^ (low >>> 16), 0x85ebca6b) ^ Math.imul(high ^ (high >>> 13), 0xc2b2ae35)
  const hex = (half: number) => (half >>> 0).toString(16).padStart(8, "0")
  return `${hex(high)}${hex(low)}`
}

/**
 * What is another than the plan goes by, in words: `lost` was there when the plan was made, `found` is there now.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Difference = Schema.Struct({ lost: Schema.Array(Schema.String), found: Schema.Array(Schema.String) })

/**
 * @since 0.1.0
 * @category models
 */
export type Difference = typeof Difference.Type

/**
 * Compares what a plan depends on with what is there now; empty lists mean that nothing has changed.
 *
 * @since 0.1.0
 * @category destructors
 */
export const difference = (planned: Basis, now: Basis): Difference => {
  const before = new Set(lines(planned))
  const after = new Set(lines(now))
  return {
    lost: [...before].filter((line) => !after.has(line)),
    found: [...after].filter((line) => !before.has(line))
  }
}
