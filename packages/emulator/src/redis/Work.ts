/**
 * Carries the operations of clusters out and tells the model when a part of one is done.
 *
 * Nothing is remembered here: what is to be done follows from the model's operation and from what the servers say. So it
 * makes no difference whether an operation goes on, is tried again, or is taken up after a crash.
 */
import * as BackupState from "@memstore-flows/model/BackupState"
import type { ClusterState } from "@memstore-flows/model/ClusterState"
import * as Operation from "@memstore-flows/model/Operation"
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as FiberMap from "effect/FiberMap"
import * as Queue from "effect/Queue"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import * as Backups from "./Backups.js"
import { type Crew, ofShard, type Site, site } from "./Crew.js"
import * as Formation from "./Formation.js"
import { join, leave } from "./Joining.js"
import { migrate } from "./Migration.js"
import {
  type BackupFailed,
  type BackupUnusable,
  type CommandRefused,
  type CutOff,
  FilesUnusable,
  type NodeUnreachable,
  type Overdue,
  type ServerEnded,
  type TlsUnavailable
} from "./RedisError.js"

/** Whatever keeps work from being done. */
export type Trouble =
  | BackupFailed
  | BackupUnusable
  | CommandRefused
  | CutOff
  | FilesUnusable
  | NodeUnreachable
  | Overdue
  | ServerEnded
  | TlsUnavailable

/**
 * - `nudge`: there may be work for this cluster; `restart`: whatever it does, it begins anew
 * - `stick`: the operation under way does not end until `release`
 * - `failures`: why clusters failed, by id
 */
export interface Work {
  readonly nudge: (clusterId: string) => Effect.Effect<void>
  readonly restart: (clusterId: string) => Effect.Effect<void>
  readonly dismiss: (clusterId: string) => Effect.Effect<void>
  readonly stick: (clusterId: string) => Effect.Effect<void>
  readonly release: (clusterId: string) => Effect.Effect<void>
  readonly failures: ReadonlyMap<string, string>
}

const patience = 60_000

const here = (crew: Crew, clusterId: string): Effect.Effect<Site, FilesUnusable | TlsUnavailable> =>
  Effect.flatMap(site(crew, clusterId), (found) =>
    found === undefined
      ? Effect.fail(new FilesUnusable({ reason: `the access of cluster ${clusterId} was never written` }))
      : Effect.succeed(found)
  )

/** Ends the servers of a cluster and removes what they had. */
export const dismantle = (crew: Crew, cluster: Pick<ClusterState, "id" | "shards">) =>
  Effect.gen(function* () {
    yield* Effect.forEach(
      cluster.shards.flatMap(({ nodes }) => nodes),
      ({ id }) => crew.fleet.stop(id, "kill"),
      { concurrency: "unbounded", discard: true }
    )
    yield* crew.plant.remove(crew.plant.cluster(cluster.id))
  })

const stage = (crew: Crew, cluster: ClusterState, operation: Operation.Operation) =>
  Effect.gen(function* () {
    const where = here(crew, cluster.id)
    const name = Operation.stage(operation)?.name
    const named = ({ members }: Site) => members.filter(({ nodeId }) => operation.nodeIds.includes(nodeId))
    if (name === "Slots") return yield* migrate(crew, where, operation.moves)
    switch (operation.kind) {
      case "CreateCluster":
        return name === "Creating" ? yield* Formation.form(crew, yield* where) : undefined
      case "UpdateCluster":
        return yield* Effect.sleep(Operation.stage(operation)?.millis ?? 0)
      case "DeleteCluster":
        return yield* dismantle(crew, cluster)
      case "AddShard":
      case "AddReplica": {
        const now = yield* where
        return yield* join(crew, now, named(now))
      }
      case "DeleteShard": {
        const now = yield* where
        return yield* leave(crew, now, ofShard(now, operation.shardId))
      }
      case "DeleteNode": {
        const now = yield* where
        return yield* leave(crew, now, named(now))
      }
    }
  })

const passing: ReadonlyArray<Trouble["_tag"]> = ["NodeUnreachable", "CommandRefused", "CutOff"]
const passes = ({ _tag }: Trouble): boolean => passing.includes(_tag)

/** Tries again while a node is away or not ready, for a minute from the last step that was reached. */
const patiently = <A>(
  crew: Crew,
  clusterId: string,
  work: (crew: Crew) => Effect.Effect<A, Trouble>
): Effect.Effect<A, Trouble> =>
  Effect.gen(function* () {
    let since = yield* Clock.currentTimeMillis
    const noting: Crew = {
      ...crew,
      step: (name) =>
        Effect.flatMap(Clock.currentTimeMillis, (now) => {
          since = now
          return Effect.zipRight(crew.cloud.reached(clusterId, name), crew.step(name))
        })
    }
    const patient = (trouble: Trouble) =>
      Effect.map(Clock.currentTimeMillis, (now) => passes(trouble) && now - since < patience)
    return yield* Effect.retry(work(noting), { schedule: Schedule.spaced("10 millis"), while: patient })
  })

/** The work on clusters; it ends with the scope. */
export const make = (crew: Crew): Effect.Effect<Work, never, Scope.Scope> =>
  Effect.gen(function* () {
    const failures = new Map<string, string>()
    const nudges = new Map<string, Queue.Queue<void>>()
    const stuck = new Map<string, Deferred.Deferred<void>>()
    const workers = yield* FiberMap.make<string>()

    const released = (clusterId: string) =>
      Effect.suspend(() => {
        const waiting = stuck.get(clusterId)
        return waiting === undefined ? Effect.void : Deferred.await(waiting)
      })

    const operate = (cluster: ClusterState, operation: Operation.Operation) =>
      Effect.zipRight(
        crew.cloud.reached(cluster.id, Operation.stage(operation)?.name ?? ""),
        patiently(crew, cluster.id, (noting) => Effect.zipRight(stage(noting, cluster, operation), noting.step("done")))
      ).pipe(
        Effect.zipRight(released(cluster.id)),
        Effect.zipRight(Effect.ignore(crew.cloud.report({ _tag: "AdvanceOperation", clusterId: cluster.id }))),
        Effect.catchAll((trouble) =>
          Effect.gen(function* () {
            failures.set(cluster.id, trouble.message)
            yield* Effect.ignore(crew.cloud.report({ _tag: "FailCluster", clusterId: cluster.id }))
          })
        )
      )

    const backUp = ({ clusterId, id }: BackupState.BackupState) =>
      patiently(crew, clusterId, (noting) =>
        Effect.flatMap(here(noting, clusterId), (where) => Backups.take(noting, where, id))
      ).pipe(
        Effect.matchEffect({
          onSuccess: () => crew.cloud.report({ _tag: "CompleteBackup", backupId: id }),
          onFailure: (trouble) => {
            failures.set(id, trouble.message)
            return crew.cloud.report({ _tag: "FailBackup", backupId: id })
          }
        }),
        Effect.ignore
      )

    /** Does one thing. Answers whether there was one; `"gone"` when the cluster is. */
    const next = (clusterId: string) =>
      Effect.gen(function* () {
        const { backups, clusters } = yield* crew.cloud.state
        const cluster = clusters.find(({ id }) => id === clusterId)
        if (cluster === undefined) return "gone"
        if (cluster.operation !== null) {
          yield* operate(cluster, cluster.operation)
          return "worked"
        }
        const backup = backups.find((each) => each.clusterId === clusterId && BackupState.isRunning(each))
        if (backup === undefined) return "idle"
        yield* backUp(backup)
        return "worked"
      })

    const drive = (clusterId: string, queue: Queue.Dequeue<void>) =>
      Effect.gen(function* () {
        for (let outcome = yield* next(clusterId); outcome !== "gone"; outcome = yield* next(clusterId)) {
          if (outcome === "idle") yield* Queue.take(queue)
        }
        nudges.delete(clusterId)
        stuck.delete(clusterId)
      })

    const begin = (clusterId: string) =>
      Effect.gen(function* () {
        const queue = nudges.get(clusterId) ?? (yield* Queue.sliding<void>(1))
        nudges.set(clusterId, queue)
        yield* FiberMap.run(workers, clusterId, drive(clusterId, queue))
      })

    return {
      failures,
      nudge: (clusterId) =>
        Effect.suspend(() => {
          const queue = nudges.get(clusterId)
          return queue === undefined ? begin(clusterId) : Effect.asVoid(Queue.offer(queue, undefined))
        }),
      restart: begin,
      dismiss: (clusterId) =>
        Effect.zipRight(
          FiberMap.remove(workers, clusterId),
          Effect.sync(() => nudges.delete(clusterId))
        ),
      stick: (clusterId) =>
        Effect.flatMap(Deferred.make<void>(), (waiting) => Effect.sync(() => void stuck.set(clusterId, waiting))),
      release: (clusterId) =>
        Effect.suspend(() => {
          const waiting = stuck.get(clusterId)
          stuck.delete(clusterId)
          return waiting === undefined ? Effect.void : Effect.asVoid(Deferred.succeed(waiting, undefined))
        })
    }
  })
