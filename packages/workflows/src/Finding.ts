/**
 * Why a change is refused, with the evidence.
 *
 * @since 0.1.0
 */
import * as Reason from "@memstore-flows/model/Reason"
import * as Warning from "@memstore-flows/model/Warning"
import * as Schema from "effect/Schema"

/**
 * The shards do not cover 0-16383 exactly once; `missing` and `overlapping` are slot ranges.
 *
 * @since 0.1.0
 * @category schemas
 */
export const SlotsUncovered = Schema.TaggedStruct("SlotsUncovered", {
  clusterId: Schema.String,
  missing: Schema.String,
  overlapping: Schema.String
})

/**
 * The node is already where it is wanted.
 *
 * @since 0.1.0
 * @category schemas
 */
export const AlreadyThere = Schema.TaggedStruct("AlreadyThere", { nodeId: Schema.String, subnetId: Schema.String })

/**
 * One reason for a refusal, as data: a rule of the model, a warning that the flow takes for a refusal, or a fact of the
 * topology.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Finding = Schema.Union(Reason.Reason, Warning.Warning, SlotsUncovered, AlreadyThere)

/**
 * @since 0.1.0
 * @category models
 */
export type Finding = typeof Finding.Type

/**
 * A finding in one sentence.
 *
 * @since 0.1.0
 * @category destructors
 */
export const describe = (finding: Finding): string => {
  switch (finding._tag) {
    case "SlotsUncovered":
      return `the shards of cluster ${finding.clusterId} leave slots [${finding.missing}] uncovered and claim [${finding.overlapping}] twice`
    case "AlreadyThere":
      return `node ${finding.nodeId} stands in subnet ${finding.subnetId} already`
    case "RestoreMemory":
    case "NotSpread":
      return Warning.describe(finding)
    default:
      return Reason.describe(finding)
  }
}
