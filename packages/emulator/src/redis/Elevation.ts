/**
 * Making a fresh server primary without the two seconds for which a server that starts as one takes no writes.
 *
 * It starts as a replica instead, of a member of its shard that is not there yet, and takes over from it. Only then do
 * the other members start, as its replicas.
 */
import * as Effect from "effect/Effect"
import type { Written } from "./ClusterNodes.js"
import { type Crew, ofShard, type Site, tell } from "./Crew.js"
import type { Member } from "./Member.js"
import { observe, until } from "./Observation.js"

/** Whom the primary of a shard starts as a replica of; `undefined` when it is alone in its shard. */
export const standIn = (where: Site, { nodeId, shardId }: Member): Member | undefined =>
  ofShard(where, shardId).find((each) => each.nodeId !== nodeId)

/** A shard's members as they are in the end, or, before its primary took over, with the roles of two exchanged. */
export const exchanged = (nodes: ReadonlyArray<Written>, primary: Member, other: Member): ReadonlyArray<Written> => {
  const slots = nodes.find(({ id }) => id === primary.engineId)?.slots ?? []
  return nodes.map((each) => {
    if (each.id === other.engineId) return { ...each, replicaOf: undefined, slots }
    if (each.id === primary.engineId) return { ...each, replicaOf: other.engineId, slots: [] }
    return each.replicaOf === primary.engineId ? { ...each, replicaOf: other.engineId } : each
  })
}

/** Makes a server primary as soon as it is in service. It may be so already. */
export const elevate = (crew: Crew, member: Member) =>
  until(
    "a new primary",
    Effect.gen(function* () {
      const { inService, isPrimary } = yield* observe(crew.connections, member)
      if (isPrimary) return undefined
      if (!inService) return `${member.door.address} is not in service`
      yield* tell(crew, member, ["CLUSTER", "FAILOVER", "TAKEOVER"])
      return `${member.door.address} is taking over`
    }).pipe(
      Effect.catchTag("CommandRefused", "NodeUnreachable", () =>
        Effect.succeed(`${member.door.address} does not answer`)
      )
    ),
    { every: "5 millis", atMost: "10 minutes" }
  )
