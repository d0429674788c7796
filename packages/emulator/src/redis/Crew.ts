/**
 * What the work on clusters is done with.
 */
import * as Slots from "@memstore-flows/api/Slots"
import type { ClusterState } from "@memstore-flows/model/ClusterState"
import type { State } from "@memstore-flows/model/State"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import type { Cloud } from "../DataPlane.js"
import type { Binary } from "./Binary.js"
import * as Certificates from "./Certificates.js"
import type { Connections, Words } from "./Connections.js"
import type { Fleet } from "./Fleet.js"
import * as Member from "./Member.js"
import { observeAll, unsettled, until } from "./Observation.js"
import type { Access, Plant } from "./Plant.js"
import type {
  CommandRefused,
  CutOff,
  FilesUnusable,
  NodeUnreachable,
  Overdue,
  ServerEnded,
  TlsUnavailable
} from "./RedisError.js"
import * as ServerFile from "./ServerFile.js"

/** Runs work on a cluster that must not overlap with other such work on it. */
export type InTurn = (clusterId: string) => <A, E, R>(work: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>

/** A turn for each cluster. */
export const turns: Effect.Effect<InTurn> = Effect.sync(() => {
  const locks = new Map<string, Effect.Semaphore>()
  return (clusterId) => {
    const lock = locks.get(clusterId) ?? Effect.unsafeMakeSemaphore(1)
    locks.set(clusterId, lock)
    return lock.withPermits(1)
  }
})

/**
 * - `inTurn`: for what changes the owners of slots: a hand-over, and a promotion
 * - `step`: called at each step of work, by name; where it fails, work ends and is tried again
 */
export interface Crew {
  readonly binary: Binary
  readonly plant: Plant
  readonly connections: Connections
  readonly fleet: Fleet
  readonly cloud: Cloud
  readonly inTurn: InTurn
  readonly step: (name: string) => Effect.Effect<void, CutOff>
}

/** A cluster as the model has it now, with how its servers are entered. */
export interface Site {
  readonly cluster: ClusterState
  readonly maxMemory: number
  readonly access: Access
  readonly authority: string | undefined
  readonly members: ReadonlyArray<Member.Member>
}

const gibibyte = 1024 ** 3

const find = (state: State, clusterId: string) => state.clusters.find(({ id }) => id === clusterId)

/** The cluster as it is now; `undefined` when there is none, or it has no servers. */
export const site = (crew: Crew, clusterId: string): Effect.Effect<Site | undefined, FilesUnusable | TlsUnavailable> =>
  Effect.gen(function* () {
    const state = yield* crew.cloud.state
    const cluster = find(state, clusterId)
    const access = Option.getOrUndefined(yield* crew.plant.access(clusterId).get)
    if (cluster === undefined || access === undefined) return undefined
    const authority = cluster.tlsEnabled ? yield* Certificates.authority(crew.plant, clusterId) : undefined
    const memory = state.flavors.find(({ id }) => id === cluster.flavorId)?.memory ?? 1
    return {
      cluster,
      access,
      authority,
      maxMemory: memory * gibibyte,
      members: cluster.shards.flatMap((shard) => Member.ofShard(cluster, shard, access, authority))
    }
  })

/** The members of a shard. */
export const ofShard = ({ members }: Site, shardId: string | null): ReadonlyArray<Member.Member> =>
  members.filter((member) => member.shardId === shardId)

/** The primary of a shard, as the model has it. */
export const primaryOf = (where: Site, shardId: string | null): Member.Member | undefined =>
  ofShard(where, shardId).find(({ isPrimary }) => isPrimary)

/** Starts a member's server unless it runs. */
export const start = (
  crew: Crew,
  where: Site,
  member: Member.Member
): Effect.Effect<void, ServerEnded | FilesUnusable | TlsUnavailable> =>
  Effect.gen(function* () {
    if (crew.fleet.isRunning(member.nodeId)) return
    const folder = crew.plant.node(member.clusterId, member.nodeId)
    if (where.cluster.tlsEnabled) yield* Certificates.ofNode(crew.plant, member)
    const configuration = ServerFile.text({
      address: member.door.address,
      port: member.door.port,
      folder,
      appendOnly: true,
      maxMemory: where.maxMemory,
      tls: where.cluster.tlsEnabled ? folder : undefined,
      admin: where.access.admin,
      user: where.access.user ?? undefined
    })
    yield* crew.fleet.start(member, configuration)
  })

/** One command to a member. */
export const tell = (
  { connections }: Crew,
  member: Member.Member,
  words: Words
): Effect.Effect<unknown, NodeUnreachable | CommandRefused> => connections.call(member.door, words)

/** Many commands to a member. Answers with those it refused. */
export const tellAll = (
  { connections }: Crew,
  member: Member.Member,
  commands: ReadonlyArray<Words>
): Effect.Effect<ReadonlyArray<CommandRefused>, NodeUnreachable> =>
  Effect.map(connections.all(member.door, commands), (answers) =>
    answers.flatMap((answer) => (Either.isLeft(answer) ? [answer.left] : []))
  )

/**
 * Waits until the running members of a cluster agree on it, serve it, and every replica hears its primary. Who belongs to
 * it is asked again each time: a dead node may be replaced meanwhile. `gone`: those who are leaving.
 */
export const settled = (
  crew: Crew,
  clusterId: string,
  gone: ReadonlyArray<Member.Member> = []
): Effect.Effect<void, Overdue | FilesUnusable | TlsUnavailable> =>
  until(
    "a settled cluster",
    Effect.gen(function* () {
      const members = ((yield* site(crew, clusterId))?.members ?? []).filter(
        ({ nodeId }) => crew.fleet.isRunning(nodeId) && !gone.some((each) => each.nodeId === nodeId)
      )
      return unsettled(members, yield* observeAll(crew.connections, members), gone)
    })
  )

/** Waits until these members believe of each other's slots what their owners say. */
export const agreed = (crew: Crew, members: ReadonlyArray<Member.Member>): Effect.Effect<void, Overdue> =>
  until(
    "one belief about slots",
    Effect.map(observeAll(crew.connections, members), (seen) => {
      const owners = seen.filter(({ isPrimary }) => isPrimary)
      const behind = seen.find(({ nodes }) =>
        owners.some(({ member, slots }) => {
          const believed = nodes.find(({ id }) => id === member.engineId)?.slots ?? []
          return Slots.format(believed) !== Slots.format(slots)
        })
      )
      return behind && `${behind.member.door.address} has not heard of all moves`
    })
  )
