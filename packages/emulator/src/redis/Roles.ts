/**
 * Who is primary, by the word of the servers.
 */
import * as Effect from "effect/Effect"
import { myself } from "./ClusterNodes.js"
import { type Crew, ofShard, type Site } from "./Crew.js"
import { type Observed, observeAll } from "./Observation.js"

const epochOf = ({ nodes }: Observed): number => myself(nodes)?.epoch ?? 0

/**
 * Tells the model of primaries that it does not know as such: servers elect one themselves when they can, and a crash may
 * have come between a promotion and the word of it. Of two that take themselves for primary the later elected one is.
 */
export const syncRoles = (crew: Crew, where: Site) =>
  Effect.gen(function* () {
    const seen = yield* observeAll(
      crew.connections,
      where.members.filter(({ nodeId }) => crew.fleet.isRunning(nodeId))
    )
    for (const shard of where.cluster.shards) {
      const ready = shard.nodes.filter(({ readyAt }) => readyAt !== null).map(({ id }) => id)
      const members = ofShard(where, shard.id)
      const primaries = seen
        .filter(({ isPrimary, member }) => isPrimary && members.includes(member) && ready.includes(member.nodeId))
        .sort((a, b) => epochOf(b) - epochOf(a) || Number(b.member.isPrimary) - Number(a.member.isPrimary))
      const { member } = primaries[0] ?? {}
      if (member === undefined || member.isPrimary) continue
      const { clusterId, nodeId, shardId } = member
      yield* Effect.ignore(crew.cloud.report({ _tag: "SwitchPrimary", clusterId, shardId, nodeId }))
    }
    return seen
  })
