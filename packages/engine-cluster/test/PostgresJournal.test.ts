import { PgClient } from "@effect/sql-pg"
import { assert, it } from "@effect/vitest"
import { Journal } from "@memstore-flows/engine"
import { Context, Effect, Layer } from "effect"
import { describe } from "vitest"
import { EngineCluster, PostgresJournal } from "../src/index.js"
import { available, client, database } from "./support/database.js"

const run = (id: string, resource: string | null = null) => ({
  id,
  flow: "flow",
  version: 1,
  resource,
  payload: '{"a":1}',
  createdAt: 1_700_000_000_000
})

const step = (of: string, name: string) =>
  ({ run: of, kind: "step", name, exit: "success", value: "1", undo: true, startedAt: 1, at: 2 }) as const

const journalOn = (url: string, options?: PostgresJournal.Options) =>
  Effect.map(Layer.build(PostgresJournal.layer(options).pipe(Layer.provide(client(url)))), (context) =>
    Context.get(context, Journal.Journal)
  )

const rows = (url: string, text: string) =>
  Effect.provide(
    Effect.flatMap(PgClient.PgClient, (sql) => sql.unsafe<Record<string, unknown>>(text)),
    client(url)
  )

describe.skipIf(!available).concurrent("PostgresJournal", () => {
  it.scopedLive("many that open on an empty database at the same time make the tables once", () =>
    Effect.gen(function* () {
      const url = yield* database
      const members = Array.from({ length: 4 }, () => [
        Effect.asVoid(Layer.build(Layer.provide(EngineCluster.layerClient(), client(url)))),
        Effect.asVoid(Layer.build(Layer.provide(PostgresJournal.layer(), client(url))))
      ])
      yield* Effect.all(members.flat(), { concurrency: "unbounded", discard: true })
      assert.deepStrictEqual(yield* rows(url, "SELECT version FROM memstore_flows_version"), [{ version: 1 }])
    })
  )

  it.scopedLive("who lost a run to another can write nothing of it, and is told so", () =>
    Effect.gen(function* () {
      const url = yield* database
      const first = yield* journalOn(url)
      yield* first.insert(run("x", "r"), { wait: false })
      yield* first.append(step("x", "one"))
      const second = yield* journalOn(url)
      const fenced = { _tag: "JournalError", fenced: true } as const
      const end = { state: "succeeded", endedAt: 3, outcome: "{}" } as const
      assert.deepInclude(yield* Effect.flip(first.append(step("x", "two"))), fenced)
      assert.deepInclude(yield* Effect.flip(first.update("x", { state: "cancelling" })), fenced)
      assert.deepInclude(yield* Effect.flip(first.finish("x", end)), fenced)
      yield* second.append(step("x", "two"))
      yield* second.finish("x", end)
      assert.deepStrictEqual(
        (yield* first.entries("x")).map(({ name }) => name),
        ["one", "two"]
      )
    })
  )

  it.scopedLive("writes made at the same time are all there, and one that fails takes no other with it", () =>
    Effect.gen(function* () {
      const journal = yield* journalOn(yield* database)
      yield* journal.insert(run("x"), { wait: false })
      const broken = { ...step("x", "broken"), startedAt: null as unknown as number }
      const entries = [step("x", "a"), broken, step("x", "b"), step("x", "a"), step("gone", "c")]
      const answers = yield* Effect.forEach(entries, (entry) => Effect.either(journal.append(entry)), {
        concurrency: "unbounded"
      })
      const told = answers.map((answer) => (answer._tag === "Left" ? answer.left._tag : answer.right._tag))
      assert.deepStrictEqual(told, ["Some", "JournalError", "Some", "None", "None"])
      assert.deepStrictEqual(
        (yield* journal.entries("x")).map(({ name }) => name),
        ["a", "b"]
      )
    })
  )

  it.scopedLive("names keep every character", () =>
    Effect.gen(function* () {
      const journal = yield* journalOn(yield* database)
      const names = ["a", "a\0", "a\0b", "\u0001", "\u00010000", "\ud800", "\udc00\ud800", "\u{1f600}", "é", ""]
      for (const name of names) {
        const inserted = yield* journal.insert({ ...run(name, name), flow: name, trace: "t" }, { wait: false })
        assert.strictEqual(inserted._tag, "Inserted")
        for (const other of names) yield* journal.append({ ...step(name, other), branch: other })
      }
      for (const name of names) {
        const [found] = yield* journal.list({ flow: name, resource: name, limit: 2 })
        assert.deepInclude(found, { id: name, flow: name, resource: name, trace: "t" })
        assert.deepStrictEqual(
          (yield* journal.entries(name)).map((entry) => [entry.name, entry.branch]),
          names.map((other) => [other, other])
        )
      }
    })
  )

  it.scopedLive("runs are listed by state and time, and evicted by age and number", () =>
    Effect.gen(function* () {
      const journal = yield* journalOn(yield* database)
      const ids = Array.from({ length: 1_000 }, (_, i) => `run-${i}`)
      const each = { concurrency: "unbounded", discard: true } as const
      yield* Effect.forEach(ids, (id, i) => journal.insert({ ...run(id), createdAt: i }, { wait: false }), each)
      const end = { state: "succeeded", outcome: "{}" } as const
      const even = ids.filter((_, i) => i % 2 === 0)
      yield* Effect.forEach(even, (id, i) => journal.finish(id, { ...end, endedAt: i }), each)
      const open = yield* journal.list({ states: ["queued", "running"], from: 100, until: 200, limit: 1_000 })
      assert.sameMembers(
        open.map(({ id }) => id),
        ids.slice(100, 200).filter((_, i) => i % 2 === 1)
      )
      assert.strictEqual(yield* journal.evict({ endedBefore: 100, keep: 300 }), 200)
      assert.strictEqual(yield* journal.evict({ endedBefore: 250, keep: Number.POSITIVE_INFINITY }), 50)
      assert.strictEqual((yield* journal.list({ states: ["succeeded"], limit: 1_000 })).length, 250)
    })
  )

  it.scopedLive("tables of a newer version and prefixes that are none are refused", () =>
    Effect.gen(function* () {
      const url = yield* database
      yield* Effect.scoped(journalOn(url))
      yield* rows(url, "UPDATE memstore_flows_version SET version = 2")
      const newer = yield* Effect.flip(journalOn(url))
      assert.include(newer.message, "version 2")
      const odd = yield* Effect.flip(journalOn(url, { prefix: "a; DROP TABLE b" }))
      assert.include(odd.message, "no prefix")
    })
  )

  it.scopedLive("a closed journal fails, typed", () =>
    Effect.gen(function* () {
      const journal = yield* Effect.scoped(journalOn(yield* database))
      assert.deepInclude(yield* Effect.flip(journal.append(step("x", "a"))), { _tag: "JournalError", fenced: false })
    })
  )
})
