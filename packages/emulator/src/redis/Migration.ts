/**
 * Carrying out a plan of moves: who gives which slots to whom.
 *
 * Slots are written down before they are opened, some hundred at a time, so that whoever comes after a crash, or in the
 * place of a primary that died, can open them again. What is left of a plan follows from what the targets own.
 */
import type * as Slots from "@memstore-flows/api/Slots"
import type { Move } from "@memstore-flows/model/SlotPlan"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { agreed, type Crew, primaryOf, type Site } from "./Crew.js"
import { handOver, type Parties, reopen as reopenSlots } from "./Handover.js"
import { observe } from "./Observation.js"
import type { OpenSlots } from "./Plant.js"
import { type FilesUnusable, Overdue } from "./RedisError.js"

const windowSize = 512
// A target has one thread: more sources than these would only wait for each other, and keep their clients waiting.
const sourcesAtOnce = 2

const parties = (where: Site, { from, to }: Pick<Move, "from" | "to">): Effect.Effect<Parties, Overdue> => {
  const source = primaryOf(where, from)
  const target = primaryOf(where, to)
  return source === undefined || target === undefined
    ? Effect.fail(new Overdue({ what: `a move from ${from} to ${to}`, seen: "a shard without a primary" }))
    : Effect.succeed({ source, target })
}

/** Opens the slots again that were between two owners when the servers were last seen. */
export const reopen = (crew: Crew, where: Site) =>
  Effect.gen(function* () {
    const written = Option.getOrElse(yield* crew.plant.openSlots(where.cluster.id).get, () => [])
    for (const each of written) yield* reopenSlots(crew, yield* parties(where, each), each.slots)
  })

/**
 * What is written down and told while a plan is carried out.
 *
 * - `write`: replaces what is written of this move; `moved`: so many slots more have changed hands
 */
interface Ledger {
  readonly write: (open: OpenSlots) => Effect.Effect<void, FilesUnusable>
  readonly moved: (slots: number) => Effect.Effect<void>
}

const ledger = (crew: Crew, clusterId: string): Effect.Effect<Ledger> =>
  Effect.gen(function* () {
    const journal = crew.plant.openSlots(clusterId)
    const alone = yield* Effect.makeSemaphore(1)
    const open = new Map<string, OpenSlots>()
    let done = 0
    return {
      write: (each) =>
        Effect.suspend(() => {
          open.set(`${each.from} ${each.to}`, each)
          return journal.put([...open.values()])
        }).pipe(alone.withPermits(1)),
      moved: (slots) =>
        Effect.suspend(() => {
          done += slots
          return Effect.ignore(crew.cloud.report({ _tag: "ReportMoved", clusterId, slots: done }))
        })
    }
  })

const listed = ({ order, slots }: Move): ReadonlyArray<number> => {
  const all = slots.flatMap(({ end, start }) => Array.from({ length: end - start + 1 }, (_, index) => start + index))
  return order === "ascending" ? all : all.reverse()
}

const owned = (slots: Slots.Slots, slot: number): boolean =>
  slots.some(({ end, start }) => start <= slot && slot <= end)

/** Carries out what is left of one move. `where` is asked again and again: a shard may have another primary than before. */
const carryOut = <E>(crew: Crew, where: Effect.Effect<Site, E>, each: Move, { moved, write }: Ledger) =>
  Effect.gen(function* () {
    const { from, to } = each
    const { target } = yield* Effect.flatMap(where, (site) => parties(site, each))
    const has = (yield* observe(crew.connections, target)).slots
    const slots = listed(each)
    const left = slots.filter((slot) => !owned(has, slot))
    if (left.length < slots.length) yield* moved(slots.length - left.length)
    for (let start = 0; start < left.length; start += windowSize) {
      const part = left.slice(start, start + windowSize)
      const both = yield* Effect.flatMap(where, (site) => parties(site, each))
      yield* write({ from, to, slots: part })
      yield* crew.step("written")
      yield* handOver(crew, both, part)
      yield* moved(part.length)
      yield* crew.step("reported")
    }
    yield* write({ from, to, slots: [] })
  })

/** Moves out of different shards go on side by side. */
const bySource = (moves: ReadonlyArray<Move>): ReadonlyArray<ReadonlyArray<Move>> =>
  [...new Set(moves.map(({ from }) => from))].map((source) => moves.filter(({ from }) => from === source))

/** Carries out what is left of a plan and tells the model how far it is. */
export const migrate = <E>(crew: Crew, where: Effect.Effect<Site, E>, moves: ReadonlyArray<Move>) =>
  Effect.gen(function* () {
    const site = yield* where
    const shared = yield* ledger(crew, site.cluster.id)
    yield* Effect.forEach(
      bySource(moves),
      (group) => Effect.forEach(group, (each) => carryOut(crew, where, each, shared), { discard: true }),
      { concurrency: sourcesAtOnce, discard: true }
    )
    const { members } = yield* where
    const running = members.filter(({ nodeId }) => crew.fleet.isRunning(nodeId))
    yield* agreed(crew, running)
    yield* crew.plant.openSlots(site.cluster.id).remove
  })
