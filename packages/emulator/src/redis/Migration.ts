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
import { closeAll, handOver, type Parties, reopen as reopenSlots } from "./Handover.js"
import { observe, observeAll } from "./Observation.js"
import { Overdue } from "./RedisError.js"

const windowSize = 512

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
    const written = yield* crew.plant.openSlots(where.cluster.id).get
    for (const each of Option.toArray(written)) yield* reopenSlots(crew, yield* parties(where, each), each.slots)
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
 * `where` is asked again and again: a shard may have another primary than before.
 *
 * Moves follow one upon the other, also out of different shards: a target has one thread, and sources that wait for each
 * other there keep their clients waiting.
 */
export const migrate = <E>(crew: Crew, where: Effect.Effect<Site, E>, moves: ReadonlyArray<Move>) =>
  Effect.gen(function* () {
    const { id: clusterId } = (yield* where).cluster
    const journal = crew.plant.openSlots(clusterId)
    let done = 0
    for (const each of moves) {
      const { target } = yield* Effect.flatMap(where, (site) => parties(site, each))
      const has = (yield* observe(crew.connections, target)).slots
      const slots = listed(each)
      const left = slots.filter((slot) => !owned(has, slot))
      done += slots.length - left.length
      for (let start = 0; start < left.length; start += windowSize) {
        const both = yield* Effect.flatMap(where, (site) => parties(site, each))
        const window = left.slice(start, start + windowSize)
        yield* journal.put({ from: each.from, to: each.to, slots: window })
        yield* crew.step("written")
        yield* handOver(crew, both, window)
        done += window.length
        yield* Effect.ignore(crew.cloud.report({ _tag: "ReportMoved", clusterId, slots: done }))
        yield* crew.step("reported")
      }
    }
    const running = (yield* where).members.filter(({ nodeId }) => crew.fleet.isRunning(nodeId))
    yield* agreed(crew, running)
    // In turn: a promotion that comes between would open slots again.
    yield* Effect.gen(function* () {
      const primaries = (yield* observeAll(crew.connections, running)).filter(({ isPrimary }) => isPrimary)
      yield* Effect.forEach(primaries, (each) => closeAll(crew, each), { discard: true })
      yield* journal.remove
    }).pipe(crew.inTurn(clusterId))
  })
