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
import type { Member } from "./Member.js"
import * as Migration from "./Migration.js"
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
      { every: "1 millis", atMost: "30 millis" }
    )
  )

/** What the new primary must know of slots between two owners, and what the other side must know of it. */
const reopening = (crew: Crew, where: Site, dead: Member, heir: Member) =>
  Effect.gen(function* () {
    const journal = yield* Effect.orElseSucceed(crew.plant.openSlots(where.cluster.id).get, () => Option.none())
    if (Option.isNone(journal)) return { own: [], peer: undefined }
    const { from, slots, to } = journal.value
    const isSource = from === dead.shardId
    const other = isSource ? primaryOf(where, to) : to === dead.shardId ? primaryOf(where, from) : undefined
    if (other === undefined) return { own: [], peer: undefined }
    return isSource
      ? { own: Migration.leaving(slots, other), peer: { member: other, commands: Migration.arriving(slots, heir) } }
      : { own: Migration.arriving(slots, other), peer: { member: other, commands: Migration.leaving(slots, heir) } }
  })

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
    const others = where.members.filter(
      ({ isPrimary, nodeId, shardId }) => isPrimary && shardId !== dead.shardId && crew.fleet.isRunning(nodeId)
    )
    yield* Effect.ignore(
      until(
        "one belief about slots",
        Effect.gen(function* () {
          const now = yield* observe(crew.connections, heir.member)
          const primaries = yield* observeAll(crew.connections, others)
          return claimsTooMuch(dead, now, primaries) ? "the replica lags behind" : undefined
        }),
        { every: "2 millis", atMost: "2 seconds" }
      )
    )
    const { own, peer } = yield* reopening(crew, where, dead, heir.member)
    const takeover: Words = ["CLUSTER", "FAILOVER", "TAKEOVER"]
    yield* tellAll(crew, heir.member, [takeover, ...own])
    if (peer !== undefined) yield* Effect.ignore(tellAll(crew, peer.member, peer.commands))
    const { clusterId, shardId } = dead
    yield* Effect.ignore(crew.cloud.report({ _tag: "SwitchPrimary", clusterId, shardId, nodeId: heir.member.nodeId }))
    return heir.member
  })
