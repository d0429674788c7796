import { clusterFields } from "@memstore-flows/api/ClusterSpec"
import type { CreateClusterRequest } from "@memstore-flows/api/CreateCluster"
import type { ListClusters } from "@memstore-flows/api/ListClusters"
import { ListEngineVersions } from "@memstore-flows/api/ListEngineVersions"
import { ListFlavors } from "@memstore-flows/api/ListFlavors"
import type { SubnetAssignment } from "@memstore-flows/api/Subnet"
import * as Run from "@memstore-flows/engine/Run"
import * as Rules from "@memstore-flows/model/Rules"
import * as Clock from "effect/Clock"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { CheckPolicy, judge, type Report } from "../Checks.js"
import type { Finding } from "../Finding.js"
import type { CreateError } from "../FlowError.js"
import { PasswordSource } from "../PasswordSource.js"
import { clusters } from "../Preflight.js"

/** The fields of a cluster to make; the password of its user comes from `PasswordSource`. */
export const specFields = {
  ...clusterFields,
  user: Schema.optionalWith(Schema.Struct({ name: Schema.NonEmptyString }), { exact: true })
}

/** What is known of the cluster to make. */
export type Spec = Omit<CreateClusterRequest, "user"> & { readonly user?: { readonly name: string } }

const password = (spec: Spec) =>
  spec.user === undefined
    ? Effect.succeedNone
    : Effect.flatMap(PasswordSource, ({ encrypted }) => Effect.asSome(encrypted(spec.user?.name ?? "")))

/** The request with the password in it: for the moment of the call only. */
export const withPassword = <S extends Spec>(spec: S) =>
  Effect.map(password(spec), (secret) => {
    const { user, ...rest } = spec
    return user && Option.isSome(secret) ? { ...rest, user: { ...user, password: secret.value } } : rest
  })

/**
 * What is to become of a cluster to be made: the most shards it will have, the shards to be added, and how long it takes
 * until it is as it shall be.
 */
export interface Prospect {
  readonly peakShards?: number | undefined
  readonly newShards?: ReadonlyArray<SubnetAssignment> | undefined
  readonly takes?: Duration.Duration | undefined
}

/** What the safety checks say of a cluster that is not there yet. */
const checked = (spec: Spec, { newShards = [], peakShards = 0, takes }: Prospect) =>
  Effect.gen(function* () {
    const policy = yield* CheckPolicy
    const { resource } = yield* Run.Run
    const shards = Math.max(peakShards, spec.shardCount)
    const facts = {
      now: yield* Clock.currentTimeMillis,
      resource,
      shards: [],
      clusters: yield* clusters,
      backups: Option.some([]),
      load: Option.none(),
      sync: new Map()
    }
    const { refused, report } = judge(
      facts,
      {
        what: `make cluster ${spec.name}`,
        clusterId: spec.name,
        destructive: false,
        addsShards: shards,
        addsNodes: shards * spec.nodeCountPerShard,
        makes: { name: spec.name, shardCount: spec.shardCount, cron: spec.backupSchedule?.cron ?? "" },
        placements: [...spec.subnetAssignments, ...newShards],
        tellsEndpoints: true,
        ...(takes === undefined ? {} : { takes })
      },
      policy
    )
    return { known: facts.clusters, refused, report }
  })

/** What speaks against making the cluster, whatever it is made from, and what came of the safety checks. */
export const specFindings = (
  spec: Spec,
  prospect: Prospect = {}
): Effect.Effect<
  { readonly findings: ReadonlyArray<Finding>; readonly report: Report },
  typeof CreateError.Type,
  ListClusters | ListEngineVersions | ListFlavors | Run.Run
> =>
  Effect.gen(function* () {
    const versions = yield* Effect.flatMap(ListEngineVersions, (list) => list({}))
    const { flavors } = yield* Effect.flatMap(ListFlavors, (list) => list({}))
    const { known, refused, report } = yield* checked(spec, prospect)
    const findings: Array<Finding> = yield* Effect.match(password(spec), {
      onFailure: ({ reason, user }) => [{ _tag: "NoPassword" as const, user, reason }],
      onSuccess: () => []
    })
    findings.push(...Rules.createCluster({ request: spec }).filter(({ _tag }) => _tag !== "QuotaNodesPerProject"))
    if (!flavors.some(({ id }) => id === spec.flavorId)) {
      findings.push({ _tag: "UnknownFlavor", flavorId: spec.flavorId })
    }
    if (!versions.includes(spec.version)) findings.push({ _tag: "UnknownVersion", version: spec.version })
    if (Option.isSome(known) && known.value.some(({ name }) => name === spec.name)) {
      findings.push({ _tag: "NameTaken", name: spec.name })
    }
    return { findings: [...findings, ...refused], report }
  })
