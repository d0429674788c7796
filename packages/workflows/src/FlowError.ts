/**
 * How a flow can fail, beside the errors of the calls it makes.
 *
 * @since 0.1.0
 */
import {
  Conflict,
  DecodeError,
  Forbidden,
  InvalidInput,
  InvalidRequest,
  NotFound,
  RequestTimeout,
  ServerError,
  Throttled,
  TokenUnavailable,
  TransportError,
  Unauthorized,
  UnexpectedStatus,
  Unprocessable
} from "@memstore-flows/api/MemStoreError"
import * as DateTime from "effect/DateTime"
import * as Schema from "effect/Schema"
import { describe, Finding } from "./Finding.js"

/**
 * Every way a call of the API can fail, but for creating a cluster.
 *
 * @since 0.1.0
 * @category schemas
 */
export const CallError = Schema.Union(
  InvalidRequest,
  Unauthorized,
  Forbidden,
  NotFound,
  ServerError,
  Throttled,
  UnexpectedStatus,
  TransportError,
  RequestTimeout,
  DecodeError,
  InvalidInput,
  TokenUnavailable
)

/**
 * @since 0.1.0
 * @category models
 */
export type CallError = typeof CallError.Type

/**
 * Every way creating or restoring a cluster can fail.
 *
 * @since 0.1.0
 * @category schemas
 */
export const CreateError = Schema.Union(...CallError.members, Conflict, Unprocessable)

/**
 * @since 0.1.0
 * @category models
 */
export type CreateError = typeof CreateError.Type

/**
 * The change is unsafe or impossible; `findings` names every reason with its evidence, and nothing of it was sent.
 *
 * @since 0.1.0
 * @category errors
 */
export class Refused extends Schema.TaggedError<Refused>("@memstore-flows/workflows/Refused")("Refused", {
  flow: Schema.String,
  findings: Schema.NonEmptyArray(Finding)
}) {
  override get message(): string {
    return `${this.flow} refused: ${this.findings.map(describe).join("; ")}`
  }
}

/**
 * The cluster's status is `Failed`, which is final; only deletion works.
 *
 * @since 0.1.0
 * @category errors
 */
export class ClusterFailed extends Schema.TaggedError<ClusterFailed>("@memstore-flows/workflows/ClusterFailed")(
  "ClusterFailed",
  { clusterId: Schema.String, during: Schema.String }
) {
  override get message(): string {
    return `cluster ${this.clusterId} is Failed (${this.during}); it can only be deleted`
  }
}

/**
 * A state that was seen while waiting: from `firstAt` to `lastAt` (milliseconds of the epoch), in `polls` answers.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Sighting = Schema.Struct({
  state: Schema.String,
  firstAt: Schema.Number,
  lastAt: Schema.Number,
  polls: Schema.Number
})

/**
 * @since 0.1.0
 * @category models
 */
export type Sighting = typeof Sighting.Type

/**
 * What was waited for did not come by the deadline; `history` is what was seen instead, the latest last.
 *
 * @since 0.1.0
 * @category errors
 */
export class WaitTimedOut extends Schema.TaggedError<WaitTimedOut>("@memstore-flows/workflows/WaitTimedOut")(
  "WaitTimedOut",
  { what: Schema.String, waitedMillis: Schema.Number, history: Schema.Array(Sighting) }
) {
  override get message(): string {
    const last = this.history.at(-1)
    const seen = last === undefined ? "nothing seen" : `last seen: ${last.state}`
    return `waited ${Math.round(this.waitedMillis / 1000)} s for ${this.what}; ${seen}`
  }
}

/**
 * Whether a write took effect, or which object it made, cannot be told from here.
 *
 * `lookFor` says what a person must look at; `candidates` are the ids it may be.
 *
 * @since 0.1.0
 * @category errors
 */
export class Ambiguous extends Schema.TaggedError<Ambiguous>("@memstore-flows/workflows/Ambiguous")("Ambiguous", {
  operation: Schema.String,
  lookFor: Schema.String,
  candidates: Schema.Array(Schema.String)
}) {
  override get message(): string {
    const ids = this.candidates.length > 0 ? ` (candidates: ${this.candidates.join(", ")})` : ""
    return `${this.operation}: outcome unknown; ${this.lookFor}${ids}`
  }
}

/**
 * A new cluster may exist or not: the answer of the call that makes it was lost, and clusters cannot be listed here.
 *
 * Look for a cluster named `name` in `subnets`, made between `from` and `until` (milliseconds of the epoch). The run waits
 * for a `Resolution` under the name `waiting`; it fails with this error when none comes by `WaitPolicy.answer`.
 *
 * @since 0.1.0
 * @category errors
 */
export class OutcomeUnknown extends Schema.TaggedError<OutcomeUnknown>("@memstore-flows/workflows/OutcomeUnknown")(
  "OutcomeUnknown",
  {
    run: Schema.String,
    waiting: Schema.String,
    operation: Schema.Literal("CreateCluster", "RestoreCluster"),
    name: Schema.String,
    subnets: Schema.Array(Schema.String),
    from: Schema.Number,
    until: Schema.Number
  }
) {
  override get message(): string {
    const [from, until] = [this.from, this.until].map((at) => DateTime.formatIso(DateTime.unsafeMake(at)))
    const where = `a cluster named "${this.name}" in ${this.subnets.join(", ")}, made between ${from} and ${until}`
    return `${this.operation}: outcome unknown; see in the console whether there is ${where}`
  }
}

/**
 * The replica to delete is no replica any more: it became primary, or it is gone. No other is taken in its stead.
 *
 * @since 0.1.0
 * @category errors
 */
export class ReplicaChanged extends Schema.TaggedError<ReplicaChanged>("@memstore-flows/workflows/ReplicaChanged")(
  "ReplicaChanged",
  {
    clusterId: Schema.String,
    shardId: Schema.String,
    nodeId: Schema.String,
    became: Schema.Literal("primary", "gone")
  }
) {
  override get message(): string {
    const what = this.became === "primary" ? "became primary" : "is gone"
    return `node ${this.nodeId} of shard ${this.shardId} ${what} in mid-flow`
  }
}

/**
 * The new replica did not catch up with its primary by the deadline.
 *
 * @since 0.1.0
 * @category errors
 */
export class ReplicaNotInSync extends Schema.TaggedError<ReplicaNotInSync>(
  "@memstore-flows/workflows/ReplicaNotInSync"
)("ReplicaNotInSync", {
  clusterId: Schema.String,
  shardId: Schema.String,
  nodeId: Schema.String,
  detail: Schema.String
}) {
  override get message(): string {
    return `replica ${this.nodeId} of shard ${this.shardId} is not in sync: ${this.detail}`
  }
}

/**
 * An undo left something in place on purpose; `reason` says what and why.
 *
 * @since 0.1.0
 * @category errors
 */
export class LeftInPlace extends Schema.TaggedError<LeftInPlace>("@memstore-flows/workflows/LeftInPlace")(
  "LeftInPlace",
  { reason: Schema.String }
) {
  override get message(): string {
    return this.reason
  }
}

/**
 * The password of a database user could not be had. Its value is in no message.
 *
 * @since 0.1.0
 * @category errors
 */
export class PasswordUnavailable extends Schema.TaggedError<PasswordUnavailable>(
  "@memstore-flows/workflows/PasswordUnavailable"
)("PasswordUnavailable", { user: Schema.String, reason: Schema.String }) {
  override get message(): string {
    return `no password for database user "${this.user}": ${this.reason}`
  }
}

/**
 * The backup ended in `Error`, or shows a status that it cannot leave.
 *
 * @since 0.1.0
 * @category errors
 */
export class BackupFailed extends Schema.TaggedError<BackupFailed>("@memstore-flows/workflows/BackupFailed")(
  "BackupFailed",
  { backupId: Schema.String, name: Schema.String, status: Schema.String }
) {
  override get message(): string {
    return `backup "${this.name}" is ${this.status}`
  }
}

/**
 * A cluster that was made is not as it should be: `findings` names what is wrong. It is deleted by the undo, unless the
 * payload says to keep it.
 *
 * @since 0.1.0
 * @category errors
 */
export class VerificationFailed extends Schema.TaggedError<VerificationFailed>(
  "@memstore-flows/workflows/VerificationFailed"
)("VerificationFailed", { clusterId: Schema.String, findings: Schema.NonEmptyArray(Finding) }) {
  override get message(): string {
    return `cluster ${this.clusterId} is not as it should be: ${this.findings.map(describe).join("; ")}`
  }
}

/**
 * The question of a flow was answered with no, or not by its deadline. `by` is who answered.
 *
 * @since 0.1.0
 * @category errors
 */
export class NotApproved extends Schema.TaggedError<NotApproved>("@memstore-flows/workflows/NotApproved")(
  "NotApproved",
  { question: Schema.String, why: Schema.Literal("denied", "deadline"), by: Schema.NullOr(Schema.String) }
) {
  override get message(): string {
    const who = this.by === null ? "" : ` by ${this.by}`
    return this.why === "denied" ? `not approved${who}: ${this.question}` : `no answer in time: ${this.question}`
  }
}

/**
 * The caller's hook that points clients to another cluster did not succeed.
 *
 * @since 0.1.0
 * @category errors
 */
export class HandoverFailed extends Schema.TaggedError<HandoverFailed>("@memstore-flows/workflows/HandoverFailed")(
  "HandoverFailed",
  { from: Schema.String, to: Schema.String, detail: Schema.String }
) {
  override get message(): string {
    return `clients could not be handed over from cluster ${this.from} to ${this.to}: ${this.detail}`
  }
}

/**
 * A maintenance window that never opens, or is too short; every fault is named at once.
 *
 * @since 0.1.0
 * @category errors
 */
export class WindowInvalid extends Schema.TaggedError<WindowInvalid>("@memstore-flows/workflows/WindowInvalid")(
  "WindowInvalid",
  { faults: Schema.Array(Schema.Struct({ path: Schema.String, message: Schema.String })) }
) {
  override get message(): string {
    return this.faults.map(({ message, path }) => `${path}: ${message}`).join("; ")
  }
}

/**
 * Nodes keep coming back to a subnet that is to be left, as by auto-heal: after `moves` moves these still stand there.
 *
 * @since 0.1.0
 * @category errors
 */
export class SubnetRefilled extends Schema.TaggedError<SubnetRefilled>("@memstore-flows/workflows/SubnetRefilled")(
  "SubnetRefilled",
  {
    clusterId: Schema.String,
    subnetId: Schema.String,
    moves: Schema.Number,
    left: Schema.Array(Schema.Struct({ shardId: Schema.String, nodeId: Schema.String }))
  }
) {
  override get message(): string {
    const nodes = this.left.map(({ nodeId, shardId }) => `${nodeId} of shard ${shardId}`)
    return `after ${this.moves} moves out of subnet ${this.subnetId} there are again nodes in it: ${nodes.join(", ")}`
  }
}
