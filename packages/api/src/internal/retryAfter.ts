import * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"

/** Reads `Retry-After`: whole seconds or an HTTP date. Absent or unreadable: `undefined`. */
export const retryAfterMillis = (headers: Readonly<Record<string, string>>): Effect.Effect<number | undefined> => {
  const value = headers["retry-after"]?.trim()
  if (value === undefined || value === "") return Effect.succeed(undefined)
  if (/^\d+$/.test(value)) return Effect.succeed(Number(value) * 1000)
  return Effect.map(Clock.currentTimeMillis, (now) =>
    Option.match(DateTime.make(value.replace(/ GMT$/, " Z")), {
      onNone: () => undefined,
      onSome: (at) => Math.max(0, DateTime.toEpochMillis(at) - now)
    })
  )
}
