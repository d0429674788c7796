/**
 * Putting a new node in the place of a dead one.
 */
import type { Heal } from "@memstore-flows/model/ClusterState"
import * as Effect from "effect/Effect"
import type { KnownNode } from "./ClusterNodes.js"
import { type Crew, type Site, site, tellAll } from "./Crew.js"
import { join } from "./Joining.js"
import type { Member } from "./Member.js"
import { observeAll, until } from "./Observation.js"

/**
 * Makes the living forget every server that the model has no node for.
 *
 * - One that joins meanwhile is in the model before anybody hears of it, so the model is asked last: a server that is
 *   forgotten by mistake stays unknown for a minute.
 * - Who forgets a server takes its slots for nobody's, and while it waits for keys of such a slot it does not hear of a new
 *   owner. So nobody is told before all have heard that the slots are another's.
 */
const forgetStrangers = (crew: Crew, clusterId: string) =>
  Effect.gen(function* () {
    const members = Effect.map(site(crew, clusterId), (where) => where?.members ?? [])
    const living = (yield* members).filter(({ nodeId }) => crew.fleet.isRunning(nodeId))
    const look = Effect.gen(function* () {
      const seen = yield* observeAll(crew.connections, living)
      const known = new Set((yield* members).map(({ engineId }) => engineId))
      const isStranger = ({ flags, id }: KnownNode) => known.size > 0 && !known.has(id) && !flags.includes("handshake")
      return seen.map(({ member, nodes }) => ({ member, strangers: nodes.filter(isStranger) }))
    })
    let seen = yield* look
    yield* until(
      "new owners of a dead node's slots",
      Effect.gen(function* () {
        const late = seen.find(({ strangers }) => strangers.some(({ slots }) => slots.length > 0))
        if (late === undefined) return undefined
        seen = yield* look
        return `${late.member.door.address} has not heard of them`
      })
    )
    yield* Effect.forEach(
      seen,
      ({ member, strangers }) =>
        tellAll(
          crew,
          member,
          strangers.map(({ id }) => ["CLUSTER", "FORGET", id])
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
