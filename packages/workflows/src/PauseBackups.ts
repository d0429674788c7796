/**
 * Switches automatic backups off around any body, for they exclude every change of shards and nodes.
 *
 * @since 0.1.0
 */
import { BackupSchedule } from "@memstore-flows/api/BackupSchedule"
import { ListBackups } from "@memstore-flows/api/ListBackups"
import type { ListClusters } from "@memstore-flows/api/ListClusters"
import type { ListShards } from "@memstore-flows/api/ListShards"
import type { UpdateCluster } from "@memstore-flows/api/UpdateCluster"
import * as Run from "@memstore-flows/engine/Run"
import * as Step from "@memstore-flows/engine/Step"
import * as Effect from "effect/Effect"
import * as Checks from "./Checks.js"
import { type Patch, patch, previousOf, SettingsError, settingsFindings } from "./internal/settings.js"
import * as Waiter from "./Waiter.js"
import { WaitPolicy } from "./WaitPolicy.js"

/**
 * Every way pausing and resuming backups can fail, beside the ways of the body.
 *
 * @since 0.1.0
 * @category errors
 */
export const PauseError = SettingsError

/**
 * @since 0.1.0
 * @category errors
 */
export type PauseError = typeof PauseError.Type

/**
 * What the wrapper calls, beside what the body calls.
 *
 * @since 0.1.0
 * @category models
 */
export type Requirements = ListBackups | ListClusters | ListShards | UpdateCluster

/**
 * - `schedule`: what to go back to; by default as read. `none`: the cluster has no automatic backups, so there is
 *   nothing to pause. Refused with `PreviousUnknown` when it neither shows nor is given: an absent schedule may be off
 *   or not readable
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  readonly clusterId: string
  readonly schedule?: BackupSchedule | "none" | undefined
}

const quiet = (clusterId: string) =>
  Step.make("no backup under way", {
    error: PauseError,
    run: Effect.gen(function* () {
      const run = yield* Run.Run
      const policy = yield* WaitPolicy
      const list = yield* ListBackups
      yield* Waiter.until({
        what: `no backup of cluster ${clusterId} to be under way`,
        read: list({}),
        deadline: yield* Waiter.deadlineIn(policy.create),
        onPending: (message) => Effect.provideService(Run.progress({ message, subject: clusterId }), Run.Run, run),
        judge: ({ backups }): Waiter.Verdict<void> => {
          const busy = backups.find(
            (each) => each.clusterId === clusterId && (each.status === "Pending" || each.status === "Creating")
          )
          return busy === undefined ? Waiter.done(undefined) : Waiter.pending(`backup ${busy.name} is ${busy.status}`)
        }
      })
    })
  })

/** The checks before the schedule is switched off; a backup under way is waited for after that. */
const guard = (pause: Patch) =>
  Checks.guard(
    "checks",
    { what: `pause backups of cluster ${pause.clusterId}`, clusterId: pause.clusterId, destructive: false },
    ({ clusters }) => settingsFindings(pause, clusters)
  ).pipe(Checks.without([{ check: "noBackupDue", reason: "a backup under way is waited for" }]))

const known = (pause: Patch) =>
  Step.make("schedule", {
    success: BackupSchedule,
    error: PauseError,
    run: Effect.map(previousOf(pause), ({ previous }) => {
      const { cron = "", retentionLimit = 1 } = previous.backupSchedule ?? {}
      return { cron, retentionLimit }
    })
  })

/**
 * Switches the schedule off, waits until no backup is under way, runs the body, and switches the schedule on again:
 * always. When the run fails or is cancelled the undo does it, after what the body did has been undone.
 *
 * Its steps are in the scope `backups`, the body's under their own names.
 *
 * @since 0.1.0
 * @category combinators
 */
export const around =
  ({ clusterId, schedule }: Options) =>
  <A, E, R>(body: Effect.Effect<A, E, R>): Effect.Effect<A, E | PauseError, R | Requirements | Run.Run> =>
    Effect.gen(function* () {
      const scope = Step.scope("backups")
      if (schedule === "none") return yield* Effect.zipRight(scope(quiet(clusterId)), body)
      const off = { clusterId, settings: { backupSchedule: { cron: "" } }, undo: "restore" as const }
      const given = schedule === undefined ? off : { ...off, previous: { backupSchedule: schedule } }
      yield* scope(guard(given))
      const previous = yield* scope(known(given))
      yield* scope(patch("pause", { ...off, previous: { backupSchedule: previous } }))
      yield* scope(quiet(clusterId))
      const result = yield* body
      yield* scope(
        patch("resume", {
          clusterId,
          settings: { backupSchedule: previous },
          previous: { backupSchedule: previous },
          undo: "restore"
        })
      )
      return result
    })
