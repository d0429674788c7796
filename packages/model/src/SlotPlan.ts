/**
 * Which shard gives which slots to which, so that a cluster stays even and its ranges stay whole.
 *
 * @since 0.1.0
 */
import { difference, intersection, normalize, type Slots, size, slotCount } from "@memstore-flows/api/Slots"
import * as Schema from "effect/Schema"

/**
 * A part of a plan: `from` gives `slots` to `to`, `count` of them.
 *
 * `order`: which end goes first, so that both shards stay one range while it is under way.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Move = Schema.Struct({
  from: Schema.String,
  to: Schema.String,
  slots: Schema.Array(Schema.Struct({ start: Schema.Int, end: Schema.Int })),
  order: Schema.Literal("ascending", "descending"),
  count: Schema.Int
}).annotations({ identifier: "Move" })

/**
 * @since 0.1.0
 * @category models
 */
export type Move = typeof Move.Type

/**
 * What one shard holds.
 *
 * @since 0.1.0
 * @category models
 */
export interface Holding {
  readonly id: string
  readonly slots: Slots
}

/**
 * Every shard of a cluster with what it holds.
 *
 * @since 0.1.0
 * @category models
 */
export type Layout = ReadonlyArray<Holding>

/**
 * Splits the key space into whole ranges whose sizes differ by at most one: for 2, `0-8191` and `8192-16383`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const even = (count: number): ReadonlyArray<Slots> => {
  const bound = (index: number): number => Math.round((index * slotCount) / count)
  return Array.from({ length: count }, (_, index) => [{ start: bound(index), end: bound(index + 1) - 1 }])
}

const isWhole = (layout: Layout): boolean => layout.every(({ slots }) => slots.length <= 1)

const byStart = (layout: Layout): Layout =>
  [...layout].sort((a, b) => (a.slots[0]?.start ?? slotCount) - (b.slots[0]?.start ?? slotCount))

/**
 * The moves that turn one layout into another; both name the same shards. `first` moves before the rest.
 *
 * @since 0.1.0
 * @category constructors
 */
export const between = (before: Layout, after: Layout, first?: string): ReadonlyArray<Move> => {
  const ranked = byStart(after.some(({ id, slots }) => id === first && slots.length === 0) ? before : after)
  const rank = new Map(ranked.map(({ id }, index) => [id, index]))
  const pivot = rank.get(first ?? "") ?? 0
  const moves = before.flatMap((source) =>
    after.flatMap((target): ReadonlyArray<Move> => {
      const slots = source.id === target.id ? [] : intersection(source.slots, target.slots)
      if (slots.length === 0) return []
      const upwards = (rank.get(source.id) ?? 0) < (rank.get(target.id) ?? 0)
      return [
        { from: source.id, to: target.id, slots, order: upwards ? "descending" : "ascending", count: size(slots) }
      ]
    })
  )
  const distance = ({ from, to }: Move): number =>
    Math.abs((rank.get(from) ?? 0) - pivot) + Math.abs((rank.get(to) ?? 0) - pivot)
  return moves
    .map((move, index) => ({ move, index }))
    .sort((a, b) => distance(a.move) - distance(b.move) || a.index - b.index)
    .map(({ move }) => move)
}

/**
 * How many slots a plan moves.
 *
 * @since 0.1.0
 * @category destructors
 */
export const total = (moves: ReadonlyArray<Move>): number => moves.reduce((sum, { count }) => sum + count, 0)

/** The first `count` slots from the low end. */
const head = (slots: Slots, count: number): Slots => {
  let left = count
  return slots.flatMap(({ end, start }) => {
    const taken = Math.min(left, end - start + 1)
    left -= taken
    return taken > 0 ? [{ start, end: start + taken - 1 }] : []
  })
}

/** The first `count` slots from the high end. */
const tail = (slots: Slots, count: number): Slots => difference(slots, head(slots, size(slots) - count))

const replace = (layout: Layout, id: string, change: (slots: Slots) => Slots): Layout =>
  layout.map((each) => (each.id === id ? { id, slots: change(each.slots) } : each))

/**
 * The layout when the first `count` slots of a plan have changed hands; all of them by default.
 *
 * @since 0.1.0
 * @category combinators
 */
export const after = (layout: Layout, moves: ReadonlyArray<Move>, count: number = total(moves)): Layout => {
  let left = count
  let result = layout
  for (const move of moves) {
    const taken = Math.min(left, move.count)
    if (taken <= 0) break
    const part = move.order === "ascending" ? head(move.slots, taken) : tail(move.slots, taken)
    result = replace(result, move.from, (slots) => difference(slots, part))
    result = replace(result, move.to, (slots) => normalize([...slots, ...part]))
    left -= taken
  }
  return result
}

/** Sizes for a layout of ragged ranges: as even as can be, the largest shards keeping the odd slots. */
const shares = (layout: Layout): ReadonlyMap<string, number> => {
  const base = Math.floor(slotCount / layout.length)
  const odd = slotCount - base * layout.length
  const ranked = [...layout].sort((a, b) => size(b.slots) - size(a.slots))
  return new Map(ranked.map(({ id }, index) => [id, base + (index < odd ? 1 : 0)]))
}

/** Evens a layout out with as few moves as can be: what is over, from the high end, goes to whoever lacks it. */
const level = (layout: Layout, keep: Layout): Layout => {
  const wanted = shares(keep)
  const want = (id: string): number => wanted.get(id) ?? 0
  let pool = normalize(layout.flatMap(({ id, slots }) => tail(slots, Math.max(0, size(slots) - want(id)))))
  return layout.map(({ id, slots }) => {
    const lacking = want(id) - size(slots)
    if (lacking <= 0) return { id, slots: head(slots, want(id)) }
    const given = head(pool, lacking)
    pool = difference(pool, given)
    return { id, slots: normalize([...slots, ...given]) }
  })
}

/** The even layout of whole ranges in this order of shards. */
const inOrder = (ids: ReadonlyArray<string>): Layout => {
  const ranges = even(ids.length)
  return ids.map((id, index) => ({ id, slots: ranges[index] ?? [] }))
}

/**
 * The moves that bring a new, empty shard to its even share.
 *
 * When every shard holds one range they all still do afterwards: the new one takes its place between those two where
 * that moves the fewest slots. Growing from k even shards moves 1 + floor((k-1)^2 / 4) / k times the fewest possible: as
 * many from 1 and 2, 1.34 times from 3, 1.5 from 4, 3.28 from 11. A cluster whose ranges are already split is levelled
 * with the fewest moves instead.
 * Sizes differ by at most one in the end.
 *
 * @since 0.1.0
 * @category constructors
 */
export const addShard = (layout: Layout, id: string): ReadonlyArray<Move> => {
  const before = [...layout, { id, slots: [] }]
  if (!isWhole(layout)) return between(before, level(before, before), id)
  const ids = byStart(layout).map((each) => each.id)
  const plans = ids
    .concat(id)
    .map((_, place) => between(before, inOrder([...ids.slice(0, place), id, ...ids.slice(place)]), id))
  return plans.reduce((best, plan) => (total(plan) < total(best) ? plan : best))
}

/**
 * The moves that drain a shard into the others.
 *
 * When every shard holds one range the rest still do afterwards, and `removeShard` right after `addShard` of an even
 * layout restores that layout. Otherwise the drained slots level the rest with the fewest moves. Sizes differ by at
 * most one in the end. No moves when it is the only shard or unknown.
 *
 * @since 0.1.0
 * @category constructors
 */
export const removeShard = (layout: Layout, id: string): ReadonlyArray<Move> => {
  const rest = layout.filter((each) => each.id !== id)
  if (rest.length === 0 || rest.length === layout.length) return []
  const target = isWhole(layout) ? inOrder(byStart(rest).map((each) => each.id)) : level(layout, rest)
  return between(layout, [...target.filter((each) => each.id !== id), { id, slots: [] }], id)
}

/**
 * The largest and the smallest number of slots a shard holds.
 *
 * @since 0.1.0
 * @category destructors
 */
export const extent = (layout: Layout): { readonly min: number; readonly max: number } => {
  const sizes = layout.map(({ slots }) => size(slots))
  return sizes.length === 0 ? { min: 0, max: 0 } : { min: Math.min(...sizes), max: Math.max(...sizes) }
}
