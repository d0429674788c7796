import * as Cron from "effect/Cron"
import * as DateTime from "effect/DateTime"
import * as Either from "effect/Either"
import * as Option from "effect/Option"

/** @internal What is wrong with one part of a schedule. */
export interface Fault {
  readonly path: string
  readonly message: string
}

/** @internal The times of a cron expression in a time zone. */
export interface Times {
  readonly expression: string
  readonly cron: Cron.Cron
  readonly zone: DateTime.TimeZone
  /** Whether the hours begin with a star: then it follows what the clock shows, else each local time counts once. */
  readonly everyHour: boolean
}

const fields = ["minute", "hour", "day of month", "month", "day of week"] as const

const faultsOf = (expression: string): ReadonlyArray<Fault> => {
  const parts = expression.trim().split(/\s+/)
  const names = parts.length === 6 ? ["second", ...fields] : fields
  if (parts.length !== names.length) {
    const given = expression.trim() === "" ? 0 : parts.length
    return [{ path: "cron", message: `${given} fields, where 5 (or 6, seconds first) are expected` }]
  }
  return parts.flatMap((part, index) => {
    const alone = parts.map((_, other) => (other === index ? part : "*")).join(" ")
    return Either.match(Cron.parse(alone), {
      onLeft: ({ message }) => [{ path: `cron: ${names[index]}`, message: `"${part}": ${message}` }],
      onRight: () => []
    })
  })
}

const never = { path: "cron", message: "comes at no time, such as February 30" }

const comes = (cron: Cron.Cron): boolean => {
  try {
    return Cron.next(cron, DateTime.unsafeMake(0)).getTime() > 0
  } catch {
    return false
  }
}

type Parsed = Either.Either<Times, ReadonlyArray<Fault>>

const parseAnew = (expression: string, timeZone: string): Parsed => {
  const zone = DateTime.zoneFromString(timeZone)
  const wrong: ReadonlyArray<Fault> = [
    ...faultsOf(expression),
    ...(Option.isSome(zone)
      ? []
      : [{ path: "timeZone", message: `"${timeZone}" is no time zone of the IANA database` }])
  ]
  if (wrong.length > 0 || Option.isNone(zone)) return Either.left(wrong)
  const parts = expression.trim().split(/\s+/)
  const everyHour = parts[parts.length - 4]?.startsWith("*") ?? false
  return Either.filterOrLeft(
    Either.mapBoth(Cron.parse(expression, zone.value), {
      onLeft: ({ message }): ReadonlyArray<Fault> => [{ path: "cron", message }],
      onRight: (cron): Times => ({ expression, cron, zone: zone.value, everyHour })
    }),
    ({ cron }) => comes(cron),
    () => [never]
  )
}

const parsed = new Map<string, Parsed>()

/** @internal The times of an expression, or everything that is wrong with it and the zone. Those parsed last are kept. */
export const parse = (expression: string, timeZone: string): Parsed => {
  const key = JSON.stringify([expression, timeZone])
  const known = parsed.get(key) ?? parseAnew(expression, timeZone)
  if (parsed.size >= 100) parsed.clear()
  parsed.set(key, known)
  return known
}

const offsetAt = ({ zone }: Times, at: number): number =>
  DateTime.zonedOffset(DateTime.unsafeMakeZoned(at, { timeZone: zone }))

const following = (cron: Cron.Cron, at: number): number => Cron.next(cron, DateTime.unsafeMake(at)).getTime()

/** A local time shown twice comes back at its first showing, which may lie before `at`. */
const onceAfter = (times: Times, at: number): number => {
  for (let from = at; ; ) {
    const next = following(times.cron, from)
    if (next > at) return next
    from = Math.max(from + 1_000, next + offsetAt(times, next) - offsetAt(times, at))
  }
}

/** The instant after `from`, and not after `to`, at which the offset has changed. */
const changeBetween = (times: Times, from: number, to: number): number => {
  const before = offsetAt(times, from)
  let [low, high] = [from, to]
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2)
    if (offsetAt(times, middle) === before) low = middle
    else high = middle
  }
  return high
}

const withOffset = ({ expression }: Times, offset: number): Cron.Cron =>
  Cron.unsafeParse(expression, DateTime.zoneMakeOffset(offset))

/** Every instant at which the clock of the zone shows a matching time. */
const shownAfter = (times: Times, at: number): number => {
  const first = following(times.cron, at)
  const found = first > at && Cron.match(times.cron, DateTime.unsafeMake(first)) ? [first] : []
  const offset = offsetAt(times, at)
  const same = following(withOffset(times, offset), at)
  if (offsetAt(times, same) === offset) return Math.min(same, ...found)
  const change = changeBetween(times, at, same)
  const changed = offsetAt(times, change)
  const later = following(withOffset(times, changed), change - 1)
  if (offsetAt(times, later) === changed) return Math.min(later, ...found)
  return found[0] ?? shownAfter(times, change)
}

/** @internal The first time after `at`, in milliseconds of the epoch. */
export const after = (times: Times, at: number): number =>
  times.everyHour ? shownAfter(times, at) : onceAfter(times, at)

/** @internal The first times after `at`. */
export const some = (times: Times, at: number, count: number): ReadonlyArray<number> => {
  const found: Array<number> = []
  for (let last = at; found.length < count; found.push(last)) last = after(times, last)
  return found
}

/** @internal The newest times from `from` to `to`, both included, in order: at most `count`. */
export const newest = (times: Times, from: number, to: number, count: number): ReadonlyArray<number> => {
  for (let reach = 60_000; ; reach *= 4) {
    const start = Math.max(from, to - reach)
    const found: Array<number> = []
    for (let at = after(times, start - 1); at <= to; at = after(times, at)) found.push(at)
    if (found.length >= count || start === from) return found.slice(-count)
  }
}
