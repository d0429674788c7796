import { assert, describe } from "@effect/vitest"
import { Clock, DateTime, Effect, Layer, Ref, Schema, TestClock } from "effect"
import { Flow, Runs, Schedule, Step } from "../../src/index.js"
import { unfinished } from "../../src/JournalRecord.js"
import {
  contractTest,
  crashing,
  entriesOf,
  type Log,
  lines,
  open,
  type Store,
  type StoreFactory,
  say,
  until
} from "./harness.js"

const Drill = Flow.make({
  name: "drill",
  payload: Schema.Struct({ of: Schema.String, minutes: Schema.optional(Schema.Number) }),
  resource: ({ of }) => (of.startsWith("locked") ? of : undefined)
})

const drill = ({ minutes, of }: typeof Drill.payload.Type) =>
  Effect.gen(function* () {
    yield* Step.make("begin", { run: say(`begin ${of}`), undo: () => say(`undo ${of}`) })
    if (minutes !== undefined) yield* Step.sleep("work", `${minutes} minutes`)
    yield* Step.make("end", { run: say(`end ${of}`) })
  })

const Other = Flow.make({ name: "other", payload: Schema.Void })

const flows = Effect.map(Effect.context<Log>(), (context) =>
  Layer.mergeAll(Schedule.layer(Drill), Schedule.layer(Other)).pipe(
    Layer.provideMerge(
      Layer.merge(
        Drill.toLayer((payload) => Effect.provide(drill(payload), context)),
        Other.toLayer(() => Effect.void)
      )
    )
  )
)

/** An engine at work on schedules, until `close`. */
const engine = (store: Store) =>
  Effect.flatMap(flows, (layer) => open(store, layer, { retention: { maxAge: "365 days" } }))

type Opened = Effect.Effect.Success<ReturnType<typeof engine>>

const ms = (iso: string) => DateTime.unsafeMake(iso).epochMillis
const clock = (iso: string) => TestClock.setTime(ms(iso))

const weekly: Schedule.CronOptions<typeof Drill.payload> = {
  name: "weekly",
  cron: "0 3 * * SUN",
  timeZone: "Asia/Seoul",
  payload: { of: "a" }
}

const hourly: Schedule.CronOptions<typeof Drill.payload> = { name: "hourly", cron: "0 * * * *", payload: { of: "h" } }

/** Waits until the schedule has turned to a time. */
const turned = ({ run }: Opened, name: string, to: string | null) =>
  until(
    `${name} waits for ${to}`,
    run(Schedule.get(name)).pipe(Effect.map(({ nextAt }) => nextAt === (to === null ? null : ms(to))))
  )

const ended = ({ run }: Opened, id: string) =>
  until(
    `${id} ends`,
    Effect.map(Effect.option(run(Runs.get(id))), (info) => info._tag === "Some" && info.value.endedAt !== null)
  )

/** Waits until no run has anything to do before the clock moves on: each sleeps, stands in line or has ended. */
const settled = ({ run }: Opened) =>
  until(
    "nothing is left to do",
    Effect.gen(function* () {
      const now = yield* Clock.currentTimeMillis
      const places = yield* run(Runs.list({ flow: "schedule/drill/line", state: unfinished }))
      const runs = yield* run(Runs.list({ flow: "drill" }))
      const first = places.filter(({ state }) => state !== "queued")
      const begun = first.every(({ id }) => runs.some((one) => one.endedAt === null && id.endsWith(`/${one.id}`)))
      const idle = runs.every(
        ({ endedAt, state, wakeAt }) => endedAt !== null || state === "queued" || (wakeAt ?? 0) > now
      )
      return idle && begun && first.length === Math.min(1, places.length)
    })
  )

const started = ({ run }: Opened) =>
  Effect.map(run(Runs.list({ flow: "drill" })), (runs) => runs.map(({ id }) => id).reverse())

const turns = ({ run }: Opened, name: string) =>
  Effect.map(run(Schedule.history(name)), (all) => all.map(({ turn }) => turn).reverse())

/** Waits until the schedule has told of a number of turns. */
const told = (it: Opened, name: string, count: number) =>
  until(
    `${count} turns of ${name}`,
    Effect.map(turns(it, name), (all) => all.length >= count)
  )

/** What schedules do on every store. The engine crashes at each n-th write. */
export const scheduleContract = (name: string, factory: StoreFactory, each = 1): void => {
  const test = contractTest(factory)

  describe(`${name}: schedules`, () => {
    test("a weekly run for a quarter: each at its exact time, under an id made of it, with a replay that does not grow", (store) =>
      Effect.gen(function* () {
        yield* clock("2026-09-30T12:00:00Z")
        const it = yield* engine(store)
        const made = yield* it.run(Schedule.cron(Drill, weekly))
        assert.deepInclude(made, { flow: "drill", paused: false, overlap: "skip", nextAt: ms("2026-10-03T18:00:00Z") })
        const sundays = (yield* it.run(Schedule.next("weekly", 13))).map((at) =>
          DateTime.formatIso(DateTime.unsafeMake(at))
        )
        for (const [index, sunday] of sundays.slice(0, 12).entries()) {
          yield* clock(sunday)
          yield* turned(it, "weekly", sundays[index + 1] ?? "")
        }
        assert.deepStrictEqual(
          yield* started(it),
          sundays.slice(0, 12).map((at) => `weekly@${at.replace(".000", "")}`)
        )
        assert.strictEqual(sundays[11], "2026-12-19T18:00:00.000Z")
        for (const { turn } of yield* it.run(Schedule.history("weekly"))) assert.strictEqual(turn._tag, "Fired")
        const record = yield* it.run(Runs.get("weekly@2026-12-19T18:00:00Z"))
        assert.strictEqual(record.createdAt, ms("2026-12-19T18:00:00Z"))
        assert.isAtMost((yield* entriesOf(store, "schedule/weekly/12")).length, 6)
        assert.lengthOf(yield* it.run(Runs.list({ flow: "schedule/drill", state: "running" })), 1)
      }))

    test("an engine that dies at any write while it fires: after the restart there is one run, and one next time", (store) =>
      Effect.gen(function* () {
        let points = 0
        for (const when of ["before", "after"] as const) {
          for (let at = 3; ; at += each) {
            const writes = yield* Ref.make(0)
            const name = `${when}-${at}`
            yield* clock("2026-10-03T12:00:00Z")
            const dying = yield* engine(crashing(store, { at, when }, writes))
            const died = Effect.map(Ref.get(writes), (count) => count >= at)
            yield* dying.run(Schedule.cron(Drill, { ...weekly, name, payload: { of: name } }))
            yield* clock("2026-10-03T18:00:00Z")
            const fired = Effect.map(turns(dying, name), (all) => all.length === 1)
            const over = Effect.flatMap(died, (dead) => (dead ? Effect.succeed(true) : fired))
            yield* until(
              "it dies or has fired",
              Effect.orElseSucceed(over, () => false)
            )
            yield* dying.close
            const it = yield* engine(store)
            const run = `${name}@2026-10-03T18:00:00Z`
            yield* turned(it, name, "2026-10-10T18:00:00Z")
            yield* ended(it, run)
            yield* told(it, name, 1)
            const once = { _tag: "Fired", at: ms("2026-10-03T18:00:00Z"), run, missed: null } as const
            assert.deepStrictEqual(yield* turns(it, name), [once])
            yield* it.run(Schedule.remove(name))
            yield* it.close
            points = Math.max(points, yield* Ref.get(writes))
            if (points < at) break
          }
        }
        assert.isAtLeast(points, 8)
      }))

    const afterDowntime = (catchUp: Schedule.CatchUp) => (store: Store) =>
      Effect.gen(function* () {
        yield* clock("2026-10-01T00:30:00Z")
        const first = yield* engine(store)
        yield* first.run(Schedule.cron(Drill, { ...hourly, catchUp, catchUpLimit: 3, overlap: "allow" }))
        yield* first.close
        yield* clock("2026-10-01T06:30:00Z")
        const second = yield* engine(store)
        yield* turned(second, "hourly", "2026-10-01T07:00:00Z")
        yield* told(second, "hourly", 1)
        return { started: yield* started(second), turns: yield* turns(second, "hourly") }
      })

    const missed = (until: string) => ({ from: ms("2026-10-01T01:00:00Z"), until: ms(until) })

    test("times that passed while nobody was at work: none is made up for", (store) =>
      Effect.gen(function* () {
        const { started, turns } = yield* afterDowntime("none")(store)
        assert.deepStrictEqual(started, [])
        assert.deepStrictEqual(turns, [{ _tag: "Missed", ...missed("2026-10-01T07:00:00Z") }])
      }))

    test("times that passed while nobody was at work: the last is made up for", (store) =>
      Effect.gen(function* () {
        const { started, turns } = yield* afterDowntime("last")(store)
        assert.deepStrictEqual(started, ["hourly@2026-10-01T06:00:00Z"])
        assert.deepInclude(turns[0], { _tag: "Fired", missed: missed("2026-10-01T06:00:00Z") })
      }))

    test("times that passed while nobody was at work: all are made up for, up to the limit", (store) =>
      Effect.gen(function* () {
        const { started, turns } = yield* afterDowntime("all")(store)
        assert.deepStrictEqual(
          started,
          ["04", "05", "06"].map((hour) => `hourly@2026-10-01T${hour}:00:00Z`)
        )
        assert.deepInclude(turns[0], { _tag: "Fired", missed: missed("2026-10-01T04:00:00Z") })
        assert.deepInclude(turns[1], { missed: null })
      }))

    /** Three hours of runs that take 90 minutes each. */
    const overlapping = (overlap: Schedule.Overlap, of: string) => (store: Store) =>
      Effect.gen(function* () {
        yield* clock("2026-10-01T00:30:00Z")
        const it = yield* engine(store)
        yield* it.run(Schedule.cron(Drill, { ...hourly, overlap, payload: { of, minutes: 90 } }))
        for (const hour of ["01", "02", "03"]) {
          yield* clock(`2026-10-01T${hour}:00:00Z`)
          yield* turned(it, "hourly", `2026-10-01T0${Number(hour) + 1}:00:00Z`)
          yield* settled(it)
          yield* clock(`2026-10-01T${hour}:30:00Z`)
          yield* settled(it)
        }
        yield* it.run(Schedule.pause("hourly"))
        const states = Effect.map(it.run(Runs.list({ flow: "drill" })), (runs) =>
          runs.map(({ state }) => state).reverse()
        )
        return { it, states, turns: yield* turns(it, "hourly"), lines: yield* lines }
      })

    test("a run that is not over yet: the next time is skipped, naming it", (store) =>
      Effect.gen(function* () {
        const { lines, turns } = yield* overlapping("skip", "a")(store)
        assert.deepStrictEqual(lines, ["begin a", "end a", "begin a"])
        assert.deepStrictEqual(
          turns.map(({ _tag }) => _tag),
          ["Fired", "Skipped", "Fired", "Paused"]
        )
        assert.deepInclude(turns[1], { by: "hourly@2026-10-01T01:00:00Z", run: "hourly@2026-10-01T02:00:00Z" })
      }))

    test("a run that is not over yet: the next one waits in line, one after another", (store) =>
      Effect.gen(function* () {
        const { it, lines: soFar } = yield* overlapping("queue", "a")(store)
        assert.deepStrictEqual(soFar, ["begin a", "end a", "begin a"])
        yield* clock("2026-10-01T04:00:00Z")
        yield* until(
          "the third begins",
          Effect.map(lines, (all) => all.length === 5)
        )
        yield* settled(it)
        yield* clock("2026-10-01T05:30:00Z")
        yield* ended(it, "hourly@2026-10-01T03:00:00Z")
        assert.deepStrictEqual(yield* lines, ["begin a", "end a", "begin a", "end a", "begin a", "end a"])
        const begun = yield* it.run(Runs.list({ flow: "drill" }))
        const at = begun.map(({ startedAt }) => startedAt).reverse()
        assert.deepStrictEqual(
          at,
          ["01:00", "02:30", "04:00"].map((time) => ms(`2026-10-01T${time}:00Z`))
        )
      }))

    test("a run that is not over yet: it is cancelled and undone, then the next one begins", (store) =>
      Effect.gen(function* () {
        const { lines, states } = yield* overlapping("cancelPrevious", "a")(store)
        assert.deepStrictEqual(lines, ["begin a", "undo a", "begin a", "undo a", "begin a"])
        assert.deepStrictEqual(yield* states, ["cancelled", "cancelled", "running"])
      }))

    test("a run that is not over yet: the next one goes on beside it, or waits for what the flow locks", (store) =>
      Effect.gen(function* () {
        const { states } = yield* overlapping("allow", "locked")(store)
        assert.deepStrictEqual(yield* states, ["succeeded", "running", "queued"])
      }))

    test("a schedule is paused over a restart, triggered meanwhile, and goes on with the first time after it is resumed", (store) =>
      Effect.gen(function* () {
        yield* clock("2026-10-01T00:30:00Z")
        const first = yield* engine(store)
        yield* first.run(Schedule.cron(Drill, hourly))
        yield* first.run(Schedule.pause("hourly"))
        yield* first.close
        yield* clock("2026-10-01T05:30:00.250Z")
        const second = yield* engine(store)
        assert.deepInclude(yield* second.run(Schedule.get("hourly")), { paused: true, nextAt: null })
        assert.deepStrictEqual(yield* second.run(Schedule.next("hourly")), [])
        const now = yield* second.run(Schedule.trigger("hourly"))
        assert.deepInclude(now, { _tag: "Fired", run: "hourly@2026-10-01T05:30:00.250Z" })
        yield* second.run(Schedule.resume("hourly"))
        assert.deepStrictEqual(
          yield* second.run(Schedule.next("hourly", 2)),
          ["06", "07"].map((h) => ms(`2026-10-01T${h}:00:00Z`))
        )
        yield* clock("2026-10-01T06:00:00Z")
        yield* turned(second, "hourly", "2026-10-01T07:00:00Z")
        assert.deepStrictEqual(yield* started(second), [
          "hourly@2026-10-01T05:30:00.250Z",
          "hourly@2026-10-01T06:00:00Z"
        ])
        yield* told(second, "hourly", 4)
        const tags = (yield* turns(second, "hourly")).map(({ _tag }) => _tag)
        assert.deepStrictEqual(tags, ["Paused", "Fired", "Resumed", "Fired"])
      }))

    test("a schedule made again as it is stays as it is; changed between restarts, it goes on as changed", (store) =>
      Effect.gen(function* () {
        yield* clock("2026-10-01T00:30:00Z")
        const first = yield* engine(store)
        const make = first.run(Schedule.cron(Drill, hourly))
        const made = yield* Effect.all([make, make], { concurrency: "unbounded" })
        assert.deepStrictEqual(made[0], made[1])
        yield* first.close
        const second = yield* engine(store)
        assert.deepStrictEqual(yield* second.run(Schedule.cron(Drill, hourly)), made[0])
        const payload = { of: "changed" }
        const paid = yield* second.run(Schedule.cron(Drill, { ...hourly, payload }))
        assert.strictEqual(paid.nextAt, made[0].nextAt)
        const moved = yield* second.run(Schedule.cron(Drill, { ...hourly, payload, cron: "15 * * * *" }))
        assert.strictEqual(moved.nextAt, ms("2026-10-01T01:15:00Z"))
        yield* clock("2026-10-01T01:15:00Z")
        yield* ended(second, "hourly@2026-10-01T01:15:00Z")
        assert.deepStrictEqual(yield* lines, ["begin changed", "end changed"])
        assert.deepStrictEqual(
          yield* second.run(Effect.flip(Schedule.cron(Other, { ...hourly, payload: undefined }))),
          new Schedule.ScheduleTaken({ schedule: "hourly", flow: "drill" })
        )
      }))

    test("a schedule that is removed is gone, also for whoever asks; made anew, it begins anew", (store) =>
      Effect.gen(function* () {
        yield* clock("2026-10-01T00:30:00Z")
        const it = yield* engine(store)
        yield* it.run(Schedule.cron(Drill, hourly))
        assert.lengthOf(yield* it.run(Schedule.list(Drill)), 1)
        yield* it.run(Schedule.remove("hourly"))
        const gone = new Schedule.ScheduleNotFound({ schedule: "hourly" })
        for (const ask of [
          Schedule.get,
          Schedule.pause,
          Schedule.resume,
          Schedule.trigger,
          Schedule.remove,
          Schedule.next
        ]) {
          assert.deepStrictEqual(yield* it.run(Effect.flip(Effect.asVoid(ask("hourly")))), gone)
        }
        assert.deepStrictEqual(yield* it.run(Schedule.list(Drill)), [])
        yield* clock("2026-10-01T02:00:00Z")
        yield* it.run(Schedule.cron(Other, { ...hourly, payload: undefined }))
        assert.deepStrictEqual(yield* started(it), [])
      }))
  })
}
