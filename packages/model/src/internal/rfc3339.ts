import * as DateTime from "effect/DateTime"

/** As the API writes times: UTC, whole seconds. */
export const rfc3339 = (millis: number): string =>
  DateTime.formatIso(DateTime.unsafeMake(millis)).replace(/\.\d+Z$/, "Z")
