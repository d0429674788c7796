/**
 * What a server says about itself and its cluster.
 */
import * as Slots from "@memstore-flows/api/Slots"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import { isSettled, type KnownNode, myself, parse } from "./ClusterNodes.js"
import type { Connections } from "./Connections.js"
import type { Member } from "./Member.js"
import { type CommandRefused, NodeUnreachable, Overdue } from "./RedisError.js"

/** `offset`: how much of the replication stream it has; `linked`: whether a replica hears its primary. */
export interface Observed {
  readonly member: Member
  readonly nodes: ReadonlyArray<KnownNode>
  readonly slots: Slots.Slots
  readonly inService: boolean
  readonly isPrimary: boolean
  readonly linked: boolean
  readonly offset: number
  readonly info: ReadonlyMap<string, string>
}

/** Reads the `name:value` lines of `INFO`. */
export const fields = (text: unknown): ReadonlyMap<string, string> =>
  new Map(
    String(text)
      .split("\r\n")
      .flatMap((line): ReadonlyArray<readonly [string, string]> => {
        const colon = line.indexOf(":")
        return colon <= 0 ? [] : [[line.slice(0, colon), line.slice(colon + 1)]]
      })
  )

const questions = [["CLUSTER", "NODES"], ["CLUSTER", "INFO"], ["INFO"]] as const

/** Asks a server; it has a second to answer. */
export const observe = (
  connections: Connections,
  member: Member
): Effect.Effect<Observed, NodeUnreachable | CommandRefused> =>
  connections.all(member.door, questions, "watch").pipe(
    Effect.timeoutFail({
      duration: "1 second",
      onTimeout: () => new NodeUnreachable({ address: member.door.address, reason: "no answer in time" })
    }),
    Effect.flatMap((answers) => Either.all(answers)),
    Effect.map(([known, cluster, server]) => {
      const nodes = parse(String(known))
      const info = fields(server)
      const me = myself(nodes)
      // Just after its start a replica has the role of a master in INFO.
      const isPrimary = me?.flags.includes("master") ?? false
      return {
        member,
        nodes,
        slots: me?.slots ?? [],
        inService: fields(cluster).get("cluster_state") === "ok" && info.get("loading") !== "1",
        isPrimary,
        linked: info.get("master_link_status") === "up",
        offset: Number(info.get(isPrimary ? "master_repl_offset" : "slave_repl_offset") ?? 0),
        info
      }
    })
  )

/** Asks all of them; one that does not answer is left out. */
export const observeAll = (
  connections: Connections,
  members: ReadonlyArray<Member>
): Effect.Effect<ReadonlyArray<Observed>> =>
  Effect.map(
    Effect.forEach(members, (member) => Effect.either(observe(connections, member)), { concurrency: "unbounded" }),
    (found) => found.flatMap((each) => (Either.isRight(each) ? [each.right] : []))
  )

/**
 * What is not as it should be in a cluster of these members, `undefined` when all is. Nobody may still know the `gone`.
 */
export const unsettled = (
  members: ReadonlyArray<Member>,
  seen: ReadonlyArray<Observed>,
  gone: ReadonlyArray<Member> = []
): string | undefined => {
  const silent = members.find(({ nodeId }) => !seen.some(({ member }) => member.nodeId === nodeId))
  if (silent !== undefined) return `${silent.door.address} does not answer`
  for (const { inService, isPrimary, linked, member, nodes } of seen) {
    const { address } = member.door
    const knows = ({ engineId }: Member): boolean => nodes.some((node) => node.id === engineId && isSettled(node))
    const stranger = members.find((each) => !knows(each))
    if (stranger !== undefined) return `${address} does not know ${stranger.door.address}`
    const ghost = gone.find(({ engineId }) => nodes.some(({ id }) => id === engineId))
    if (ghost !== undefined) return `${address} still knows ${ghost.door.address}`
    if (!inService) return `${address} is not in service`
    if (!isPrimary && !linked) return `${address} has no link to its primary`
  }
  const owned = seen.flatMap(({ isPrimary, slots }) => (isPrimary ? slots : []))
  const covered = Slots.size(Slots.normalize(owned))
  return covered === Slots.slotCount ? undefined : `${covered} of ${Slots.slotCount} slots have an owner`
}

/** Waits until `lacking` finds nothing. */
export const until = <E>(
  what: string,
  lacking: Effect.Effect<string | undefined, E>,
  options: { readonly every?: Duration.DurationInput; readonly atMost?: Duration.DurationInput } = {}
): Effect.Effect<void, E | Overdue> =>
  Effect.gen(function* () {
    const { atMost = "60 seconds", every = "20 millis" } = options
    const deadline = (yield* Clock.currentTimeMillis) + Duration.toMillis(atMost)
    for (let seen = yield* lacking; seen !== undefined; seen = yield* lacking) {
      if ((yield* Clock.currentTimeMillis) >= deadline) return yield* new Overdue({ what, seen })
      yield* Effect.sleep(every)
    }
  })
