/**
 * The work a cluster is doing.
 *
 * @since 0.1.0
 */
import type { KnownStatus } from "@memstore-flows/api/Status"
import * as Schema from "effect/Schema"
import { Move } from "./SlotPlan.js"

/**
 * @since 0.1.0
 * @category schemas
 */
export const OperationKind = Schema.Literal(
  "CreateCluster",
  "UpdateCluster",
  "DeleteCluster",
  "AddShard",
  "DeleteShard",
  "AddReplica",
  "DeleteNode"
)

/**
 * @since 0.1.0
 * @category models
 */
export type OperationKind = typeof OperationKind.Type

/**
 * A part of an operation.
 *
 * `millis`: how long it takes when it ends by time. `startedAt` and `endedAt`: epoch milliseconds, `null` before.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Stage = Schema.Struct({
  name: Schema.Literal("Init", "Creating", "Modifying", "Nodes", "Slots", "Deleting"),
  millis: Schema.Number,
  startedAt: Schema.NullOr(Schema.Number),
  endedAt: Schema.NullOr(Schema.Number)
})

/**
 * @since 0.1.0
 * @category models
 */
export type Stage = typeof Stage.Type

/**
 * One operation; a cluster has at most one.
 *
 * - `stages`: the first without `endedAt` is under way
 * - `heldAt`: since when it does not end by time (`null`: it does). Set by `StickOperation`, or from the start when
 *   `settings.endsBy` is `"signal"`
 * - `failing`: it will end `Failed`
 * - `shardId`, `nodeIds`: what it makes or removes
 * - `moves`: the slots its `Slots` stage moves, in order; `moved`: how many of them were reported moved from outside,
 *   `null` when that follows from time
 *
 * @since 0.1.0
 * @category schemas
 */
export const Operation = Schema.Struct({
  id: Schema.String,
  kind: OperationKind,
  startedAt: Schema.Number,
  stages: Schema.Array(Stage),
  heldAt: Schema.NullOr(Schema.Number),
  failing: Schema.Boolean,
  shardId: Schema.NullOr(Schema.String),
  nodeIds: Schema.Array(Schema.String),
  moves: Schema.Array(Move),
  moved: Schema.NullOr(Schema.Number)
}).annotations({ identifier: "Operation" })

/**
 * @since 0.1.0
 * @category models
 */
export type Operation = typeof Operation.Type

/**
 * The stage under way.
 *
 * @since 0.1.0
 * @category getters
 */
export const stage = (operation: Operation): Stage | undefined =>
  operation.stages.find(({ endedAt }) => endedAt === null)

/**
 * When the stage under way ends by itself; `undefined` when it is held.
 *
 * @since 0.1.0
 * @category getters
 */
export const dueAt = (operation: Operation): number | undefined => {
  const current = stage(operation)
  return current === undefined || current.startedAt === null || operation.heldAt !== null
    ? undefined
    : current.startedAt + current.millis
}

/**
 * The status word a cluster shows while an operation runs.
 *
 * @since 0.1.0
 * @category getters
 */
export const status = (operation: Operation): KnownStatus => {
  switch (operation.kind) {
    case "CreateCluster":
      return stage(operation)?.name === "Init" ? "Init" : "Creating"
    case "UpdateCluster":
      return "Modifying"
    case "DeleteCluster":
      return "Deleting"
    default:
      return "Scaling(horizontal)"
  }
}

/**
 * How many slots of `moves` have changed hands at `now`: by report when there is one, else linearly in time.
 *
 * @since 0.1.0
 * @category getters
 */
export const movedAt = (operation: Operation, now: number): number => {
  const total = operation.moves.reduce((sum, { count }) => sum + count, 0)
  const slots = operation.stages.find(({ name }) => name === "Slots")
  if (slots === undefined || slots.startedAt === null) return 0
  if (slots.endedAt !== null) return total
  if (operation.moved !== null) return Math.min(total, operation.moved)
  const elapsed = Math.max(0, (operation.heldAt ?? now) - slots.startedAt)
  return slots.millis === 0 ? 0 : Math.min(total, Math.floor((total * elapsed) / slots.millis))
}
