import { clusterFields } from "@memstore-flows/api/ClusterSpec"
import type { CreateClusterRequest } from "@memstore-flows/api/CreateCluster"
import { ListEngineVersions } from "@memstore-flows/api/ListEngineVersions"
import { ListFlavors } from "@memstore-flows/api/ListFlavors"
import { Shard } from "@memstore-flows/api/Shard"
import * as Run from "@memstore-flows/engine/Run"
import * as Step from "@memstore-flows/engine/Step"
import * as Rules from "@memstore-flows/model/Rules"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type { Finding } from "../Finding.js"
import {
  Ambiguous,
  ClusterFailed,
  CreateError,
  LeftInPlace,
  PasswordUnavailable,
  Refused,
  WaitTimedOut
} from "../FlowError.js"
import * as Mutation from "../Mutation.js"
import * as Observe from "../Observe.js"
import { PasswordSource } from "../PasswordSource.js"
import { clusters, projectNodes } from "../Preflight.js"
import { removeCluster } from "../RemoveCluster.js"
import * as Waiter from "../Waiter.js"
import { WaitPolicy } from "../WaitPolicy.js"

/** Every way making a cluster can fail. */
export const NewClusterError = Schema.Union(
  ...CreateError.members,
  Refused,
  ClusterFailed,
  WaitTimedOut,
  Ambiguous,
  PasswordUnavailable
)
export type NewClusterError = typeof NewClusterError.Type

/** The fields of a cluster to make; the password of its user comes from `PasswordSource`. */
export const specFields = {
  ...clusterFields,
  user: Schema.optionalWith(Schema.Struct({ name: Schema.NonEmptyString }), { exact: true })
}

/** What is known of the cluster to make. */
export type Spec = Omit<CreateClusterRequest, "user"> & { readonly user?: { readonly name: string } }

export const password = (spec: Spec) =>
  spec.user === undefined
    ? Effect.succeedNone
    : Effect.flatMap(PasswordSource, ({ encrypted }) => Effect.asSome(encrypted(spec.user?.name ?? "")))

/** The request with the password in it: for the moment of the call only. */
export const withPassword = <S extends Spec>(spec: S) =>
  Effect.map(password(spec), (secret) => {
    const { user, ...rest } = spec
    return user && Option.isSome(secret) ? { ...rest, user: { ...user, password: secret.value } } : rest
  })

/** What speaks against making the cluster, whatever it is made from. */
export const specFindings = (
  spec: Spec,
  peakShards = 0
): Effect.Effect<
  ReadonlyArray<Finding>,
  typeof CreateError.Type,
  ListEngineVersions | ListFlavors | Effect.Effect.Context<typeof clusters>
> =>
  Effect.gen(function* () {
    const versions = yield* Effect.flatMap(ListEngineVersions, (list) => list({}))
    const { flavors } = yield* Effect.flatMap(ListFlavors, (list) => list({}))
    const known = yield* clusters
    const findings: Array<Finding> = []
    const quota = Rules.projectNodes({
      used: projectNodes(known) ?? 0,
      added: Math.max(peakShards, spec.shardCount) * spec.nodeCountPerShard
    })
    findings.push(...Rules.createCluster({ request: spec }).filter(({ _tag }) => _tag !== "QuotaNodesPerProject"))
    findings.push(...quota)
    if (!flavors.some(({ id }) => id === spec.flavorId)) {
      findings.push({ _tag: "UnknownFlavor", flavorId: spec.flavorId })
    }
    if (!versions.includes(spec.version)) findings.push({ _tag: "UnknownVersion", version: spec.version })
    if (Option.isSome(known) && known.value.some(({ name }) => name === spec.name)) {
      findings.push({ _tag: "NameTaken", name: spec.name })
    }
    return findings
  })

/** The ids of clusters that had the name before; `null` when they could not be listed. */
const Before = Schema.NullOr(Schema.Array(Schema.String))
type Before = typeof Before.Type

const sameName = (operation: string, name: string, before: Before) =>
  Effect.gen(function* () {
    const known = before === null ? Option.none() : yield* clusters
    if (before === null || Option.isNone(known)) {
      const lookFor = `clusters cannot be listed here; see in the console whether a cluster named "${name}" exists`
      return yield* new Ambiguous({ operation, lookFor, candidates: [] })
    }
    const ids = known.value.filter((each) => each.name === name && !before.includes(each.id)).map(({ id }) => id)
    const [id] = ids
    if (ids.length > 1) {
      return yield* new Ambiguous({
        operation,
        lookFor: `several clusters named "${name}" appeared`,
        candidates: ids
      })
    }
    return id === undefined ? Mutation.absent : Mutation.applied(id)
  })

/**
 * - `operation`: of the API, for errors; `what`: in words, for errors and history
 * - `send`: the one call; the id of the cluster when its answer has it
 */
export interface NewCluster<R> {
  readonly name: string
  readonly operation: "CreateCluster" | "RestoreCluster"
  readonly what: string
  readonly onUndo: "delete" | "keep"
  readonly send: Effect.Effect<Option.Option<string>, NewClusterError, R>
}

const undo = <R>({ name, onUndo, operation, what }: NewCluster<R>, before: Before, result: Option.Option<string>) =>
  Effect.gen(function* () {
    const { remove } = yield* WaitPolicy
    const found = Option.isSome(result)
      ? result
      : yield* Mutation.seen({
          operation: what,
          look: sameName(operation, name, before),
          deadline: yield* Waiter.deadlineIn(remove)
        })
    if (Option.isNone(found)) return
    if (onUndo === "keep") return yield* new LeftInPlace({ reason: `cluster ${found.value} is kept, as asked` })
    yield* removeCluster(found.value)
  })

/** The step that makes a cluster once; a lost answer is settled by its name. */
export const create = <R>(options: NewCluster<R>) =>
  Effect.flatMap(WaitPolicy, (policy) =>
    Mutation.make("create", {
      before: Before,
      success: Schema.String,
      error: NewClusterError,
      operation: options.what,
      observe: Effect.map(
        clusters,
        Option.match({
          onNone: () => null,
          onSome: (known) => known.flatMap(({ id, name }) => (name === options.name ? [id] : []))
        })
      ),
      look: (before) => sameName(options.operation, options.name, before),
      apply: () => options.send,
      timeout: policy.create,
      undo: (before, result) => undo(options, before, result)
    })
  )

/** The step that waits until a cluster made just now is in service. */
export const inService = (clusterId: string, during: string) =>
  Step.make("in service", {
    success: Schema.Array(Shard),
    error: NewClusterError,
    run: Effect.gen(function* () {
      const run = yield* Run.Run
      const policy = yield* WaitPolicy
      const { shards } = yield* Observe.settled({
        clusterId,
        during,
        deadline: yield* Waiter.deadlineIn(policy.create),
        appearing: true,
        onPending: (message) => Effect.provideService(Run.progress({ message, subject: clusterId }), Run.Run, run)
      })
      return shards
    })
  })
