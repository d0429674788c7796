/**
 * Keeps watch over the servers of all clusters.
 *
 * - A server that ended is noticed at once, because its process is ours. If it was a primary, a replica takes over
 *   (`Promotion`); then a new node takes the dead one's place (`Healing`). A primary without any replica is started again
 *   with the data it has on disk.
 * - A server that hangs is noticed by its silence. A hanging primary is killed: if it came back after a replica has taken
 *   over, it would acknowledge the writes that had waited for it, and lose them.
 * - Servers may also elect a primary themselves; the model is told (`Roles`).
 */
import type { Disturbance } from "@memstore-flows/model/Command"
import type { Refusal } from "@memstore-flows/model/Refusal"
import * as Effect from "effect/Effect"
import * as FiberMap from "effect/FiberMap"
import * as Queue from "effect/Queue"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import type { NodeFault } from "../NodeFault.js"
import { type Crew, type Site, site, start, tell } from "./Crew.js"
import * as Formation from "./Formation.js"
import { healAll } from "./Healing.js"
import type { Member } from "./Member.js"
import * as Migration from "./Migration.js"
import { observe, until } from "./Observation.js"
import { promote } from "./Promotion.js"
import { syncRoles } from "./Roles.js"
import type { Work } from "./Work.js"

/**
 * - `wake`: starts the servers of a cluster that was at rest, and goes on with what was under way
 * - `disturb`: lets happen to the servers what a disturbance says
 * - `reset`: ends all servers and removes all data
 */
export interface Supervisor {
  readonly wake: (clusterId: string) => Effect.Effect<void>
  readonly disturb: (what: Disturbance | NodeFault) => Effect.Effect<void, Refusal>
  readonly reset: Effect.Effect<void>
}

const rounds = "500 millis"
const silences = 4
const beat = "50 millis"

const stateOf = (where: Site, { nodeId }: Member) =>
  where.cluster.shards.flatMap(({ nodes }) => nodes).find(({ id }) => id === nodeId)

const isLeaving = ({ cluster: { operation } }: Site, { nodeId, shardId }: Member): boolean =>
  operation?.kind === "DeleteCluster" ||
  (operation?.kind === "DeleteNode" && operation.nodeIds.includes(nodeId)) ||
  (operation?.kind === "DeleteShard" && operation.shardId === shardId && operation.stages[0]?.endedAt !== null)

/** Supervision that ends with the scope. */
export const make = (crew: Crew, work: Work): Effect.Effect<Supervisor, never, Scope.Scope> =>
  Effect.gen(function* () {
    const { cloud, connections, fleet, plant } = crew
    const medics = yield* FiberMap.make<string>()
    const silent = new Map<string, number>()

    const heal = (clusterId: string) =>
      FiberMap.run(
        medics,
        clusterId,
        Effect.retry(healAll(crew, clusterId), Schedule.spaced("100 millis")).pipe(Effect.ignoreLogged),
        { onlyIfMissing: true }
      )

    const onDeath = (dead: Member) =>
      Effect.gen(function* () {
        const where = yield* site(crew, dead.clusterId)
        const member = where?.members.find(({ nodeId }) => nodeId === dead.nodeId)
        if (where === undefined || member === undefined || where.cluster.failedAt !== null) return
        if (isLeaving(where, member)) return
        const unready = stateOf(where, member)?.readyAt === null
        if (unready || (member.isPrimary && (yield* promote(crew, where, member)) === undefined)) {
          return yield* where.cluster.operation?.kind === "CreateCluster" ? Effect.void : start(crew, where, member)
        }
        const { clusterId, nodeId, shardId } = member
        yield* Effect.ignore(cloud.report({ _tag: "FailNode", clusterId, shardId, nodeId }))
        yield* heal(clusterId)
      })

    /** Whether a member has been silent for long enough to be taken for hanging. */
    const hangs = (member: Member) =>
      Effect.map(
        connections.call(member.door, ["PING"], "pulse").pipe(
          Effect.catchTag("CommandRefused", () => Effect.void),
          Effect.timeout(rounds),
          Effect.isSuccess
        ),
        (answers) => {
          const count = answers ? 0 : (silent.get(member.nodeId) ?? 0) + 1
          silent.set(member.nodeId, count)
          return count === silences
        }
      )

    const pulse = (where: Site) =>
      Effect.forEach(
        where.members.filter(({ isPrimary, nodeId }) => isPrimary && fleet.isRunning(nodeId)),
        (member) =>
          Effect.flatMap(hangs(member), (hanging) => (hanging ? fleet.signal(member.nodeId, "SIGKILL") : Effect.void)),
        { concurrency: "unbounded", discard: true }
      )

    /** Looks at every cluster in service. */
    const everywhere = <A, E>(look: (where: Site) => Effect.Effect<A, E>) =>
      Effect.gen(function* () {
        const { clusters } = yield* cloud.state
        const created = clusters.filter(({ operation }) => operation?.kind !== "CreateCluster")
        yield* Effect.forEach(
          created,
          ({ id }) =>
            Effect.ignore(
              Effect.flatMap(site(crew, id), (where) =>
                where === undefined ? Effect.void : Effect.asVoid(look(where))
              )
            ),
          { concurrency: "unbounded", discard: true }
        )
      })

    yield* Effect.forkScoped(
      Effect.forever(
        Effect.flatMap(Queue.take(fleet.deaths), (dead) => Effect.fork(Effect.ignoreLogged(onDeath(dead))))
      )
    )
    yield* Effect.forkScoped(Effect.repeat(everywhere(pulse), Schedule.fixed(rounds)))
    yield* Effect.forkScoped(
      Effect.repeat(
        everywhere((where) => syncRoles(crew, where)),
        Schedule.spaced(rounds)
      )
    )
    yield* Effect.forkScoped(Effect.repeat(cloud.strike, Schedule.spaced(beat)))

    /** Roles first, then the slots that were between two owners, then whatever was under way. */
    const wake = (clusterId: string) =>
      Effect.gen(function* () {
        const where = yield* site(crew, clusterId)
        if (where === undefined || where.cluster.operation?.kind === "CreateCluster") return
        const present = yield* Formation.wake(crew, where)
        yield* until(
          "loaded data",
          Effect.gen(function* () {
            const seen = yield* syncRoles(crew, where)
            const loading = present.length > seen.length || seen.some(({ info }) => info.get("loading") === "1")
            return loading ? "a server is still reading its data" : undefined
          }),
          { atMost: "10 minutes" }
        )
        yield* Effect.flatMap(site(crew, clusterId), (now) =>
          now === undefined ? Effect.void : Migration.reopen(crew, now)
        )
        for (const member of where.members) if (!present.includes(member)) yield* onDeath(member)
        yield* heal(clusterId)
      }).pipe(Effect.ignoreLogged, Effect.zipRight(work.nudge(clusterId)))

    const resume = (clusterId: string, nodeId: string | undefined) =>
      Effect.gen(function* () {
        const { clusters } = yield* cloud.state
        const nodes = clusters.flatMap(({ id, shards }) =>
          id === clusterId ? shards.flatMap((each) => each.nodes) : []
        )
        for (const { id } of nodes) if (nodeId === undefined || id === nodeId) yield* fleet.signal(id, "SIGCONT")
      })

    /** The roles change hands in good order: the new primary has everything before it takes over. */
    const handOver = (clusterId: string, shardId: string) =>
      Effect.gen(function* () {
        const where = yield* site(crew, clusterId)
        const heir = where?.members.find((each) => each.isPrimary && each.shardId === shardId)
        if (where === undefined || heir === undefined) return
        yield* tell(crew, heir, ["CLUSTER", "FAILOVER"])
        const changed = Effect.map(observe(connections, heir), ({ isPrimary }) => (isPrimary ? undefined : "not yet"))
        yield* until("a new primary", changed, { every: "2 millis", atMost: "3 seconds" }).pipe(
          Effect.catchTag("Overdue", () => tell(crew, heir, ["CLUSTER", "FAILOVER", "TAKEOVER"]))
        )
        yield* Migration.reopen(crew, where)
      })

    return {
      wake,
      disturb: (what) =>
        Effect.gen(function* () {
          switch (what._tag) {
            case "StickOperation":
              return yield* work.stick(what.clusterId)
            case "ReleaseOperation":
            case "CompleteOperation":
              return yield* work.release(what.clusterId)
            case "FailNode":
              return yield* fleet.signal(what.nodeId, "SIGKILL")
            case "HangNode":
              return yield* fleet.signal(what.nodeId, "SIGSTOP")
            case "ResumeNode":
              return yield* resume(what.clusterId, what.nodeId)
            case "SwitchPrimary":
              yield* cloud.report(what)
              return yield* Effect.ignoreLogged(handOver(what.clusterId, what.shardId))
            case "FailCluster":
              yield* cloud.report(what)
              return yield* work.dismiss(what.clusterId)
            default:
              yield* cloud.report(what)
          }
        }),
      reset: Effect.gen(function* () {
        const ids = yield* plant.clusterIds
        for (const id of ids) yield* work.dismiss(id)
        yield* FiberMap.clear(medics)
        for (const { nodeId } of yield* fleet.running) yield* fleet.stop(nodeId, "kill")
        for (const id of ids) yield* Effect.ignore(plant.remove(plant.cluster(id)))
        for (const id of yield* plant.backupIds) yield* Effect.ignore(plant.remove(plant.backup(id)))
      })
    }
  })
