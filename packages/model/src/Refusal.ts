/**
 * The answer of a service that says no.
 *
 * @since 0.1.0
 */
import { Fault } from "@memstore-flows/api/MemStoreError"
import * as Schema from "effect/Schema"
import { describe, path, Reason, type ReasonTag } from "./Reason.js"

/**
 * The HTTP statuses a refusal can have.
 *
 * @since 0.1.0
 * @category models
 */
export const RefusalStatus = Schema.Literal(400, 404, 409, 422)

/**
 * @since 0.1.0
 * @category models
 */
export type RefusalStatus = typeof RefusalStatus.Type

/**
 * A command or read that was refused and changed nothing.
 *
 * - `status`: as the service would answer over HTTP
 * - `reason`: the tag of the first of `reasons`, which are all the rules that were broken
 * - `message`: for a person
 * - `faults`: the reasons that speak of a field of the request
 *
 * @since 0.1.0
 * @category schemas
 */
export const Refusal = Schema.TaggedStruct("Refusal", {
  status: RefusalStatus,
  reason: Schema.String,
  message: Schema.String,
  faults: Schema.Array(Fault),
  reasons: Schema.NonEmptyArray(Reason)
}).annotations({ identifier: "Refusal" })

/**
 * @since 0.1.0
 * @category models
 */
export interface Refusal extends Omit<typeof Refusal.Type, "reason"> {
  readonly reason: ReasonTag
}

/**
 * Statuses by reason that differ from the default, see `defaultStatus`.
 *
 * @since 0.1.0
 * @category models
 */
export type Statuses = Readonly<Partial<Record<string, RefusalStatus>>>

/**
 * The status of a reason when nothing else is set.
 *
 * 404 for what does not exist by id in the URL; 409 for names taken and for a busy cluster (documented only for creation; a
 * guess elsewhere, as no page says what a busy cluster answers); 422 for what cannot be carried out on creation; else 400.
 *
 * @since 0.1.0
 * @category getters
 */
export const defaultStatus = (reason: Reason, creation: boolean): RefusalStatus => {
  switch (reason._tag) {
    case "UnknownCluster":
    case "UnknownShard":
    case "UnknownNode":
      return 404
    case "UnknownBackup":
      return creation ? 422 : 404
    case "NameTaken":
    case "BackupNameTaken":
    case "Busy":
    case "NotRunning":
    case "ClusterFailed":
    case "BackupRunning":
      return 409
    case "QuotaShards":
    case "QuotaNodesPerShard":
    case "PortOutOfRange":
    case "AssignmentCount":
    case "AssignmentReplicas":
    case "SubnetOutsidePool":
      return 400
    default:
      return creation ? 422 : 400
  }
}

/**
 * Makes a refusal of the broken rules. `creation`: the refused request would have created a cluster.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  reasons: readonly [Reason, ...Array<Reason>],
  options: { readonly creation?: boolean; readonly statuses?: Statuses } = {}
): Refusal => {
  const [first] = reasons
  return {
    _tag: "Refusal",
    status: options.statuses?.[first._tag] ?? defaultStatus(first, options.creation ?? false),
    reason: first._tag,
    message: reasons.map(describe).join("; "),
    faults: reasons.flatMap((each) => (path(each) === "" ? [] : [{ path: path(each), message: describe(each) }])),
    reasons
  }
}
