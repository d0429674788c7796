/**
 * Servers that join a cluster that is in service, and servers that leave it.
 */
import * as Effect from "effect/Effect"
import { file, parse } from "./ClusterNodes.js"
import { type Crew, primaryOf, type Site, settled, start, tell, tellAll } from "./Crew.js"
import type { Member } from "./Member.js"
import { observe, observeAll, until } from "./Observation.js"

/** A newcomer starts alone, under the name that the cluster will know it by. */
const prepare = (crew: Crew, member: Member) =>
  Effect.gen(function* () {
    const { plant } = crew
    const conf = plant.join(plant.node(member.clusterId, member.nodeId), "nodes.conf")
    if (yield* plant.exists(conf)) return
    const { address, port } = member.door
    const alone = { id: member.engineId, address, port, replicaOf: undefined, epoch: 0, slots: [] }
    yield* plant.write(conf, file([alone], member.engineId))
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
    const everyone = [...residents, ...newcomers]
    yield* crew.step("prepare")
    for (const member of newcomers) yield* prepare(crew, member)
    yield* crew.step("start")
    yield* Effect.forEach(newcomers, (member) => start(crew, where, member), { concurrency: 12, discard: true })
    yield* crew.step("introduce")
    yield* introduce(crew, residents, newcomers)
    yield* until(
      "an introduction",
      Effect.map(observeAll(crew.connections, everyone), (seen) => {
        const lacking = seen.find(({ nodes }) =>
          everyone.some(
            ({ engineId }) => !nodes.some(({ flags, id }) => id === engineId && !flags.includes("handshake"))
          )
        )
        return seen.length < everyone.length
          ? `${seen.length} of ${everyone.length} answer`
          : lacking && `${lacking.member.door.address} does not know all`
      })
    )
    yield* crew.step("follow")
    for (const member of newcomers) {
      const primary = primaryOf(where, member.shardId)
      if (!member.isPrimary && primary !== undefined) yield* follow(crew, member, primary)
    }
    yield* crew.step("settle")
    yield* settled(crew, where.cluster.id)
  })

/** Makes the rest of a cluster forget members, and ends those. All of it happens well within the minute it takes to stick. */
export const leave = (crew: Crew, where: Site, leavers: ReadonlyArray<Member>) =>
  Effect.gen(function* () {
    const rest = where.members.filter(
      ({ nodeId }) => !leavers.some((each) => each.nodeId === nodeId) && crew.fleet.isRunning(nodeId)
    )
    yield* crew.step("forget")
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
    yield* crew.step("stop")
    yield* Effect.forEach(leavers, ({ nodeId }) => crew.fleet.stop(nodeId, "kill"), { discard: true })
    for (const { nodeId } of leavers) yield* crew.plant.remove(crew.plant.node(where.cluster.id, nodeId))
    yield* settled(crew, where.cluster.id, leavers)
  })
