/**
 * The safety checks as steps: run before the first write, and again before each destructive one.
 *
 * @since 0.1.0
 */
import { ListBackups } from "@memstore-flows/api/ListBackups"
import type { ListClusters } from "@memstore-flows/api/ListClusters"
import type { ListShards } from "@memstore-flows/api/ListShards"
import { isRefusal, isTransient } from "@memstore-flows/api/MemStoreError"
import type { Shard } from "@memstore-flows/api/Shard"
import * as Run from "@memstore-flows/engine/Run"
import * as Step from "@memstore-flows/engine/Step"
import * as Topology from "@memstore-flows/model/Topology"
import * as Arr from "effect/Array"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { Finding } from "./Finding.js"
import { CallError, ClusterFailed, Refused, WaitTimedOut } from "./FlowError.js"
import * as Invariant from "./Invariant.js"
import { gated } from "./internal/gate.js"
import { all } from "./internal/invariants.js"
import { LoadProbe } from "./LoadProbe.js"
import * as Observe from "./Observe.js"
import { clusters, inService, refuseIf } from "./Preflight.js"
import { ReplicaSync, type SyncState } from "./ReplicaSync.js"

/**
 * A check that is not made, and why: both are in the journal.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Off = Schema.Struct({ check: Invariant.Name, reason: Schema.NonEmptyString }).annotations({
  identifier: "CheckOff"
})

/**
 * @since 0.1.0
 * @category models
 */
export type Off = typeof Off.Type

/**
 * What a payload takes to switch checks off, each with a reason.
 *
 * @since 0.1.0
 * @category schemas
 */
export const payloadFields = { checksOff: Schema.optionalWith(Schema.Array(Off), { exact: true }) }

/**
 * What came of the checks: `held` (also those that have nothing to say of the change), `off` with the reasons given,
 * `unknown` those that could not be made, `advice` what was found and is not refused.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Report = Schema.Struct({
  change: Schema.String,
  held: Schema.Array(Invariant.Name),
  off: Schema.Array(Off),
  unknown: Schema.Array(Schema.Struct({ check: Invariant.Name, why: Schema.String })),
  advice: Schema.Array(Finding)
}).annotations({ identifier: "CheckReport" })

/**
 * @since 0.1.0
 * @category models
 */
export type Report = typeof Report.Type

/**
 * Every way the checks can fail; `Refused` names what is broken.
 *
 * @since 0.1.0
 * @category errors
 */
export const CheckError = Schema.Union(...CallError.members, Refused, ClusterFailed, WaitTimedOut)

/**
 * @since 0.1.0
 * @category errors
 */
export type CheckError = typeof CheckError.Type

/**
 * - `off`: checks that are not made, each with a reason
 * - `binding`: advisory checks that are to refuse all the same
 * - the limits: see `Invariant.Limits`
 *
 * @since 0.1.0
 * @category models
 */
export interface Policy extends Invariant.Limits {
  readonly off: ReadonlyArray<Off>
  readonly binding: ReadonlyArray<Invariant.Name>
}

/**
 * The defaults: every check on; head-room 1.5, CPU 80 % and on one core 50 %, a backup of the last 24 hours, shards
 * within a quarter of an even one, schedules of backups read in UTC and in Korean time.
 *
 * @since 0.1.0
 * @category constants
 */
export const defaults: Policy = {
  off: [],
  binding: [],
  headroom: 1.5,
  cpu: 0.8,
  cpuSingleCore: 0.5,
  backupAge: Duration.hours(24),
  unevenness: 0.25,
  zones: ["UTC", "Asia/Seoul"]
}

/**
 * The policy in force; `defaults` unless a layer says otherwise.
 *
 * @since 0.1.0
 * @category tags
 */
export class CheckPolicy extends Context.Reference<CheckPolicy>()("@memstore-flows/workflows/CheckPolicy", {
  defaultValue: (): Policy => defaults
}) {}

/**
 * Switches checks off for a body. What is off, and why, is in the report of each `guard` in it, and so in the journal.
 *
 * @since 0.1.0
 * @category combinators
 */
export const without =
  (off: ReadonlyArray<Off> = []) =>
  <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    off.length === 0
      ? self
      : Effect.flatMap(CheckPolicy, (policy) =>
          Effect.provideService(self, CheckPolicy, { ...policy, off: [...policy.off, ...off] })
        )

const backups = Effect.flatMap(ListBackups, (list) =>
  list({}).pipe(
    Effect.map(({ backups }) => backups),
    Effect.asSome,
    Effect.catchIf(
      (error) =>
        error._tag === "Forbidden" || error._tag === "DecodeError" || (isRefusal(error) && !isTransient(error)),
      () => Effect.succeedNone
    )
  )
)

const syncOf = Effect.fnUntraced(function* (
  shards: ReadonlyArray<Shard>,
  { clusterId, reliesOn = [] }: Invariant.Change
) {
  const probe = yield* ReplicaSync
  const seen = new Map<string, SyncState>()
  for (const { nodeId, shardId } of reliesOn) {
    const nodes = shards.find(({ id }) => id === shardId)?.nodes ?? []
    const primary = nodes.find(({ role }) => role === "primary")
    const replica = nodes.find(({ id }) => id === nodeId)
    if (primary === undefined || replica === undefined) continue
    if (replica.role === "primary") {
      seen.set(nodeId, { _tag: "InSync" })
      continue
    }
    const question = {
      clusterId,
      shardId,
      primary: { nodeId: primary.id, endpoint: primary.endpoint },
      replica: { nodeId, endpoint: replica.endpoint }
    }
    seen.set(nodeId, yield* probe.look(question))
  }
  return seen
})

const look = Effect.fnUntraced(function* (change: Invariant.Change, waits: boolean) {
  const { clusterId } = change
  const shards = waits ? yield* inService(clusterId, change.what) : (yield* Observe.topology(clusterId)).shards
  const { resource } = yield* Run.Run
  const probe = yield* LoadProbe
  return {
    now: yield* Clock.currentTimeMillis,
    resource,
    shards,
    clusters: yield* clusters,
    backups: yield* backups,
    load: yield* probe.look({ clusterId, shards }),
    sync: yield* syncOf(shards, change)
  } satisfies Invariant.Facts
})

/**
 * Judges a change by every check that is on. Pure.
 *
 * @since 0.1.0
 * @category destructors
 */
export const judge = (
  facts: Invariant.Facts,
  change: Invariant.Change,
  policy: Policy
): { readonly report: Report; readonly refused: ReadonlyArray<Finding> } => {
  const held: Array<Invariant.Name> = []
  const unknown: Array<Report["unknown"][number]> = []
  const advice: Array<Finding> = []
  const refused: Array<Finding> = []
  for (const check of Invariant.Name.literals) {
    if (policy.off.some((each) => each.check === check)) continue
    const { advisory, judge } = all[check]
    const verdict = judge(facts, change, policy)
    if (verdict._tag === "Holds") held.push(check)
    else if (verdict._tag === "Unknown") unknown.push({ check, why: verdict.why })
    else if (advisory(change) && !policy.binding.includes(check)) advice.push(...verdict.findings)
    else refused.push(...verdict.findings)
  }
  return { report: { change: change.what, held, off: policy.off, unknown, advice }, refused }
}

const same = Schema.equivalence(Finding)

type Own = (facts: Invariant.Facts) => ReadonlyArray<Finding>

const checked = Effect.fnUntraced(function* (change: Invariant.Change, own: Own) {
  const policy = yield* CheckPolicy
  const waits = change.removesCluster !== true && !policy.off.some(({ check }) => check === "stable")
  const facts = yield* look(change, waits)
  const { refused, report } = judge(facts, change, policy)
  yield* refuseIf(Arr.unionWith(own(facts), refused, same))
  return report
})

/**
 * The step that checks a change: it waits until the cluster is in service, reads what is needed, and refuses with every
 * finding at once. Its report is in the journal. A body runs it before its first write, and again before each
 * destructive one.
 *
 * `own` gives the body's own reasons to refuse, which are told together with those of the checks, each once.
 *
 * Calls that are not allowed or not there leave the checks that need them `unknown`; an outage fails the step.
 *
 * @since 0.1.0
 * @category constructors
 */
export const guard = (
  name: string,
  change: Invariant.Change,
  own: Own = () => []
): Effect.Effect<Report, CheckError, Run.Run | ListBackups | ListClusters | ListShards> =>
  Step.make(name, {
    success: Report,
    error: CheckError,
    run: checked(change, own)
  }).pipe(gated(name))

/**
 * Which endpoints clients must learn and forget between two looks at a cluster: private IPs.
 *
 * @since 0.1.0
 * @category destructors
 */
export const endpoints = (
  before: ReadonlyArray<Shard>,
  after: ReadonlyArray<Shard>
): { readonly endpointsAdded: ReadonlyArray<string>; readonly endpointsRemoved: ReadonlyArray<string> } => {
  const { endpointsAdded, endpointsRemoved } = Topology.diff(Topology.make(before), Topology.make(after))
  return { endpointsAdded, endpointsRemoved }
}
