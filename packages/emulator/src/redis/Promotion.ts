/**
 * When the primary of a shard dies, one of its replicas takes its place.
 *
 * Servers elect a new primary by a majority of the primaries, which clusters of one or two shards never reach, and they
 * take seconds to notice. The supervisor knows at once that a process ended, and tells a replica to take over.
 *
 * - It waits until the replicas have read what the dead one had still sent: they take their link to be down then.
 * - The one that has read the most takes over. What it believes of the slots must be what the others believe: a replica
 *   that has not heard yet of a slot that moved away would claim it back, and its keys would be lost.
 * - Slots between two owners are known only to the two primaries, and die with one. In the same write as the promotion the
 *   new primary is told of them again, so that no client sees a moment without.
 */
import * as Slots from "@memstore-flows/api/Slots"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { Words } from "./Connections.js"
import { type Crew, ofShard, primaryOf, type Site, tellAll } from "./Crew.js"
import * as Handover from "./Handover.js"
import type { Member } from "./Member.js"
import { type Observed, observe, observeAll, until } from "./Observation.js"

/** Whether what a replica would claim overlaps with what another primary owns. */
const claimsTooMuch = (dead: Member, heir: Observed, primaries: ReadonlyArray<Observed>): boolean => {
  const claimed = heir.nodes.find(({ id }) => id === dead.engineId)?.slots ?? []
  return primaries.some(({ slots }) => Slots.size(Slots.intersection(claimed, slots)) > 0)
}

const drained = (crew: Crew, replicas: ReadonlyArray<Member>) =>
  Effect.ignore(
    until(
      "the end of the stream",
      Effect.map(observeAll(crew.connections, replicas), (seen) =>
        seen.some(({ linked }) => linked) ? "a replica still reads" : undefined
      ),
      { every: "1 millis", atMost: "500 millis" }
    )
  )

/** What the new primary must know of slots between two owners, and what the other sides must know of it. */
const reopening = (crew: Crew, where: Site, dead: Member, heir: Member) =>
  Effect.gen(function* () {
    const journal = yield* Effect.orElseSucceed(crew.plant.openSlots(where.cluster.id).get, () => Option.none())
    return Option.toArray(journal).flatMap(({ from, slots, to }) => {
      const isSource = from === dead.shardId
      const peer = isSource ? primaryOf(where, to) : to === dead.shardId ? primaryOf(where, from) : undefined
      if (peer === undefined) return []
      return isSource
        ? [{ own: Handover.leaving(slots, peer), peer, commands: Handover.arriving(slots, heir) }]
        : [{ own: Handover.arriving(slots, peer), peer, commands: Handover.leaving(slots, heir) }]
    })
  })

/** Waits until what the heir would claim is what its shard owns. No slot changes its owner meanwhile. */
const believing = (crew: Crew, where: Site, dead: Member, heir: Member) => {
  const others = where.members.filter(
    ({ isPrimary, nodeId, shardId }) => isPrimary && shardId !== dead.shardId && crew.fleet.isRunning(nodeId)
  )
  return Effect.ignore(
    until(
      "one belief about slots",
      Effect.gen(function* () {
        const now = yield* observe(crew.connections, heir)
        const primaries = yield* observeAll(crew.connections, others)
        return claimsTooMuch(dead, now, primaries) ? "the replica lags behind" : undefined
      }),
      { every: "2 millis", atMost: "2 seconds" }
    )
  )
}

/** Who waits for an answer of the former primary, hanging as it may be, is told that there will be none. */
const takeOver = (crew: Crew, where: Site, dead: Member, heir: Member) =>
  Effect.gen(function* () {
    yield* believing(crew, where, dead, heir)
    const open = yield* reopening(crew, where, dead, heir)
    const takeover: Words = ["CLUSTER", "FAILOVER", "TAKEOVER"]
    yield* tellAll(crew, heir, [takeover, ...open.flatMap(({ own }) => own)])
    for (const { commands, peer } of open) yield* Effect.ignore(tellAll(crew, peer, commands))
    yield* crew.connections.forget(dead.door.address)
    const { clusterId, shardId } = dead
    yield* Effect.ignore(crew.cloud.report({ _tag: "SwitchPrimary", clusterId, shardId, nodeId: heir.nodeId }))
  }).pipe(crew.inTurn(dead.clusterId))

/**
 * Makes the best living replica of a dead primary's shard primary, and tells the model. `undefined`: there is none.
 */
export const promote = (crew: Crew, where: Site, dead: Member) =>
  Effect.gen(function* () {
    const { operation } = where.cluster
    const leavers = operation?.kind === "DeleteNode" ? operation.nodeIds : []
    const replicas = ofShard(where, dead.shardId).filter(
      ({ nodeId }) => nodeId !== dead.nodeId && crew.fleet.isRunning(nodeId) && !leavers.includes(nodeId)
    )
    if (replicas.length === 0) return undefined
    yield* drained(crew, replicas)
    const seen = yield* observeAll(crew.connections, replicas)
    const heir = [...seen].sort((a, b) => b.offset - a.offset)[0]
    if (heir === undefined) return undefined
    yield* takeOver(crew, where, dead, heir.member)
    return heir.member
  })
