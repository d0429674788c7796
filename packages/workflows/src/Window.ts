/**
 * Maintenance windows: when they are open, in any time zone.
 *
 * @since 0.1.0
 */
import * as Schedule from "@memstore-flows/engine/Schedule"
import * as Duration from "effect/Duration"
import * as Either from "effect/Either"
import * as Schema from "effect/Schema"
import { WindowInvalid } from "./FlowError.js"

/**
 * A window that opens again and again.
 *
 * - `cron`: when it opens, five fields, or six with seconds first
 * - `timeZone`: of the IANA database, in which the expression is read; `UTC` unless given. Where clocks change it opens
 *   as `Schedule.cron` fires: once a day for a local time, be that skipped or shown twice
 * - `lasts`: milliseconds it stays open, elapsed: an hour is an hour also on such a day
 *
 * @since 0.1.0
 * @category schemas
 */
export const Window = Schema.Struct({
  cron: Schema.NonEmptyString,
  timeZone: Schema.optionalWith(Schema.NonEmptyString, { exact: true }),
  lasts: Schema.DurationFromMillis
}).annotations({ identifier: "Window" })

/**
 * @since 0.1.0
 * @category models
 */
export type Window = typeof Window.Type

/**
 * Windows, of which one being open is enough, and how much of it must be left for a step to begin (`reserve`, none unless
 * given).
 *
 * @since 0.1.0
 * @category schemas
 */
export const Windows = Schema.Struct({
  windows: Schema.NonEmptyArray(Window),
  reserve: Schema.optionalWith(Schema.DurationFromMillis, { exact: true })
}).annotations({ identifier: "Windows" })

/**
 * @since 0.1.0
 * @category models
 */
export type Windows = typeof Windows.Type

/**
 * Whether a step may begin: now, in a window that closes at `until`, or from `opensAt` on. Milliseconds of the epoch.
 *
 * @since 0.1.0
 * @category models
 */
export type Look =
  | { readonly _tag: "Open"; readonly until: number }
  | { readonly _tag: "Closed"; readonly opensAt: number }

const startsAfter = ({ cron, timeZone = "UTC" }: Window, after: number) =>
  Schedule.times({ cron, timeZone }, { after, count: 1 })

const longest = Duration.days(7)

const faultsOf = (window: Window, index: number, reserve: Duration.Duration): WindowInvalid["faults"] => {
  const at = (path: string) => `windows[${index}].${path}`
  const starts = startsAfter(window, 0)
  const lasts = Duration.format(window.lasts)
  return [
    ...(Either.isLeft(starts) ? starts.left.faults.map(({ message, path }) => ({ path: at(path), message })) : []),
    ...(Duration.greaterThan(window.lasts, Duration.zero) && Duration.lessThanOrEqualTo(window.lasts, longest)
      ? []
      : [{ path: at("lasts"), message: `${lasts} is not above 0 and at most ${Duration.format(longest)}` }]),
    ...(Duration.lessThan(window.lasts, reserve)
      ? [{ path: at("lasts"), message: `${lasts} is less than the reserve of ${Duration.format(reserve)}` }]
      : [])
  ]
}

/**
 * Everything that is wrong with windows, or the windows.
 *
 * @since 0.1.0
 * @category destructors
 */
export const validate = (windows: Windows): Either.Either<Windows, WindowInvalid> => {
  const faults = windows.windows.flatMap((window, index) => faultsOf(window, index, windows.reserve ?? Duration.zero))
  return faults.length === 0 ? Either.right(windows) : Either.left(new WindowInvalid({ faults }))
}

const startAfter = (window: Window, after: number): number =>
  Either.getOrElse(startsAfter(window, after), (): ReadonlyArray<number> => [])[0] ?? Number.POSITIVE_INFINITY

/** When a window closes that is open now. One that opens again before it has closed stays open. */
const closes = (window: Window, now: number, needed: number): number => {
  const lasts = Duration.toMillis(window.lasts)
  let until = Number.NEGATIVE_INFINITY
  let next = startAfter(window, now - lasts)
  while (next <= now || (next <= until && until < needed)) {
    until = next + lasts
    next = startAfter(window, next)
  }
  return until
}

/**
 * Whether a step may begin now, or from when on. Pure; the windows must be valid.
 *
 * @since 0.1.0
 * @category destructors
 */
export const look = ({ reserve = Duration.zero, windows }: Windows, now: number): Look => {
  const needed = now + Duration.toMillis(reserve)
  const until = Math.max(...windows.map((window) => closes(window, now, needed)))
  if (until > now && until >= needed) return { _tag: "Open", until }
  return { _tag: "Closed", opensAt: Math.min(...windows.map((window) => startAfter(window, now))) }
}
