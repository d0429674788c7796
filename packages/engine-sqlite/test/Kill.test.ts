import { readdirSync } from "node:fs"
import { hostname } from "node:os"
import { dirname } from "node:path"
import { fileURLToPath } from "node:url"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { Effect, Exit, Scope } from "effect"
import { file } from "./harness.js"
import { bundle } from "./process/bundle.js"
import { start } from "./process/Child.js"

const scope = Effect.runSync(Scope.make())
let script = ""

beforeAll(async () => {
  const entry = fileURLToPath(new URL("./process/worker.ts", import.meta.url))
  script = await Effect.runPromise(Scope.extend(bundle(entry), scope))
})

afterAll(() => Effect.runPromise(Scope.close(scope, Exit.void)))

const worker = (path: string, mode: string) => start(script, [path, mode])

describe.concurrent("a process killed with SIGKILL", () => {
  it.scopedLive("in a busy step: the next one runs that step again at once, and none before it", () =>
    Effect.gen(function* () {
      const path = yield* file
      const first = yield* worker(path, "busy")
      yield* first.until("busy")
      yield* first.kill
      assert.include(readdirSync(dirname(path)), "runs.db-wal")
      const second = yield* worker(path, "resume")
      const ready = Number(yield* second.until("ready"))
      const again = Number(yield* second.until("busy"))
      assert.strictEqual(yield* second.until("end"), '"Succeeded"')
      assert.isBelow(again - ready, 1_000)
      assert.notInclude(yield* second.said, 'do "one"')
      yield* second.ended
      assert.deepStrictEqual(readdirSync(dirname(path)), ["runs.db"])
    })
  )

  it.scopedLive("in a durable sleep: the next one wakes at the time first recorded", () =>
    Effect.gen(function* () {
      const path = yield* file
      const first = yield* worker(path, "sleep")
      const asleep = Number(yield* first.until("sleeping"))
      yield* first.kill
      const second = yield* worker(path, "resume")
      const late = Number(yield* second.until("awake")) - (asleep + 1_500)
      const ready = Number(yield* second.until("ready"))
      yield* second.until("end")
      assert.isAtLeast(late, -50)
      assert.isBelow(late, Math.max(500, ready - asleep - 1_500 + 500))
      assert.notInclude(yield* second.said, 'do "one"')
    })
  )

  it.scopedLive("in an undo: the next one repeats that undo, not the finished one, and runs nothing forward", () =>
    Effect.gen(function* () {
      const path = yield* file
      const first = yield* worker(path, "undo")
      yield* first.until('undo "two"')
      yield* first.kill
      assert.include(yield* first.said, 'undo "three"')
      const second = yield* worker(path, "resume")
      assert.strictEqual(yield* second.until("end"), '"Cancelled"')
      const done = (yield* second.said).filter((line) => line.startsWith("do") || line.startsWith("undo"))
      assert.deepStrictEqual(done, ['undo "two"', 'undo "one"'])
    })
  )

  it.scopedLive("holds the file no longer; while it lived, a second one was told who holds it", () =>
    Effect.gen(function* () {
      const path = yield* file
      const first = yield* worker(path, "busy")
      yield* first.until("busy")
      const second = yield* worker(path, "resume")
      const holder = JSON.parse(yield* second.until("in use"))
      assert.deepInclude(holder, { pid: first.pid, host: hostname() })
      assert.isBelow(Math.abs(holder.since - Number(yield* first.until("ready"))), 5_000)
      yield* first.kill
      const third = yield* worker(path, "resume")
      assert.strictEqual(yield* third.until("end"), '"Succeeded"')
    })
  )
})

describe("five processes that start at once on a file that does not exist", () => {
  it.scopedLive("one of them gets it, and the others are told which", () =>
    Effect.gen(function* () {
      const path = yield* file
      const all = yield* Effect.replicateEffect(worker(path, "busy"), 5)
      const answers = yield* Effect.forEach(
        all,
        ({ pid, until }) =>
          Effect.raceFirst(
            Effect.as(until("busy"), { pid, holder: undefined }),
            Effect.map(until("in use"), (holder) => ({ pid, holder: JSON.parse(holder) }))
          ),
        { concurrency: "unbounded" }
      )
      const winners = answers.filter(({ holder }) => holder === undefined)
      assert.strictEqual(winners.length, 1)
      for (const { holder } of answers) if (holder) assert.strictEqual(holder.pid, winners[0]?.pid)
    })
  )
})
