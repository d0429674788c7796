import * as DateTime from "effect/DateTime"

const most = 1000
const known = new Map<number, string>()

/** As the API writes times: UTC, whole seconds. Kept, for every look at a cluster writes the same few again. */
export const rfc3339 = (millis: number): string => {
  const seconds = Math.floor(millis / 1000)
  const before = known.get(seconds)
  if (before !== undefined) return before
  const text = DateTime.formatIso(DateTime.unsafeMake(seconds * 1000)).replace(/\.\d+Z$/, "Z")
  if (known.size >= most) known.clear()
  known.set(seconds, text)
  return text
}
