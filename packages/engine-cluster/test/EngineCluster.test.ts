import { assert, it } from "@effect/vitest"
import { type Event, Runs, Schedule } from "@memstore-flows/engine"
import { Chunk, Effect, Fiber, Stream } from "effect"
import { afterAll, beforeAll, describe } from "vitest"
import { alone, busy, cluster, deeds, now, shared, taken, until } from "./support/cluster.js"
import { available } from "./support/database.js"
import { Approval, Ask, type Deed, Nap, Tick, Work } from "./support/flows.js"
import { bundle, runner, unbundle } from "./support/process.js"

beforeAll(bundle)
afterAll(unbundle)

const count = (all: ReadonlyArray<Deed>, run: string, what: string) =>
  all.filter((deed) => deed.run === run && deed.what === what).length

const cancelled = { _tag: "Cancelled", undo: { undone: ["busy", "first"], notUndone: [] } } as const

const cancelAll = (runs: ReadonlyArray<string>) =>
  Effect.forEach(
    runs,
    (id) =>
      Effect.gen(function* () {
        assert.strictEqual(yield* Runs.cancel(id), "Requested")
        assert.deepEqual(yield* Runs.outcome(Work, id), cancelled)
      }),
    { concurrency: "unbounded" }
  )

const tags = (events: Iterable<Event.Event>) => Array.from(events, ({ _tag }) => _tag)

describe.skipIf(!available).concurrent("EngineCluster", { timeout: 150_000 }, () => {
  it.scopedLive("the runs of a runner that was killed go on at another one, asleep, waiting or busy", () =>
    Effect.gen(function* () {
      const { a, context } = yield* cluster
      yield* Effect.gen(function* () {
        const naps = ["nap-1", "nap-2", "nap-3", "nap-4"]
        const asks = ["ask-1", "ask-2"]
        yield* Effect.forEach(naps, (id) => Runs.start(Nap, { id, payload: { id, ms: 9_000 } }))
        yield* Effect.forEach(asks, (id) => Runs.start(Ask, { id, payload: { id, ms: 0 }, waitForLock: true }))
        const third = Runs.start(Ask, { id: "ask-3", payload: { id: "ask-3", ms: 0 } })
        const refused = yield* Effect.flip(third)
        assert.deepInclude(refused, { _tag: "Busy", resource: "the cluster" })
        const runs = yield* busy
        const [moved = ""] = runs.a
        const told = yield* Effect.fork(Stream.runCollect(Runs.events(moved)))
        const killed = yield* now
        yield* a.send("SIGKILL")
        const at = yield* taken(runs.a, "B")
        assert.isBelow(at - killed, 10_000)
        yield* Runs.signal("ask-1", Approval, { by: "me" })
        assert.strictEqual(yield* Runs.result(Ask, "ask-1"), "me")
        yield* Runs.signal("ask-2", Approval, { by: "you" })
        assert.strictEqual(yield* Runs.result(Ask, "ask-2"), "you")
        yield* cancelAll([moved])
        const events = tags(Chunk.toReadonlyArray(yield* Fiber.join(told)))
        assert.includeMembers(events, ["RunStarted", "StepStarted", "CancelRequested", "Undone"])
        assert.notInclude(events, "Detached")
        assert.strictEqual(events.at(-1), "RunCancelled")
        for (const id of naps) {
          const woke = yield* Runs.result(Nap, id)
          const asleep = (yield* deeds).find(({ run, what }) => run === id && what === "first")?.at ?? 0
          assert.isAtLeast(woke - asleep, 9_000)
          assert.isBelow(woke - asleep, 9_750)
        }
        const all = yield* deeds
        for (const id of [...runs.a, ...runs.b]) assert.strictEqual(count(all, id, "first"), 1)
        for (const id of runs.b) assert.strictEqual(count(all, id, "busy"), 1)
      }).pipe(Effect.provide(context))
    })
  )

  it.scopedLive("a runner that stood still while another took its runs over writes nothing when it goes on", () =>
    Effect.gen(function* () {
      const { a, context } = yield* cluster
      yield* Effect.gen(function* () {
        const runs = yield* busy
        yield* a.send("SIGSTOP")
        yield* taken(runs.a, "B")
        const resumed = yield* now
        yield* a.send("SIGCONT")
        yield* Effect.sleep("1500 millis")
        const later = (yield* deeds).filter(({ at, who }) => who === "A" && at >= resumed)
        for (const id of runs.a) {
          const mine = later.filter(({ run }) => run === id)
          const again = mine.findIndex(({ what }) => what === "busy")
          const stale = again === -1 ? mine : mine.slice(0, again)
          assert.isAtMost(stale.length, 1, "at most what was under way in that moment")
        }
        yield* shared(2)
        yield* cancelAll(runs.all)
        for (const id of runs.all) assert.strictEqual(count(yield* deeds, id, "first"), 1)
      }).pipe(Effect.provide(context))
    })
  )

  it.scopedLive("a rolling restart hands busy runs over, undoes nothing, and repeats no finished step", () =>
    Effect.gen(function* () {
      const { a, b, context, url } = yield* cluster
      yield* Effect.gen(function* () {
        const runs = yield* busy
        yield* a.send("SIGTERM")
        yield* a.ended
        yield* taken(runs.a, "B")
        yield* runner(url, "C")
        yield* shared(2)
        yield* b.send("SIGTERM")
        yield* b.ended
        yield* taken(runs.all, "C")
        const all = yield* deeds
        for (const id of runs.all) assert.strictEqual(count(all, id, "first"), 1)
        assert.isFalse(all.some(({ what }) => what.startsWith("undo")))
        const listed = yield* Runs.list({ state: "running" })
        assert.sameMembers(
          listed.map(({ id }) => id),
          runs.all
        )
        const [id = ""] = runs.all
        const info = yield* until("the owner tells its step", Runs.get(id), ({ steps }) => steps.includes("busy"))
        assert.strictEqual(info.state, "running")
        yield* cancelAll(runs.all)
      }).pipe(Effect.provide(context))
    })
  )

  it.scopedLive("a schedule on two runners starts one run at each time, also when either of them is killed", () =>
    Effect.gen(function* () {
      const { a, context } = yield* cluster
      yield* Effect.gen(function* () {
        const fired = (name: string) =>
          Effect.map(Schedule.history(name), (all) =>
            all.flatMap(({ turn }) => (turn._tag === "Fired" ? turn.run : []))
          )
        const names = ["one", "two", "three", "four"]
        const each = { cron: "* * * * * *", timeZone: "UTC", payload: {}, catchUp: "all" } as const
        yield* Effect.forEach(names, (name) => Schedule.cron(Tick, { name, ...each }), { concurrency: "unbounded" })
        const all = Effect.forEach(names, fired)
        const turns = (least: number) =>
          until(`${least} turns of each`, all, (runs) => runs.every((of) => of.length >= least))
        const before = yield* turns(2)
        yield* a.send("SIGKILL")
        yield* turns(Math.max(...before.map((of) => of.length)) + 3)
        yield* Effect.forEach(names, Schedule.remove, { concurrency: "unbounded" })
        const both = Effect.zipWith(all, deeds, (runs, done) => ({
          runs: runs.flat(),
          done: done.map(({ run }) => run)
        }))
        const { done, runs } = yield* until("every run has ended", both, ({ done, runs }) =>
          [...done, ...runs].every((run) => done.includes(run) && runs.includes(run))
        )
        assert.lengthOf(new Set(runs), runs.length)
        // A step whose runner was killed before it was recorded is done again.
        assert.sameMembers(Array.from(new Set(done)), runs)
      }).pipe(Effect.provide(context))
    })
  )

  it.scopedLive("a runner alone that stood still for longer than its lease takes its own runs up again", () =>
    Effect.gen(function* () {
      const { a, context } = yield* alone
      yield* Effect.gen(function* () {
        const ids = ["work-1", "work-2", "work-3"]
        yield* Effect.forEach(ids, (id) => Runs.start(Work, { id, payload: { id, ms: 60_000 } }))
        yield* taken(ids, "A")
        yield* a.send("SIGSTOP")
        yield* Effect.sleep("4 seconds")
        yield* a.send("SIGCONT")
        yield* until("each is busy again", deeds, (all) => ids.every((id) => count(all, id, "busy") === 2))
        for (const id of ids) assert.strictEqual(count(yield* deeds, id, "first"), 1)
        yield* cancelAll(ids)
      }).pipe(Effect.provide(context))
    })
  )
})
