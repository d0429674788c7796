/**
 * Restores a backup into a new cluster and waits until it is in service.
 *
 * @since 0.1.0
 */
import { clusterFields, RestoreSource } from "@memstore-flows/api/ClusterSpec"
import type { DeleteCluster } from "@memstore-flows/api/DeleteCluster"
import { ListBackups } from "@memstore-flows/api/ListBackups"
import type { ListClusters } from "@memstore-flows/api/ListClusters"
import { ListEngineVersions } from "@memstore-flows/api/ListEngineVersions"
import { ListFlavors } from "@memstore-flows/api/ListFlavors"
import type { ListShards } from "@memstore-flows/api/ListShards"
import { RestoreCluster } from "@memstore-flows/api/RestoreCluster"
import { Shard } from "@memstore-flows/api/Shard"
import * as Run from "@memstore-flows/engine/Run"
import * as Step from "@memstore-flows/engine/Step"
import * as Rules from "@memstore-flows/model/Rules"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type { Finding } from "./Finding.js"
import {
  Ambiguous,
  ClusterFailed,
  CreateError,
  LeftInPlace,
  PasswordUnavailable,
  Refused,
  WaitTimedOut
} from "./FlowError.js"
import * as Mutation from "./Mutation.js"
import * as Observe from "./Observe.js"
import { PasswordSource } from "./PasswordSource.js"
import { clusters, projectNodes, refuseIf } from "./Preflight.js"
import { removeCluster } from "./RemoveCluster.js"
import * as Waiter from "./Waiter.js"
import { WaitPolicy } from "./WaitPolicy.js"

/**
 * The cluster to make (page: "Create cluster using existing backup name"), without a password: `user` names a database
 * user, whose password comes from `PasswordSource`.
 *
 * @since 0.1.0
 * @category schemas
 */
export const RestoreSpec = Schema.Struct({
  ...clusterFields,
  user: Schema.optionalWith(Schema.Struct({ name: Schema.NonEmptyString }), { exact: true }),
  restoreSource: RestoreSource
}).annotations({ identifier: "RestoreSpec" })

/**
 * @since 0.1.0
 * @category models
 */
export type RestoreSpec = typeof RestoreSpec.Type

/**
 * What becomes of a cluster that this run made when the run fails or is cancelled: `delete` (default) or `keep`.
 *
 * @since 0.1.0
 * @category schemas
 */
export const OnUndo = Schema.Literal("delete", "keep")

/**
 * @since 0.1.0
 * @category models
 */
export type OnUndo = typeof OnUndo.Type

/**
 * Every way a restore can fail.
 *
 * @since 0.1.0
 * @category errors
 */
export const RestoreError = Schema.Union(
  ...CreateError.members,
  Refused,
  ClusterFailed,
  WaitTimedOut,
  Ambiguous,
  PasswordUnavailable
)

/**
 * @since 0.1.0
 * @category errors
 */
export type RestoreError = typeof RestoreError.Type

/**
 * - `onUndo`: default `delete`
 * - `peakShards`: the most shards the cluster will have in the course of the flow, for the quota; default its own count
 * - `findings`: further reasons to refuse, found by the caller
 *
 * @since 0.1.0
 * @category models
 */
export interface RestoreOptions {
  readonly onUndo?: OnUndo | undefined
  readonly peakShards?: number | undefined
  readonly findings?: ReadonlyArray<Finding> | undefined
}

const backupFindings = (spec: RestoreSpec) =>
  Effect.gen(function* () {
    const listBackups = yield* ListBackups
    const listFlavors = yield* ListFlavors
    const { backupName } = spec.restoreSource
    const { backups } = yield* listBackups({})
    const { flavors } = yield* listFlavors({})
    const backup = backups.find(({ name }) => name === backupName)
    const flavor = flavors.find(({ id }) => id === spec.flavorId)
    const findings: Array<Finding> = []
    if (backup === undefined) findings.push({ _tag: "UnknownBackup", backup: backupName })
    else findings.push(...Rules.restore({ request: spec, backup }))
    if (flavor === undefined) findings.push({ _tag: "UnknownFlavor", flavorId: spec.flavorId })
    if (backup?.size !== undefined && flavor !== undefined) {
      const usedMemory = backup.size / (backup.shardCount ?? spec.shardCount)
      findings.push(...Rules.restoreMemory({ usedMemory, memory: flavor.memory }))
    }
    return findings
  })

const findingsOf = (spec: RestoreSpec, options: RestoreOptions) =>
  Effect.gen(function* () {
    const listEngineVersions = yield* ListEngineVersions
    const versions = yield* listEngineVersions({})
    const known = yield* clusters
    const findings: Array<Finding> = [...(options.findings ?? []), ...(yield* backupFindings(spec))]
    const quota = Rules.projectNodes({
      used: projectNodes(known) ?? 0,
      added: Math.max(options.peakShards ?? 0, spec.shardCount) * spec.nodeCountPerShard
    })
    findings.push(...Rules.createCluster({ request: spec }).filter(({ _tag }) => _tag !== "QuotaNodesPerProject"))
    findings.push(...quota)
    if (!versions.includes(spec.version)) findings.push({ _tag: "UnknownVersion", version: spec.version })
    if (Option.isSome(known) && known.value.some(({ name }) => name === spec.name)) {
      findings.push({ _tag: "NameTaken", name: spec.name })
    }
    return findings
  })

const password = (spec: RestoreSpec) =>
  spec.user === undefined
    ? Effect.succeedNone
    : Effect.flatMap(PasswordSource, ({ encrypted }) => Effect.asSome(encrypted(spec.user?.name ?? "")))

const send = (spec: RestoreSpec) =>
  Effect.gen(function* () {
    const restoreCluster = yield* RestoreCluster
    const secret = yield* password(spec)
    const { user, ...rest } = spec
    const request = user && Option.isSome(secret) ? { ...rest, user: { ...user, password: secret.value } } : rest
    const { objectId } = yield* restoreCluster(request)
    return Option.some(objectId)
  })

/** The ids of clusters that had the name before; `null` when they could not be listed. */
const Before = Schema.NullOr(Schema.Array(Schema.String))
type Before = typeof Before.Type

const sameName = (spec: RestoreSpec, before: Before) =>
  Effect.gen(function* () {
    const known = before === null ? Option.none() : yield* clusters
    if (before === null || Option.isNone(known)) {
      const lookFor = `clusters cannot be listed here; see in the console whether a cluster named "${spec.name}" exists`
      return yield* new Ambiguous({ operation: "RestoreCluster", lookFor, candidates: [] })
    }
    const ids = known.value.filter(({ id, name }) => name === spec.name && !before.includes(id)).map(({ id }) => id)
    const [id] = ids
    if (ids.length > 1) {
      const lookFor = `several clusters named "${spec.name}" appeared`
      return yield* new Ambiguous({ operation: "RestoreCluster", lookFor, candidates: ids })
    }
    return id === undefined ? Mutation.absent : Mutation.applied(id)
  })

const undo = (spec: RestoreSpec, before: Before, result: Option.Option<string>, onUndo: OnUndo) =>
  Effect.gen(function* () {
    const { remove } = yield* WaitPolicy
    const found = Option.isSome(result)
      ? result
      : yield* Mutation.seen({
          operation: `restored cluster ${spec.name}`,
          look: sameName(spec, before),
          deadline: yield* Waiter.deadlineIn(remove)
        })
    if (Option.isNone(found)) return
    if (onUndo === "keep") return yield* new LeftInPlace({ reason: `cluster ${found.value} is kept, as asked` })
    yield* removeCluster(found.value)
  })

/**
 * Refuses what cannot work, with every reason at once, and sends nothing but reads.
 *
 * Checked: the backup exists, is `Available`, has the same shard count and the same or an older version, takes at most
 * 60 % of the flavor's memory; the flavor and version exist; shards, nodes and the project's quota; subnets; the name is
 * free; a password can be had. What the API does not say (clusters that cannot be listed, a backup without size) is not
 * refused.
 *
 * @since 0.1.0
 * @category constructors
 */
export const preflight = (
  spec: RestoreSpec,
  options: RestoreOptions = {}
): Effect.Effect<void, RestoreError, Run.Run | ListBackups | ListClusters | ListEngineVersions | ListFlavors> =>
  Step.make("preflight", {
    error: RestoreError,
    run: Effect.zipRight(password(spec), Effect.flatMap(findingsOf(spec, options), refuseIf))
  })

const create = (spec: RestoreSpec, onUndo: OnUndo) =>
  Effect.flatMap(WaitPolicy, (policy) =>
    Mutation.make("create", {
      before: Before,
      success: Schema.String,
      error: RestoreError,
      operation: `restored cluster ${spec.name}`,
      observe: Effect.map(
        clusters,
        Option.match({
          onNone: () => null,
          onSome: (known) => known.flatMap(({ id, name }) => (name === spec.name ? [id] : []))
        })
      ),
      look: (before) => sameName(spec, before),
      apply: () => send(spec),
      timeout: policy.create,
      undo: (before, result) => undo(spec, before, result, onUndo)
    })
  )

const inService = (clusterId: string) =>
  Step.make("in service", {
    success: Schema.Array(Shard),
    error: RestoreError,
    run: Effect.gen(function* () {
      const run = yield* Run.Run
      const policy = yield* WaitPolicy
      const { shards } = yield* Observe.settled({
        clusterId,
        during: "restore",
        deadline: yield* Waiter.deadlineIn(policy.create),
        appearing: true,
        onPending: (message) => Effect.provideService(Run.progress({ message, subject: clusterId }), Run.Run, run)
      })
      return shards
    })
  })

/**
 * Restores a backup into a new cluster: preflight, create, wait until it is in service.
 *
 * Undone, it deletes the cluster it made, found by its name if the answer was lost, or keeps it (`onUndo`).
 *
 * @since 0.1.0
 * @category constructors
 */
export const restore = (
  spec: RestoreSpec,
  options: RestoreOptions = {}
): Effect.Effect<
  { readonly clusterId: string; readonly shards: ReadonlyArray<Shard> },
  RestoreError,
  Run.Run | DeleteCluster | ListBackups | ListClusters | ListEngineVersions | ListFlavors | ListShards | RestoreCluster
> =>
  Step.scope("restore")(
    Effect.gen(function* () {
      yield* preflight(spec, options)
      const clusterId = yield* create(spec, options.onUndo ?? "delete")
      const shards = yield* inService(clusterId)
      return { clusterId, shards }
    })
  )
