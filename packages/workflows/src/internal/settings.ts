import type { BackupSchedule } from "@memstore-flows/api/BackupSchedule"
import type { Cluster } from "@memstore-flows/api/Cluster"
import { UpdateCluster, UpdateClusterPayload } from "@memstore-flows/api/UpdateCluster"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type { Finding } from "../Finding.js"
import { Ambiguous, CallError, ClusterFailed, LeftInPlace, Refused, WaitTimedOut } from "../FlowError.js"
import * as Mutation from "../Mutation.js"
import * as Observe from "../Observe.js"
import { clusters, inService, refuseIf } from "../Preflight.js"
import * as Waiter from "../Waiter.js"
import { WaitPolicy } from "../WaitPolicy.js"

/** Settings of a cluster that can be changed. */
export const Settings = UpdateClusterPayload
export type Settings = typeof Settings.Type

/** Every way changing settings can fail. */
export const SettingsError = Schema.Union(...CallError.members, Refused, ClusterFailed, WaitTimedOut, Ambiguous)
export type SettingsError = typeof SettingsError.Type

type Field = keyof Settings

/** The fields a change names. */
export const fieldsOf = (settings: Settings): ReadonlyArray<Field> =>
  (["backupSchedule", "description", "parameterGroupId", "securityGroups"] as const).filter(
    (field) => settings[field] !== undefined
  )

const pick = (settings: Settings, fields: ReadonlyArray<Field>): Settings =>
  Object.fromEntries(fields.flatMap((field) => (settings[field] === undefined ? [] : [[field, settings[field]]])))

/** What a cluster shows of its settings; a schedule that does not show may be off, or not readable. */
const shown = (cluster: Cluster): Settings => {
  const { backupSchedule, description, parameterGroupId, securityGroups } = cluster
  return pick({ backupSchedule, description, parameterGroupId, securityGroups }, [
    "backupSchedule",
    "description",
    "parameterGroupId",
    "securityGroups"
  ])
}

const sameGroups = (a: Settings["securityGroups"] = [], b: Settings["securityGroups"] = []): boolean => {
  const ids = (groups: NonNullable<Settings["securityGroups"]>) =>
    groups
      .map(({ id }) => id)
      .sort()
      .join()
  return ids(a) === ids(b)
}

const sameSchedule = (wanted: Settings["backupSchedule"], now: BackupSchedule | undefined): boolean => {
  if (wanted?.cron === "") return now === undefined
  const cron = wanted?.cron === undefined || wanted.cron === now?.cron
  return cron && (wanted?.retentionLimit === undefined || wanted.retentionLimit === now?.retentionLimit)
}

/** Whether a cluster shows the wanted settings. */
export const matches = (wanted: Settings, cluster: Cluster): boolean =>
  fieldsOf(wanted).every((field) => {
    if (field === "backupSchedule") return sameSchedule(wanted.backupSchedule, cluster.backupSchedule)
    if (field === "securityGroups") return sameGroups(wanted.securityGroups, cluster.securityGroups)
    return wanted[field] === cluster[field]
  })

type Known = Option.Option<ReadonlyArray<Cluster>>

const find = (clusterId: string) =>
  Effect.map(clusters, (known) => Option.getOrUndefined(known)?.find(({ id }) => id === clusterId))

/** What was there before: `previous` to go back to, and whether the cluster shows what it has. */
const Before = Schema.Struct({ previous: Settings, readable: Schema.Boolean })
type Before = typeof Before.Type

const lookFor = (clusterId: string, wanted: Settings, readable: boolean) =>
  Effect.gen(function* () {
    const seen = yield* Observe.topology(clusterId)
    if (Observe.hasFailed(seen)) return yield* new ClusterFailed({ clusterId, during: "change settings" })
    const state = Observe.unsettled(seen)
    if (state !== undefined) return Mutation.underWay(state)
    const cluster = yield* find(clusterId)
    // A schedule that does not show is off only where one was seen before.
    const evident = readable || wanted.backupSchedule?.cron !== ""
    return cluster !== undefined && evident && matches(wanted, cluster) ? Mutation.applied(undefined) : Mutation.absent
  })

/** One PATCH. Where the settings cannot be read its answer is the proof, once the cluster is in service again. */
const send = (clusterId: string, settings: Settings, readable: boolean) =>
  Effect.gen(function* () {
    const update = yield* UpdateCluster
    yield* update({ clusterId, ...settings })
    if (readable) return Option.none<undefined>()
    const { scale } = yield* WaitPolicy
    yield* Observe.settled({ clusterId, during: "change settings", deadline: yield* Waiter.deadlineIn(scale) })
    return Option.some(undefined)
  })

/**
 * - `previous`: the values to go back to, as far as the caller gives them
 * - `undo`: `restore` brings them back, `keep` reports the change
 */
export interface Patch {
  readonly clusterId: string
  readonly settings: Settings
  readonly previous?: Settings | undefined
  readonly undo: "restore" | "keep"
}

const before = ({ clusterId, previous: given = {}, settings }: Patch, known: Known) => {
  const cluster = Option.getOrUndefined(known)?.find(({ id }) => id === clusterId)
  const read = cluster === undefined ? {} : shown(cluster)
  const fields = fieldsOf(settings)
  const previous = pick({ ...read, ...given }, fields)
  return { previous, readable: fields.every((field) => read[field] !== undefined) }
}

/** Why a change is refused: what it must be able to go back to is neither given nor shown. */
export const settingsFindings = (options: Patch, known: Known): ReadonlyArray<Finding> => {
  const { previous } = before(options, known)
  const fields = fieldsOf(options.settings).filter((field) => previous[field] === undefined)
  const { clusterId, undo } = options
  return undo === "restore" && fields.length > 0 ? [{ _tag: "PreviousUnknown", clusterId, fields }] : []
}

/** What there was, from the caller or read; refused when it must be known and is not. */
export const previousOf = (options: Patch) =>
  Effect.flatMap(clusters, (known) => Effect.as(refuseIf(settingsFindings(options, known)), before(options, known)))

const goBack = ({ clusterId, settings, undo }: Patch, before: Before, result: Option.Option<undefined>) =>
  Effect.gen(function* () {
    const { scale } = yield* WaitPolicy
    const deadline = yield* Waiter.deadlineIn(scale)
    const operation = `changed settings of cluster ${clusterId}`
    const look = lookFor(clusterId, settings, before.readable)
    const done = Option.isSome(result) || !before.readable
    const found = done || Option.isSome(yield* Mutation.seen({ operation, look, deadline }))
    if (!found) return
    if (undo === "keep") return yield* new LeftInPlace({ reason: `${operation}: kept, as asked` })
    yield* Mutation.carryOut({
      operation: `earlier settings of cluster ${clusterId}`,
      look: lookFor(clusterId, before.previous, before.readable),
      apply: send(clusterId, before.previous, before.readable),
      deadline,
      fresh: false
    })
  })

/** The step that changes settings once. It is done by what the cluster shows, or by its answer where nothing shows. */
export const patch = (name: string, options: Patch) => {
  const { clusterId, settings } = options
  return Effect.flatMap(WaitPolicy, (policy) =>
    Mutation.make(name, {
      before: Before,
      success: Schema.Undefined,
      error: SettingsError,
      operation: `changed settings of cluster ${clusterId}`,
      observe: Effect.zipRight(inService(clusterId, name), previousOf(options)),
      look: ({ readable }) => lookFor(clusterId, settings, readable),
      apply: ({ readable }) => send(clusterId, settings, readable),
      timeout: policy.scale,
      undo: (before, result) => goBack(options, before, result)
    })
  )
}
