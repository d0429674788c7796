import { assert, describe, it } from "@effect/vitest"
import { DateTime, Either, FastCheck as fc } from "effect"
import { Schedule } from "../src/index.js"

const ms = (iso: string) => DateTime.unsafeMake(iso).epochMillis

const times = (cron: string, timeZone: string, after: string, count: number) =>
  Either.getOrThrow(Schedule.times({ cron, timeZone }, { after: ms(after), count })).map((at) =>
    DateTime.formatIsoOffset(DateTime.unsafeMakeZoned(at, { timeZone }))
  )

const newYork = (cron: string, after: string, count: number) =>
  times(cron, "America/New_York", after, count).map((at) => at.replace(":00.000", ""))

describe("times of a cron expression", () => {
  it("are those of the clock in the zone", () => {
    assert.deepStrictEqual(times("0 3 * * SUN", "Asia/Seoul", "2026-11-23T00:00:00Z", 2), [
      "2026-11-29T03:00:00.000+09:00",
      "2026-12-06T03:00:00.000+09:00"
    ])
    assert.deepStrictEqual(times("*/20 0 0 1 1 *", "+05:30", "2026-11-23T00:00:00Z", 2), [
      "2027-01-01T00:00:00.000+05:30",
      "2027-01-01T00:00:20.000+05:30"
    ])
  })

  it("are never the time after which they are asked for", () => {
    assert.deepStrictEqual(times("0 0 * * *", "UTC", "2026-01-01T00:00:00Z", 1), ["2026-01-02T00:00:00.000+00:00"])
    assert.deepStrictEqual(times("0 0 * * *", "UTC", "2025-12-31T23:59:59.999Z", 1), ["2026-01-01T00:00:00.000+00:00"])
  })

  it("that the clock jumps over in spring come as much later as it jumps, once", () => {
    const before = "2026-03-07T12:00:00Z"
    assert.deepStrictEqual(newYork("30 2 * * *", before, 2), ["2026-03-08T03:30-04:00", "2026-03-09T02:30-04:00"])
    assert.deepStrictEqual(newYork("0 2,3 * * *", before, 2), ["2026-03-08T03:00-04:00", "2026-03-09T02:00-04:00"])
  })

  it("that the clock shows twice in autumn come the first time, also when asked for in between", () => {
    const two = ["2026-11-01T01:30-04:00", "2026-11-02T01:30-05:00"]
    assert.deepStrictEqual(newYork("30 1 * * *", "2026-10-31T12:00:00Z", 2), two)
    assert.deepStrictEqual(newYork("30 1 * * *", "2026-11-01T05:30:00Z", 1), two.slice(1))
    assert.deepStrictEqual(newYork("30 1 * * *", "2026-11-01T06:10:00Z", 1), two.slice(1))
    assert.deepStrictEqual(newYork("5 1,2 * * *", "2026-11-01T06:59:00Z", 1), ["2026-11-01T02:05-05:00"])
  })

  it("of every hour follow the clock: left out in spring, twice in autumn", () => {
    assert.deepStrictEqual(newYork("30 * * * *", "2026-03-08T05:45:00Z", 2), [
      "2026-03-08T01:30-05:00",
      "2026-03-08T03:30-04:00"
    ])
    assert.deepStrictEqual(newYork("*/30 * * * *", "2026-11-01T05:00:00Z", 4), [
      "2026-11-01T01:30-04:00",
      "2026-11-01T01:00-05:00",
      "2026-11-01T01:30-05:00",
      "2026-11-01T02:00-05:00"
    ])
    assert.deepStrictEqual(newYork("0 */2 * * *", "2026-03-08T05:00:00Z", 2), [
      "2026-03-08T04:00-04:00",
      "2026-03-08T06:00-04:00"
    ])
  })

  it("name every fault of the expression, the zone and the bounds at once", () => {
    const wrong = Schedule.times({ cron: "61 * 0 * MOO", timeZone: "Mars/Base" }, { after: 0, count: 1 })
    const paths = Either.match(wrong, { onLeft: ({ faults }) => faults.map(({ path }) => path), onRight: () => [] })
    assert.deepStrictEqual(paths, ["cron: minute", "cron: day of month", "cron: day of week", "timeZone"])
  })

  for (const [cron, said] of [
    ["", "0 fields"],
    ["* * * *", "4 fields"],
    ["0 0 30 2 *", "comes at no time"]
  ] as const) {
    it(`are refused for "${cron}"`, () => {
      const wrong = Schedule.times({ cron }, { after: 0, count: 1 })
      assert.include(Either.isLeft(wrong) ? wrong.left.message : "", said)
    })
  }

  const Part = (most: number) =>
    fc.oneof(fc.constant("*"), fc.integer({ min: 0, max: most }).map(String), fc.constant("*/7"))
  const Moment = fc.integer({ min: ms("2026-03-07T00:00:00Z"), max: ms("2026-03-09T00:00:00Z") })
  const Autumn = fc.integer({ min: ms("2026-10-31T00:00:00Z"), max: ms("2026-11-02T00:00:00Z") })
  const zones = fc.constantFrom("America/New_York", "Asia/Seoul", "Australia/Lord_Howe", "Europe/Berlin", "UTC")

  it("of every hour are exactly the minutes at which the clock shows them", () =>
    fc.assert(
      fc.property(
        Part(59),
        fc.constantFrom("*", "*/2", "*/5"),
        zones,
        fc.oneof(Moment, Autumn),
        (minute, hour, zone, from) => {
          const cron = `${minute} ${hour} * * *`
          const [next = 0] = Either.getOrThrow(Schedule.times({ cron, timeZone: zone }, { after: from, count: 1 }))
          const shows = (at: number) => {
            const { hours, minutes } = DateTime.toParts(DateTime.unsafeMakeZoned(at, { timeZone: zone }))
            const fits = (part: string, value: number) =>
              part === "*" || (part.startsWith("*/") ? value % Number(part.slice(2)) === 0 : value === Number(part))
            return fits(minute, minutes) && fits(hour, hours)
          }
          let first = (Math.floor(from / 60_000) + 1) * 60_000
          while (!shows(first)) first += 60_000
          assert.strictEqual(next, first)
        }
      ),
      { numRuns: 60 }
    ))

  it("grow, whatever the expression and wherever the clock changes", () =>
    fc.assert(
      fc.property(Part(59), Part(23), zones, fc.oneof(Moment, Autumn), (minute, hour, zone, from) => {
        const list = Either.getOrThrow(
          Schedule.times({ cron: `${minute} ${hour} * * *`, timeZone: zone }, { after: from, count: 4 })
        )
        assert.isTrue(list.every((at, index) => at > (index === 0 ? from : (list[index - 1] ?? 0))))
      }),
      { numRuns: 60 }
    ))
})
