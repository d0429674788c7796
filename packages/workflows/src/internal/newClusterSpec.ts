import { clusterFields } from "@memstore-flows/api/ClusterSpec"
import type { CreateClusterRequest } from "@memstore-flows/api/CreateCluster"
import { ListEngineVersions } from "@memstore-flows/api/ListEngineVersions"
import { ListFlavors } from "@memstore-flows/api/ListFlavors"
import type { SubnetAssignment } from "@memstore-flows/api/Subnet"
import * as Rules from "@memstore-flows/model/Rules"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { CheckPolicy } from "../Checks.js"
import type { Finding } from "../Finding.js"
import type { CreateError } from "../FlowError.js"
import type { Name } from "../Invariant.js"
import { PasswordSource } from "../PasswordSource.js"
import { clusters, projectNodes } from "../Preflight.js"
import { dueBefore } from "./capacityChecks.js"

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

/**
 * What is to become of a cluster to be made: the most shards it will have, the shards to be added, and how long it takes
 * until it is as it shall be.
 */
export interface Prospect {
  readonly peakShards?: number | undefined
  readonly newShards?: ReadonlyArray<SubnetAssignment> | undefined
  readonly takes?: Duration.Duration | undefined
}

/** The safety checks that can be made of a cluster that is not there yet, unless they are off. */
const checkFindings = (spec: Spec, { newShards = [], takes }: Prospect) =>
  Effect.zipWith(CheckPolicy, Clock.currentTimeMillis, (policy, now): ReadonlyArray<Finding> => {
    const isOn = (name: Name) => !policy.off.some(({ check }) => check === name)
    const spread = (assignments: ReadonlyArray<SubnetAssignment>, of: string) =>
      assignments.flatMap((subnetAssignment, index) => Rules.spread({ subnetAssignment, path: `${of}[${index}]` }))
    const cron = spec.backupSchedule?.cron ?? ""
    const until = now + Duration.toMillis(takes ?? Duration.zero)
    return [
      ...(isOn("subnetSpread")
        ? [...spread(spec.subnetAssignments, "subnetAssignments"), ...spread(newShards, "newShards")]
        : []),
      ...(isOn("noBackupDue") && takes !== undefined
        ? dueBefore(until, { clusterId: spec.name, cron, now }, policy)
        : [])
    ]
  })

/** What speaks against making the cluster, whatever it is made from. */
export const specFindings = (
  spec: Spec,
  prospect: Prospect = {}
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
      added: Math.max(prospect.peakShards ?? 0, spec.shardCount) * spec.nodeCountPerShard
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
    return [...findings, ...(yield* checkFindings(spec, prospect))]
  })
