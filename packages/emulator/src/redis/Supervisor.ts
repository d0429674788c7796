/**
 * Keeps watch over the servers: notices a death at once, lets a replica take over, replaces what died.
 */
import type { Disturbance } from "@memstore-flows/model/Command"
import type { Refusal } from "@memstore-flows/model/Refusal"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import type * as Scope from "effect/Scope"
import type { NodeFault } from "../DataPlane.js"
import { type Crew, site, start } from "./Crew.js"
import * as Formation from "./Formation.js"
import type { Member } from "./Member.js"
import { promote } from "./Promotion.js"
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

/** Supervision that ends with the scope. */
export const make = (crew: Crew, work: Work): Effect.Effect<Supervisor, never, Scope.Scope> =>
  Effect.gen(function* () {
    const { cloud, fleet } = crew

    const onDeath = (dead: Member) =>
      Effect.gen(function* () {
        const where = yield* site(crew, dead.clusterId)
        const member = where?.members.find(({ nodeId }) => nodeId === dead.nodeId)
        if (where === undefined || member === undefined || where.cluster.failedAt !== null) return
        if (member.isPrimary && (yield* promote(crew, where, member)) === undefined)
          return yield* start(crew, where, member)
      })

    yield* Effect.forkScoped(
      Effect.forever(
        Effect.flatMap(Queue.take(fleet.deaths), (dead) => Effect.fork(Effect.ignoreLogged(onDeath(dead))))
      )
    )

    return {
      wake: (clusterId) =>
        Effect.gen(function* () {
          const where = yield* site(crew, clusterId)
          if (where !== undefined && where.cluster.operation?.kind !== "CreateCluster")
            yield* Formation.wake(crew, where)
          yield* work.nudge(clusterId)
        }).pipe(Effect.ignoreLogged),
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
              return
            default:
              yield* cloud.report(what)
          }
        }),
      reset: Effect.gen(function* () {
        for (const { nodeId } of yield* fleet.running) yield* fleet.stop(nodeId, "kill")
      })
    }
  })
