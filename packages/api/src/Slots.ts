/**
 * Hash slots: the 16384 parts of the key space, as sorted ranges that do not touch.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"

/**
 * The number of hash slots of a Redis cluster.
 *
 * @since 0.1.0
 * @category constants
 */
export const slotCount = 16384

/**
 * From `start` to `end`, both included, within 0-16383.
 *
 * @since 0.1.0
 * @category models
 */
export interface SlotRange {
  readonly start: number
  readonly end: number
}

/**
 * @since 0.1.0
 * @category models
 */
export type Slots = ReadonlyArray<SlotRange>

/**
 * All 16384 slots.
 *
 * @since 0.1.0
 * @category constants
 */
export const all: Slots = [{ start: 0, end: slotCount - 1 }]

/**
 * Sorts ranges and joins those that touch or overlap.
 *
 * @since 0.1.0
 * @category constructors
 */
export const normalize = (ranges: Iterable<SlotRange>): Slots => {
  const joined: Array<{ start: number; end: number }> = []
  for (const { start, end } of [...ranges].sort((a, b) => a.start - b.start)) {
    const last = joined.at(-1)
    if (last !== undefined && start <= last.end + 1) last.end = Math.max(last.end, end)
    else joined.push({ start, end })
  }
  return joined
}

const part = /^(\d{1,5})(?:-(\d{1,5}))?$/

const parseRange = (text: string): SlotRange | undefined => {
  const match = part.exec(text)
  if (match === null) return undefined
  const start = Number(match[1])
  const end = match[2] === undefined ? start : Number(match[2])
  return start <= end && end < slotCount ? { start, end } : undefined
}

/**
 * Reads the `slots` text of a shard: `"0-8191"`, `"0-99,200-299"`, `"5"` or `""`. Commas and white space separate.
 *
 * Left: the first piece that is not a range within 0-16383, or that repeats a slot.
 *
 * @since 0.1.0
 * @category constructors
 */
export const parse = (text: string): Either.Either<Slots, string> => {
  const ranges: Array<SlotRange> = []
  for (const piece of text.split(/[\s,]+/).filter((each) => each !== "")) {
    const range = parseRange(piece)
    if (range === undefined) return Either.left(`"${piece}" is not a slot range within 0-16383`)
    if (ranges.some((each) => range.start <= each.end && each.start <= range.end)) {
      return Either.left(`"${piece}" repeats a slot`)
    }
    ranges.push(range)
  }
  return Either.right(normalize(ranges))
}

/**
 * Writes ranges as the API does: `"0-8191"`, several separated by commas, `""` when there are none.
 *
 * @since 0.1.0
 * @category destructors
 */
export const format = (slots: Slots): string =>
  slots.map(({ start, end }) => (start === end ? `${start}` : `${start}-${end}`)).join(",")

/**
 * How many slots there are.
 *
 * @since 0.1.0
 * @category destructors
 */
export const size = (slots: Slots): number => slots.reduce((sum, { start, end }) => sum + end - start + 1, 0)

/**
 * The slots of `self` that are not in `that`.
 *
 * @since 0.1.0
 * @category combinators
 */
export const difference = (self: Slots, that: Slots): Slots => {
  let rest: Array<SlotRange> = [...self]
  for (const cut of that) {
    rest = rest.flatMap((range) => {
      if (cut.end < range.start || range.end < cut.start) return [range]
      const pieces: Array<SlotRange> = []
      if (range.start < cut.start) pieces.push({ start: range.start, end: cut.start - 1 })
      if (cut.end < range.end) pieces.push({ start: cut.end + 1, end: range.end })
      return pieces
    })
  }
  return normalize(rest)
}

/**
 * The slots that are in both.
 *
 * @since 0.1.0
 * @category combinators
 */
export const intersection = (self: Slots, that: Slots): Slots => difference(self, difference(self, that))

/**
 * The slots that are in either.
 *
 * @since 0.1.0
 * @category combinators
 */
export const union = (self: Slots, that: Slots): Slots => normalize([...self, ...that])

/**
 * What a set of shards leaves uncovered and what more than one of them claims.
 *
 * @since 0.1.0
 * @category models
 */
export interface Coverage {
  readonly missing: Slots
  readonly overlapping: Slots
}

/**
 * Compares what shards hold with the whole key space. Covered exactly once: both results are empty.
 *
 * @since 0.1.0
 * @category destructors
 */
export const coverage = (shards: Iterable<Slots>): Coverage => {
  const missing: Array<SlotRange> = []
  const overlapping: Array<SlotRange> = []
  let next = 0
  for (const { start, end } of [...shards].flat().sort((a, b) => a.start - b.start)) {
    if (start > next) missing.push({ start: next, end: start - 1 })
    if (start < next) overlapping.push({ start, end: Math.min(end, next - 1) })
    next = Math.max(next, end + 1)
  }
  if (next < slotCount) missing.push({ start: next, end: slotCount - 1 })
  return { missing, overlapping: normalize(overlapping) }
}
