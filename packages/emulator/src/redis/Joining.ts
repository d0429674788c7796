/**
 * Servers that join a cluster that is in service, and servers that leave it.
 */
import * as Effect from "effect/Effect"
import { file, myself, parse, type Written } from "./ClusterNodes.js"
import { type Crew, primaryOf, type Site, settled, site, start, tell, tellAll } from "./Crew.js"
import { elevate, exchanged, standIn } from "./Elevation.js"
import type { Member } from "./Member.js"
import { observe, observeAll } from "./Observation.js"

const entry = (
  { door, engineId }: Member,
  known: { readonly epoch?: number; readonly replicaOf?: string | undefined; readonly slots?: Written["slots"] }
): Written => {
  const { epoch = 0, replicaOf, slots = [] } = known
  return { id: engineId, address: door.address, port: door.port, replicaOf, epoch, slots }
}

/** The cluster as those who join it are to know it: residents as they are, and the newcomers. */
const acquaintances = (
  crew: Crew,
  where: Site,
  residents: ReadonlyArray<Member>,
  newcomers: ReadonlyArray<Member>
): Effect.Effect<ReadonlyArray<Written>> =>
  Effect.map(observeAll(crew.connections, residents), (seen) => {
    const owners = seen.filter(({ isPrimary }) => isPrimary).map(({ member }) => member.engineId)
    const known = seen.flatMap(({ isPrimary, member, nodes, slots }) => {
      const { epoch = 0, replicaOf = "" } = myself(nodes) ?? {}
      if (isPrimary) return [entry(member, { epoch, slots })]
      return owners.includes(replicaOf) ? [entry(member, { epoch, replicaOf })] : []
    })
    const strangers = newcomers.map((member) => {
      const replicaOf = member.isPrimary ? undefined : primaryOf(where, member.shardId)?.engineId
      return entry(member, { replicaOf })
    })
    return [...known, ...strangers]
  })

/** A newcomer knows the cluster from its start; the cluster has yet to hear of it. */
const prepare = (crew: Crew, member: Member, nodes: ReadonlyArray<Written>) =>
  Effect.gen(function* () {
    const { plant } = crew
    const conf = plant.join(plant.node(member.clusterId, member.nodeId), "nodes.conf")
    if (!(yield* plant.exists(conf))) yield* plant.write(conf, file(nodes, member.engineId))
  })

const introduce = (crew: Crew, residents: ReadonlyArray<Member>, newcomers: ReadonlyArray<Member>) =>
  Effect.forEach(
    residents,
    (resident) =>
      Effect.gen(function* () {
        const known = parse(String(yield* tell(crew, resident, ["CLUSTER", "NODES"])))
        const strangers = newcomers.filter(({ engineId }) => !known.some(({ id }) => id === engineId))
        yield* tellAll(
          crew,
          resident,
          strangers.map(({ door }) => ["CLUSTER", "MEET", door.address, door.port])
        )
      }),
    { concurrency: "unbounded", discard: true }
  )

const follow = (crew: Crew, member: Member, primary: Member) =>
  Effect.gen(function* () {
    const { nodes } = yield* observe(crew.connections, member)
    const me = nodes.find(({ id }) => id === member.engineId)
    if (me?.replicaOf !== primary.engineId) yield* tell(crew, member, ["CLUSTER", "REPLICATE", primary.engineId])
  })

/**
 * Makes members of a cluster that know nothing yet join it, replicas following the primary of their shard; done when all
 * agree and the replicas hold what their primary holds.
 */
export const join = (crew: Crew, where: Site, newcomers: ReadonlyArray<Member>) =>
  Effect.gen(function* () {
    const residents = where.members.filter(
      ({ nodeId }) => !newcomers.some((each) => each.nodeId === nodeId) && crew.fleet.isRunning(nodeId)
    )
    yield* crew.step("prepare")
    const nodes = yield* acquaintances(crew, where, residents, newcomers)
    yield* crew.step("start")
    for (const member of newcomers.filter(({ isPrimary }) => isPrimary)) {
      const other = standIn(where, member)
      yield* prepare(crew, member, other === undefined ? nodes : exchanged(nodes, member, other))
      yield* start(crew, where, member)
      yield* elevate(crew, member)
    }
    const replicas = newcomers.filter(({ isPrimary }) => !isPrimary)
    for (const member of replicas) yield* prepare(crew, member, nodes)
    yield* Effect.forEach(replicas, (member) => start(crew, where, member), { concurrency: 12, discard: true })
    yield* crew.step("introduce")
    yield* introduce(crew, residents, newcomers)
    yield* crew.step("follow")
    for (const member of newcomers) {
      const primary = primaryOf(where, member.shardId)
      if (!member.isPrimary && primary !== undefined) yield* follow(crew, member, primary)
    }
    yield* crew.step("settle")
    yield* settled(crew, where.cluster.id)
  })

const forget = (crew: Crew, clusterId: string, leavers: ReadonlyArray<Member>) =>
  Effect.gen(function* () {
    const members = (yield* site(crew, clusterId))?.members ?? []
    const rest = members.filter(
      ({ nodeId }) => !leavers.some((each) => each.nodeId === nodeId) && crew.fleet.isRunning(nodeId)
    )
    yield* Effect.forEach(
      rest,
      (member) =>
        tellAll(
          crew,
          member,
          leavers.map(({ engineId }) => ["CLUSTER", "FORGET", engineId])
        ),
      { concurrency: "unbounded", discard: true }
    )
  })

/**
 * Makes the rest of a cluster forget members, and ends those. All of it happens well within the minute it takes to stick.
 * It is said again until the cluster has settled: one that joins meanwhile may know the leavers from before.
 */
export const leave = (crew: Crew, where: Site, leavers: ReadonlyArray<Member>) =>
  Effect.gen(function* () {
    const { id } = where.cluster
    yield* crew.step("forget")
    yield* forget(crew, id, leavers)
    yield* crew.step("stop")
    yield* Effect.forEach(leavers, ({ nodeId }) => crew.fleet.stop(nodeId, "kill"), { discard: true })
    for (const { nodeId } of leavers) yield* crew.plant.remove(crew.plant.node(id, nodeId))
    const again = Effect.forever(Effect.delay(Effect.ignore(forget(crew, id, leavers)), "100 millis"))
    yield* Effect.raceFirst(settled(crew, id, leavers), again)
  })
