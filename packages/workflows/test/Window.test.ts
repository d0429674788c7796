import { assert, describe, it } from "@effect/vitest"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Either from "effect/Either"
import * as FastCheck from "effect/FastCheck"
import * as Window from "../src/Window.js"

const at = (text: string): number => DateTime.toEpochMillis(DateTime.unsafeMake(text))

const seen = (windows: Window.Windows, when: string): string => {
  const look = Window.look(windows, at(when))
  const time = look._tag === "Open" ? look.until : look.opensAt
  return `${look._tag} ${DateTime.formatIso(DateTime.unsafeMake(time))}`
}

const nightly = (timeZone: string, hours = 3): Window.Windows => ({
  windows: [{ cron: "30 2 * * *", timeZone, lasts: Duration.hours(hours) }]
})

describe("a window", () => {
  it("is open from its start, the moment of its end not included", () => {
    const night = nightly("UTC")
    assert.strictEqual(seen(night, "2026-01-05T02:29:59.999Z"), "Closed 2026-01-05T02:30:00.000Z")
    assert.strictEqual(seen(night, "2026-01-05T02:30:00.000Z"), "Open 2026-01-05T05:30:00.000Z")
    assert.strictEqual(seen(night, "2026-01-05T05:29:59.999Z"), "Open 2026-01-05T05:30:00.000Z")
    assert.strictEqual(seen(night, "2026-01-05T05:30:00.000Z"), "Closed 2026-01-06T02:30:00.000Z")
  })

  it("is read in its time zone", () => {
    assert.strictEqual(seen(nightly("Asia/Seoul"), "2026-01-04T18:00:00Z"), "Open 2026-01-04T20:30:00.000Z")
  })

  it("opens once, and for as long, on a day on which its hour is skipped", () => {
    const night = nightly("Europe/Berlin", 1)
    assert.strictEqual(seen(night, "2026-03-29T00:00:00Z"), "Closed 2026-03-29T01:30:00.000Z")
    assert.strictEqual(seen(night, "2026-03-29T01:45:00Z"), "Open 2026-03-29T02:30:00.000Z")
    assert.strictEqual(seen(night, "2026-03-29T02:30:00Z"), "Closed 2026-03-30T00:30:00.000Z")
  })

  it("opens once on a day on which its hour comes twice", () => {
    const night = nightly("Europe/Berlin", 1)
    assert.strictEqual(seen(night, "2026-10-25T00:00:00Z"), "Closed 2026-10-25T00:30:00.000Z")
    assert.strictEqual(seen(night, "2026-10-25T01:45:00Z"), "Closed 2026-10-26T01:30:00.000Z")
  })

  it("that opens again before it has closed stays open, which counts for the reserve", () => {
    const hourly: Window.Windows = {
      windows: [{ cron: "0 * * * *", lasts: Duration.minutes(90) }],
      reserve: Duration.minutes(80)
    }
    assert.strictEqual(seen(hourly, "2026-01-05T00:50:00Z"), "Open 2026-01-05T02:30:00.000Z")
  })

  it("with less left than the reserve counts as closed, and any of several is enough", () => {
    const windows: Window.Windows = {
      windows: [
        { cron: "0 1 * * *", lasts: Duration.hours(1) },
        { cron: "0 9 * * 6", lasts: Duration.hours(8) }
      ],
      reserve: Duration.minutes(30)
    }
    assert.strictEqual(seen(windows, "2026-01-05T01:30:00Z"), "Open 2026-01-05T02:00:00.000Z")
    assert.strictEqual(seen(windows, "2026-01-05T01:30:01Z"), "Closed 2026-01-06T01:00:00.000Z")
    assert.strictEqual(seen(windows, "2026-01-10T09:00:00Z"), "Open 2026-01-10T17:00:00.000Z")
  })

  it("agrees with a count of minutes", () => {
    const start = at("2026-03-28T00:00:00Z")
    FastCheck.assert(
      FastCheck.property(
        FastCheck.integer({ min: 0, max: 3 * 24 * 60 - 1 }),
        FastCheck.integer({ min: 0, max: 23 }),
        FastCheck.integer({ min: 1, max: 26 * 60 }),
        (minute, hour, lasts) => {
          const now = start + minute * 60_000
          const windows: Window.Windows = {
            windows: [{ cron: `0 ${hour} * * *`, lasts: Duration.minutes(lasts) }]
          }
          const open = Array.from({ length: lasts }, (_, ago) => now - ago * 60_000).some(
            (then) => then % 86_400_000 === hour * 3_600_000
          )
          assert.strictEqual(Window.look(windows, now)._tag, open ? "Open" : "Closed")
        }
      ),
      { numRuns: 50 }
    )
  })

  it("that cannot be is refused with every fault at once", () => {
    const wrong = Window.validate({
      windows: [
        { cron: "0 99 * * *", timeZone: "Mars/Olympus", lasts: Duration.zero },
        { cron: "0 1 * * *", lasts: Duration.minutes(5) }
      ],
      reserve: Duration.minutes(10)
    })
    const paths = Either.isLeft(wrong) ? wrong.left.faults.map(({ path }) => path) : []
    assert.deepStrictEqual(paths, [
      "windows[0].cron: hour",
      "windows[0].timeZone",
      "windows[0].lasts",
      "windows[0].lasts",
      "windows[1].lasts"
    ])
  })
})
