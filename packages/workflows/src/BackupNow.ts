/**
 * The flow "make a backup now, and see that it is good".
 *
 * @since 0.1.0
 */
import { Backup } from "@memstore-flows/api/Backup"
import { CreateBackup } from "@memstore-flows/api/CreateBackup"
import { ListBackups } from "@memstore-flows/api/ListBackups"
import type { ListClusters } from "@memstore-flows/api/ListClusters"
import type { ListShards } from "@memstore-flows/api/ListShards"
import { Conflict } from "@memstore-flows/api/MemStoreError"
import { ResourceId } from "@memstore-flows/api/ResourceId"
import * as Flow from "@memstore-flows/engine/Flow"
import * as Run from "@memstore-flows/engine/Run"
import * as Step from "@memstore-flows/engine/Step"
import * as Rules from "@memstore-flows/model/Rules"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Checks from "./Checks.js"
import type { Finding } from "./Finding.js"
import {
  Ambiguous,
  BackupFailed,
  CallError,
  ClusterFailed,
  Refused,
  VerificationFailed,
  WaitTimedOut
} from "./FlowError.js"
import * as Mutation from "./Mutation.js"
import { inService } from "./Preflight.js"
import * as Waiter from "./Waiter.js"
import { WaitPolicy } from "./WaitPolicy.js"

/**
 * - `name`: of the backup, not in use yet; restoring asks for it
 *
 * @since 0.1.0
 * @category schemas
 */
export const Payload = Schema.Struct({
  clusterId: ResourceId,
  name: Schema.NonEmptyString,
  ...Checks.payloadFields
}).annotations({ identifier: "BackupNowPayload" })

/**
 * @since 0.1.0
 * @category models
 */
export type Payload = typeof Payload.Type

/**
 * The backup, `Available` and of as many shards as the cluster.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Result = Backup

/**
 * @since 0.1.0
 * @category models
 */
export type Result = typeof Result.Type

/**
 * Every way this flow can fail.
 *
 * @since 0.1.0
 * @category errors
 */
export const BackupError = Schema.Union(
  ...CallError.members,
  Conflict,
  Refused,
  ClusterFailed,
  WaitTimedOut,
  Ambiguous,
  BackupFailed,
  VerificationFailed
)

/**
 * @since 0.1.0
 * @category errors
 */
export type BackupError = typeof BackupError.Type

/**
 * What this flow calls, and nothing else.
 *
 * @since 0.1.0
 * @category models
 */
export type Requirements = CreateBackup | ListBackups | ListClusters | ListShards

/**
 * The contract. It locks the cluster, for a backup excludes every change of shards and nodes.
 *
 * @since 0.1.0
 * @category contracts
 */
export const flow = Flow.make({
  name: "BackupNow",
  version: 1,
  payload: Payload,
  success: Result,
  error: BackupError,
  resource: ({ clusterId }) => `cluster/${clusterId}`
})

const backups = Effect.flatMap(ListBackups, (list) => Effect.map(list({}), ({ backups }) => backups))

/** The backup of that name that was not there before. */
const lookFor = ({ clusterId, name }: Payload, before: ReadonlyArray<string>) =>
  Effect.flatMap(backups, (all) => {
    const found = all.filter((each) => each.name === name && each.clusterId === clusterId && !before.includes(each.id))
    const [first, ...others] = found
    if (others.length > 0) {
      const candidates = found.map(({ id }) => id)
      return new Ambiguous({ operation: "CreateBackup", lookFor: `several backups named "${name}"`, candidates })
    }
    return Effect.succeed(first === undefined ? Mutation.absent : Mutation.applied(first.id))
  })

/**
 * What speaks against making the backup now. Pure.
 *
 * @since 0.1.0
 * @category destructors
 */
export const findings = (
  { clusterId, name }: Payload,
  shards: Parameters<typeof Rules.createBackup>[0]["shards"],
  all: ReadonlyArray<Backup>
): ReadonlyArray<Finding> => {
  const running = all.find(
    ({ clusterId: of, status }) => of === clusterId && (status === "Pending" || status === "Creating")
  )
  return [
    ...Rules.createBackup({ clusterId, shards, backup: running?.name }),
    ...(all.some((each) => each.name === name) ? [{ _tag: "BackupNameTaken" as const, name }] : [])
  ]
}

const observe = (payload: Payload, during: string) =>
  Effect.flatMap(backups, (all) =>
    Effect.as(
      inService(payload.clusterId, during, (shards) => findings(payload, shards, all)),
      all.map(({ id }) => id)
    )
  )

const Ids = Schema.Array(Schema.String)

const create = (payload: Payload) =>
  Effect.flatMap(WaitPolicy, (policy) =>
    Mutation.make("create", {
      before: Ids,
      success: Schema.String,
      error: BackupError,
      operation: `backup ${payload.name}`,
      observe: observe(payload, "create"),
      look: (before) => lookFor(payload, before),
      apply: () =>
        Effect.flatMap(CreateBackup, (send) =>
          Effect.map(send({ clusterId: payload.clusterId, name: payload.name }), ({ objectId }) =>
            Option.some(objectId)
          )
        ),
      timeout: policy.create,
      undo: (before, result) =>
        Effect.flatMap(Waiter.deadlineIn(policy.settle), (deadline) =>
          Mutation.leave(
            {
              operation: `backup ${payload.name}`,
              look: Option.isSome(result) ? Effect.succeed(Mutation.applied(result.value)) : lookFor(payload, before),
              deadline
            },
            (id) => `backup "${payload.name}" (${id}) stays: no call to delete one is documented`
          )
        )
    })
  )

const available = ({ name }: Payload, backupId: string) =>
  Step.make("available", {
    success: Backup,
    error: BackupError,
    run: Effect.gen(function* () {
      const run = yield* Run.Run
      const policy = yield* WaitPolicy
      return yield* Waiter.until({
        what: `backup ${name} to be available`,
        read: Effect.map(backups, (all) => all.find(({ id }) => id === backupId)),
        deadline: yield* Waiter.deadlineIn(policy.create),
        onPending: (message) => Effect.provideService(Run.progress({ message, subject: name }), Run.Run, run),
        judge: (backup: Backup | undefined): Waiter.Verdict<Backup, BackupFailed> => {
          const status = backup?.status ?? (backup === undefined ? "not visible yet" : "Available")
          if (backup !== undefined && status === "Available") return Waiter.done(backup)
          return status === "Error" || status === "Deleting"
            ? Waiter.broken(new BackupFailed({ backupId, name, status }))
            : Waiter.pending(status)
        }
      })
    })
  })

const verify = ({ clusterId }: Payload, backup: Backup) =>
  Step.make("verify", {
    error: BackupError,
    run: Effect.gen(function* () {
      const shards = yield* inService(clusterId, "verify")
      const wanted = shards.length
      const found = backup.shardCount ?? wanted
      if (found === wanted) return
      const wrong = { _tag: "TopologyWrong", clusterId, what: "shards in its backup", wanted, found } as const
      return yield* new VerificationFailed({ clusterId, findings: [wrong] })
    })
  })

/**
 * The flow as a plain Effect, to be built into others.
 *
 * Refused before anything is sent: a cluster not in service, a shard without replica, a backup of the cluster under way, a
 * name in use; and by the safety checks. A lost answer is settled by the name. The backup is waited for until it is `Available`, and must be of as
 * many shards as the cluster. No call to delete a backup is documented, so the undo keeps it and says so.
 *
 * @since 0.1.0
 * @category constructors
 */
export const body = (payload: Payload): Effect.Effect<Result, BackupError, Requirements | Run.Run> =>
  Effect.gen(function* () {
    const { clusterId, name } = payload
    const change = { what: `back up cluster ${clusterId} as "${name}"`, clusterId, destructive: false }
    yield* Checks.guard("checks", change, ({ backups, shards }) =>
      findings(
        payload,
        shards,
        Option.getOrElse(backups, (): ReadonlyArray<Backup> => [])
      )
    )
    const backupId = yield* create(payload)
    const backup = yield* available(payload, backupId)
    yield* verify(payload, backup)
    return backup
  }).pipe(Checks.without(payload.checksOff))

/**
 * Makes the flow known to the engine.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = flow.toLayer(body)
