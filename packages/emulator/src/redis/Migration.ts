/**
 * Moving slots with their keys from one shard to another while clients go on.
 *
 * A batch of slots is opened (the target expects keys, the source sends clients on for keys it no longer has), emptied key
 * by key, and closed: the target first, for a slot whose target died before it owned it would have no owner. A source
 * refuses to give a slot away while it still holds keys of it; that refusal is never passed over.
 *
 * Everything here can be done again from the start: what is done already is answered with a refusal that is known.
 */
import type * as Slots from "@memstore-flows/api/Slots"
import type { Move } from "@memstore-flows/model/SlotPlan"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import type { Words } from "./Connections.js"
import { type Crew, primaryOf, type Site, tellAll } from "./Crew.js"
import type { Member } from "./Member.js"
import { observe } from "./Observation.js"
import type { OpenSlots } from "./Plant.js"
import { type CommandRefused, Overdue } from "./RedisError.js"

const batchSize = 64
const keysAtOnce = 100
const commandsAtOnce = 8
const lane = "slots"

/** The two primaries of a move, and everyone else who owns slots. */
interface Parties {
  readonly source: Member
  readonly target: Member
  readonly others: ReadonlyArray<Member>
}

const parties = (where: Site, { from, to }: Pick<Move, "from" | "to">): Effect.Effect<Parties, Overdue> => {
  const source = primaryOf(where, from)
  const target = primaryOf(where, to)
  return source === undefined || target === undefined
    ? Effect.fail(new Overdue({ what: `a move from ${from} to ${to}`, seen: "a shard without a primary" }))
    : Effect.succeed({
        source,
        target,
        others: where.members.filter((each) => each.isPrimary && each.shardId !== from && each.shardId !== to)
      })
}

const setSlots = (slots: ReadonlyArray<number>, ...rest: ReadonlyArray<string>): ReadonlyArray<Words> =>
  slots.map((slot) => ["CLUSTER", "SETSLOT", slot, ...rest])

/** The commands that make a server expect the keys of slots, and send them away. */
export const arriving = (slots: ReadonlyArray<number>, source: Member) => setSlots(slots, "IMPORTING", source.engineId)
export const leaving = (slots: ReadonlyArray<number>, target: Member) => setSlots(slots, "MIGRATING", target.engineId)

const unless = (refusals: ReadonlyArray<CommandRefused>, known: RegExp): Effect.Effect<void, CommandRefused> => {
  const strange = refusals.find(({ reason }) => !known.test(reason))
  return strange === undefined ? Effect.void : Effect.fail(strange)
}

/** Opens slots on both sides, or opens them again after a side has a new primary. */
export const open = (crew: Crew, { source, target }: Parties, slots: ReadonlyArray<number>) =>
  Effect.gen(function* () {
    yield* Effect.flatMap(tellAll(crew, target, arriving(slots, source)), (refusals) =>
      unless(refusals, /already the owner/)
    )
    yield* crew.step("importing")
    yield* Effect.flatMap(tellAll(crew, source, leaving(slots, target)), (refusals) =>
      unless(refusals, /not the owner/)
    )
    yield* crew.step("migrating")
  })

const move = ({ target: { door } }: Parties, keys: ReadonlyArray<Buffer>): Words => [
  "MIGRATE",
  door.address,
  door.port,
  "",
  0,
  20_000,
  "REPLACE",
  "AUTH2",
  door.userName,
  door.password,
  "KEYS",
  ...keys
]

const chunks = <A>(all: ReadonlyArray<A>, size: number): ReadonlyArray<ReadonlyArray<A>> =>
  Array.from({ length: Math.ceil(all.length / size) }, (_, index) => all.slice(index * size, (index + 1) * size))

/** Sends every key of these slots over. What the source still holds is the truth, so it replaces what the target has. */
const empty = (crew: Crew, both: Parties, slots: ReadonlyArray<number>) =>
  Effect.gen(function* () {
    const { connections } = crew
    const { door } = both.source
    let left = slots
    while (left.length > 0) {
      const found = yield* connections.all(
        door,
        left.map((slot) => ["CLUSTER", "GETKEYSINSLOT", slot, keysAtOnce]),
        lane
      )
      const held = (yield* Either.all(found)).map((keys) => (Array.isArray(keys) ? keys.filter(Buffer.isBuffer) : []))
      const commands = held.flatMap((keys) => (keys.length === 0 ? [] : [move(both, keys)]))
      // Two writes under way: the source need not wait for us between them.
      yield* Effect.forEach(
        chunks(commands, commandsAtOnce),
        (chunk) =>
          Effect.gen(function* () {
            yield* Either.all(yield* connections.all(door, chunk, lane))
            yield* crew.step("keys")
          }),
        { concurrency: 2, discard: true }
      )
      left = left.filter((_, index) => (held[index]?.length ?? 0) > 0)
    }
  })

const close = (crew: Crew, { others, source, target }: Parties, slots: ReadonlyArray<number>) =>
  Effect.gen(function* () {
    const commands = setSlots(slots, "NODE", target.engineId)
    const firm = (member: Member) =>
      Effect.flatMap(tellAll(crew, member, commands), (refusals) => unless(refusals, /^$/))
    yield* firm(target)
    yield* crew.step("target")
    yield* firm(source)
    yield* crew.step("source")
    yield* Effect.forEach(others, (member) => Effect.ignore(tellAll(crew, member, commands)), {
      concurrency: "unbounded",
      discard: true
    })
  })

/** Moves one batch. It is written down before it begins, so that whoever comes after a crash can open it again. */
const batch = (crew: Crew, where: Site, { from, slots, to }: OpenSlots) =>
  Effect.gen(function* () {
    const journal = crew.plant.openSlots(where.cluster.id)
    const both = yield* parties(where, { from, to })
    yield* journal.put({ from, to, slots })
    yield* crew.step("written")
    yield* open(crew, both, slots)
    yield* empty(crew, both, slots)
    yield* crew.step("emptied")
    yield* close(crew, both, slots)
    yield* crew.step("closed")
    yield* journal.remove
  })

/** Opens the slots again that were between two owners when the servers were last seen. */
export const reopen = (crew: Crew, where: Site) =>
  Effect.gen(function* () {
    const journal = yield* crew.plant.openSlots(where.cluster.id).get
    if (Option.isNone(journal)) return
    const { from, slots, to } = journal.value
    yield* open(crew, yield* parties(where, { from, to }), slots)
  })

const listed = ({ order, slots }: Move): ReadonlyArray<number> => {
  const all = slots.flatMap(({ end, start }) => Array.from({ length: end - start + 1 }, (_, index) => start + index))
  return order === "ascending" ? all : all.reverse()
}

const owned = (slots: Slots.Slots, slot: number): boolean =>
  slots.some(({ end, start }) => start <= slot && slot <= end)

/**
 * Carries out what is left of a plan and tells the model how far it is.
 *
 * `where` is asked before each batch: a shard may have another primary than before.
 */
export const migrate = <E>(crew: Crew, where: Effect.Effect<Site, E>, moves: ReadonlyArray<Move>) =>
  Effect.gen(function* () {
    let before = 0
    for (const each of moves) {
      const slots = listed(each)
      const first = yield* Effect.flatMap(where, (site) => parties(site, each))
      const has = (yield* observe(crew.connections, first.target)).slots
      const left = slots.filter((slot) => !owned(has, slot))
      let done = slots.length - left.length
      for (const part of chunks(left, batchSize)) {
        const site = yield* where
        yield* batch(crew, site, { from: each.from, to: each.to, slots: part })
        done += part.length
        yield* Effect.ignore(
          crew.cloud.report({ _tag: "ReportMoved", clusterId: site.cluster.id, slots: before + done })
        )
        yield* crew.step("reported")
      }
      before += slots.length
    }
  })
