/**
 * Putting a new node in the place of a dead one.
 */
import type { Heal } from "@memstore-flows/model/ClusterState"
import * as Effect from "effect/Effect"
import { type Crew, type Site, site, tellAll } from "./Crew.js"
import { join } from "./Joining.js"
import type { Member } from "./Member.js"
import { observeAll } from "./Observation.js"

/**
 * Makes the living forget every server that the model has no node for. One that joins meanwhile is in the model before
 * anybody hears of it, so the model is asked last: a server that is forgotten by mistake stays unknown for a minute.
 */
const forgetStrangers = (crew: Crew, clusterId: string) =>
  Effect.gen(function* () {
    const members = Effect.map(site(crew, clusterId), (where) => where?.members ?? [])
    const living = (yield* members).filter(({ nodeId }) => crew.fleet.isRunning(nodeId))
    const seen = yield* observeAll(crew.connections, living)
    const known = new Set((yield* members).map(({ engineId }) => engineId))
    if (known.size === 0) return
    yield* Effect.forEach(
      seen,
      ({ member, nodes }) =>
        tellAll(
          crew,
          member,
          nodes
            .filter(({ flags, id }) => !known.has(id) && !flags.includes("handshake"))
            .map(({ id }) => ["CLUSTER", "FORGET", id])
        ),
      { concurrency: "unbounded", discard: true }
    )
  })

const begun = (where: Site, heal: Heal): Member | undefined =>
  where.members.find(({ nodeId }) => nodeId === heal.nodeId)

/** Does what is left of one replacement. */
const one = (crew: Crew, clusterId: string, heal: Heal) =>
  Effect.gen(function* () {
    const advance = Effect.ignore(crew.cloud.report({ _tag: "AdvanceHeal", clusterId, nodeId: heal.nodeId }))
    if (heal.phase === "Detecting") {
      yield* crew.fleet.stop(heal.nodeId, "kill")
      yield* crew.plant.remove(crew.plant.node(clusterId, heal.nodeId))
      return yield* advance
    }
    const where = yield* site(crew, clusterId)
    const fresh = where === undefined ? undefined : begun(where, heal)
    if (where === undefined || fresh === undefined) return yield* advance
    yield* forgetStrangers(crew, clusterId)
    yield* join(crew, where, [fresh])
    yield* forgetStrangers(crew, clusterId)
    yield* advance
  })

/** Does all replacements of a cluster, those included that begin meanwhile. */
export const healAll = (crew: Crew, clusterId: string) =>
  Effect.gen(function* () {
    const due = Effect.map(crew.cloud.state, ({ clusters }) => clusters.find(({ id }) => id === clusterId)?.heals ?? [])
    for (let heals = yield* due; heals[0] !== undefined; heals = yield* due) yield* one(crew, clusterId, heals[0])
  })
