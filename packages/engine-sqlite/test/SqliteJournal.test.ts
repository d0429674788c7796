import { readFileSync, writeFileSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { Journal } from "@memstore-flows/engine"
import { Effect, Option } from "effect"
import Libsql from "libsql"
import { SqliteJournal } from "../src/index.js"
import { file, folder } from "./harness.js"

const use = <A, E>(path: string, body: (journal: Journal.Service) => Effect.Effect<A, E>) =>
  Effect.flatMap(Journal.Journal, body).pipe(Effect.provide(SqliteJournal.layer({ file: path })))

const failure = (path: string) => Effect.flip(use(path, () => Effect.void))

const run = (id: string, resource: string | null = null) => ({
  id,
  flow: "flow",
  version: 1,
  resource,
  payload: '{"a":1}',
  createdAt: 1_700_000_000_000,
  trace: "trace-span-01"
})

const step = (of: string, name: string) =>
  ({
    run: of,
    kind: "step",
    name,
    exit: "success",
    value: "1",
    undo: true,
    startedAt: 1,
    at: 2,
    branch: "0/1"
  }) as const

describe("SqliteJournal", () => {
  it.scoped("a second layer is refused and told who holds the file, until the first is closed", () =>
    Effect.gen(function* () {
      const path = yield* file
      const error = yield* use(path, () => failure(path))
      assert(error instanceof SqliteJournal.FileInUse)
      assert.strictEqual(error.file, path)
      assert.strictEqual(error.holder?.pid, process.pid)
      assert.isString(error.holder?.host)
      assert.strictEqual(error.holder?.since, 0)
      assert.include(error.message, `process ${process.pid}`)
      yield* use(path, () => Effect.void)
    })
  )

  it.scoped("what was written is there when the file is opened again", () =>
    Effect.gen(function* () {
      const path = yield* file
      const inserted = yield* use(path, (journal) =>
        Effect.gen(function* () {
          const answer = yield* journal.insert(run("x", "r"), { wait: false })
          yield* journal.append(step("x", "one"))
          return answer
        })
      )
      yield* use(path, (journal) =>
        Effect.gen(function* () {
          assert(inserted._tag === "Inserted")
          assert.deepStrictEqual(yield* journal.get("x"), Option.some(inserted.run))
          const [entry] = yield* journal.entries("x")
          assert.deepStrictEqual(entry, { ...step("x", "one"), seq: entry?.seq ?? 0 })
          assert.deepInclude(yield* journal.insert(run("y", "r"), { wait: false }), { _tag: "Busy" })
        })
      )
    })
  )

  it.scoped("writes made at the same time are all there, and one that fails takes no other with it", () =>
    Effect.gen(function* () {
      const path = yield* file
      yield* use(path, (journal) =>
        Effect.gen(function* () {
          yield* journal.insert(run("x"), { wait: false })
          const broken = { ...step("x", "broken"), startedAt: null as unknown as number }
          const entries = [step("x", "a"), broken, step("x", "b"), step("x", "a"), step("gone", "c")]
          const answers = yield* Effect.forEach(entries, (entry) => Effect.either(journal.append(entry)), {
            concurrency: "unbounded"
          })
          const told = answers.map((answer) => (answer._tag === "Left" ? answer.left._tag : answer.right._tag))
          assert.deepStrictEqual(told, ["Some", "JournalError", "Some", "None", "None"])
          const names = (yield* journal.entries("x")).map(({ name }) => name)
          assert.deepStrictEqual(names, ["a", "b"])
        })
      )
    })
  )

  it.scoped("names keep every character", () =>
    Effect.gen(function* () {
      const path = yield* file
      const names = ["a", "a\0", "a\0b", "\u0001", "\u00010000", "\ud800", "\udc00\ud800", "\u{1f600}", "é", ""]
      yield* use(path, (journal) =>
        Effect.gen(function* () {
          for (const name of names) {
            const inserted = yield* journal.insert({ ...run(name, name), flow: name }, { wait: false })
            assert.strictEqual(inserted._tag, "Inserted")
            for (const other of names) yield* journal.append(step(name, other))
          }
          for (const name of names) {
            const [found] = yield* journal.list({ flow: name, resource: name, limit: 2 })
            assert.deepInclude(found, { id: name, flow: name, resource: name })
            assert.deepStrictEqual(
              (yield* journal.entries(name)).map((entry) => entry.name),
              names
            )
          }
        })
      )
    })
  )

  it.scoped("10,000 runs are listed by state in pages, and evicted", () =>
    Effect.gen(function* () {
      const path = yield* file
      yield* use(path, (journal) =>
        Effect.gen(function* () {
          const ids = Array.from({ length: 10_000 }, (_, i) => `run-${i}`)
          const each = { concurrency: 500, discard: true } as const
          yield* Effect.forEach(ids, (id) => journal.insert(run(id), { wait: false }), each)
          const end = { state: "succeeded", outcome: "{}" } as const
          const even = ids.filter((_, i) => i % 2 === 0)
          yield* Effect.forEach(even, (id, i) => journal.finish(id, { ...end, endedAt: i }), each)
          const seen: Array<string> = []
          let after: number | undefined
          for (;;) {
            const page = yield* journal.list({ flow: "flow", states: ["queued", "running"], after, limit: 700 })
            seen.push(...page.map((record) => record.id))
            after = page.at(-1)?.seq
            if (page.length < 700) break
          }
          const odd = ids.filter((_, i) => i % 2 === 1).reverse()
          assert.deepStrictEqual(seen, odd)
          assert.strictEqual(yield* journal.evict({ endedBefore: 1_000, keep: 3_000 }), 2_000)
          assert.strictEqual(yield* journal.evict({ endedBefore: 2_500, keep: Number.POSITIVE_INFINITY }), 500)
          const left = yield* journal.list({ states: ["succeeded"], limit: Number.POSITIVE_INFINITY })
          assert.strictEqual(left.length, 2_500)
          assert.deepStrictEqual(yield* journal.list({ states: [], limit: 10 }), [])
        })
      )
    })
  )

  it.scoped("files that are no journal are refused, and left as they are", () =>
    Effect.gen(function* () {
      const path = yield* folder
      const text = `${path}/text.db`
      writeFileSync(text, "not a database ".repeat(500))
      assert.deepInclude(yield* failure(text), { _tag: "SqliteUnavailable", reason: "foreign" })
      assert.strictEqual(readFileSync(text, "utf8"), "not a database ".repeat(500))

      const other = `${path}/other.db`
      const db = new Libsql(other)
      db.exec("CREATE TABLE theirs (a INTEGER)")
      db.close()
      const before = readFileSync(other)
      assert.deepInclude(yield* failure(other), { _tag: "SqliteUnavailable", reason: "foreign" })
      assert.deepStrictEqual(readFileSync(other), before)

      assert.deepInclude(yield* failure(`${text}/below.db`), { _tag: "SqliteUnavailable", reason: "open" })
    })
  )

  it.scoped("a file of a newer version is refused, and says so", () =>
    Effect.gen(function* () {
      const path = yield* file
      yield* use(path, () => Effect.void)
      const db = new Libsql(path)
      db.exec("UPDATE schema_version SET version = 99")
      db.close()
      const error = yield* failure(path)
      assert.deepInclude(error, { _tag: "SqliteUnavailable", reason: "newer" })
      assert.include(error.message, "version 99")
    })
  )

  it.scoped("a file of version 1 is brought up to date, and nothing in it is lost", () =>
    Effect.gen(function* () {
      const path = yield* file
      yield* use(path, (journal) =>
        Effect.zipRight(journal.insert(run("x"), { wait: false }), journal.append(step("x", "one")))
      )
      const db = new Libsql(path)
      db.exec(`
        ALTER TABLE run DROP COLUMN trace;
        CREATE TABLE before (
          seq INTEGER PRIMARY KEY, run INTEGER NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL, exit TEXT NOT NULL,
          value TEXT, undo INTEGER NOT NULL, started_at INTEGER NOT NULL, at INTEGER NOT NULL
        );
        INSERT INTO before SELECT seq, run, kind, name, exit, value, undo, started_at, at FROM entry;
        DROP TABLE entry;
        DROP TABLE entry_number;
        ALTER TABLE before RENAME TO entry;
        CREATE UNIQUE INDEX entry_identity ON entry (run, kind, name);
      `)
      db.exec("UPDATE schema_version SET version = 1")
      db.close()
      yield* use(path, (journal) =>
        Effect.gen(function* () {
          assert.deepInclude(Option.getOrThrow(yield* journal.get("x")), { ...run("x"), trace: null })
          assert.deepInclude((yield* journal.entries("x"))[0], { ...step("x", "one"), branch: null })
          yield* journal.append(step("x", "two"))
          assert.strictEqual((yield* journal.entries("x"))[1]?.branch, "0/1")
        })
      )
    })
  )

  it.scoped("a damaged file is refused", () =>
    Effect.gen(function* () {
      const path = yield* file
      yield* use(path, (journal) => journal.insert(run("x"), { wait: false }))
      const bytes = readFileSync(path)
      writeFileSync(path, bytes.fill(0xff, 100, 4_096))
      assert.deepInclude(yield* failure(path), { _tag: "SqliteUnavailable", reason: "corrupt" })
    })
  )

  it.scoped(
    "a file that was not closed is checked whole when it is opened, and refused if a page of it is damaged",
    () =>
      Effect.gen(function* () {
        const path = yield* file
        const ids = Array.from({ length: 300 }, (_, i) => `run-${i}`)
        yield* use(path, (journal) => Effect.forEach(ids, (id) => journal.insert(run(id), { wait: false })))
        const bytes = readFileSync(path)
        writeFileSync(path, bytes.fill(0xff, bytes.length - 8_192))
        const damaged = readFileSync(path)
        writeFileSync(`${path}-wal`, "")
        assert.deepInclude(yield* failure(path), { _tag: "SqliteUnavailable", reason: "corrupt" })
        assert.deepStrictEqual(readFileSync(path), damaged)
      })
  )

  it.scoped("a closed journal fails, typed", () =>
    Effect.gen(function* () {
      const path = yield* file
      const journal = yield* use(path, Effect.succeed)
      assert.deepInclude(yield* Effect.flip(journal.get("x")), { _tag: "JournalError" })
      assert.deepInclude(yield* Effect.flip(journal.append(step("x", "a"))), { _tag: "JournalError" })
    })
  )
})
