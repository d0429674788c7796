import type * as SqlClient from "@effect/sql/SqlClient"
import type * as Journal from "@memstore-flows/engine/Journal"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { refail } from "./migrate.js"
import { type EntryRow, entryColumns, type RunRow, runColumns, toEntry, toRun } from "./rows.js"
import { toColumn } from "./text.js"
import type { Writer } from "./writer.js"

/** @internal What the tables are called, and how they are reached. */
export interface Store {
  readonly sql: SqlClient.SqlClient
  readonly prefix: string
  readonly writer: Writer
}

const whole = (n: number): number => Math.max(0, Math.min(Math.ceil(n), 2 ** 31 - 1))

/** @internal The rows of a statement, of the type its columns have. */
export const query = <Row>(
  { sql }: Pick<Store, "sql">,
  operation: string,
  text: string,
  values: ReadonlyArray<unknown>
): Effect.Effect<ReadonlyArray<Row>, Journal.JournalError> =>
  Effect.mapError(
    // The driver's rows are untyped; the columns named in `text` say what they hold.
    Effect.withTracerEnabled(sql.unsafe<object>(text, values).withoutTransform, false) as unknown as Effect.Effect<
      ReadonlyArray<Row>,
      unknown
    >,
    refail(operation)
  )

const get = (store: Store) => (id: string) =>
  Effect.map(
    query<RunRow>(store, "get", `SELECT ${runColumns} FROM ${store.prefix}_run WHERE id = $1`, [toColumn(id)]),
    ([row]) => Option.map(Option.fromNullable(row), toRun)
  )

const entries = (store: Store) => {
  const { prefix } = store
  const text = `SELECT ${entryColumns} FROM ${prefix}_run r JOIN ${prefix}_entry e ON e.run = r.seq
    WHERE r.id = $1 ORDER BY e.seq`
  return (run: string) =>
    Effect.map(query<EntryRow>(store, "entries", text, [toColumn(run)]), (rows) => rows.map(toEntry))
}

const list = (store: Store) => (wanted: Journal.Query) => {
  const values: Array<unknown> = []
  const put = (value: unknown) => `$${values.push(value)}`
  const { after, flow, from, limit, resource, states, until } = wanted
  const conditions = [
    ...(flow === undefined ? [] : [`flow = ${put(toColumn(flow))}`]),
    ...(resource === undefined ? [] : [`resource = ${put(toColumn(resource))}`]),
    ...(states === undefined ? [] : [`state = ANY(${put(states)})`]),
    ...(from === undefined ? [] : [`created_at >= ${put(from)}`]),
    ...(until === undefined ? [] : [`created_at < ${put(until)}`]),
    ...(after === undefined ? [] : [`seq < ${put(Math.ceil(after))}`])
  ]
  const where = conditions.length === 0 ? "" : `WHERE ${conditions.join(" AND ")}`
  const text = `SELECT ${runColumns} FROM ${store.prefix}_run ${where} ORDER BY seq DESC LIMIT ${put(whole(limit))}`
  return Effect.map(query<RunRow>(store, "list", text, values), (rows) => rows.map(toRun))
}

const evict =
  (store: Store) =>
  ({ endedBefore, keep }: { readonly endedBefore: number; readonly keep: number }) => {
    const { prefix } = store
    const text = `WITH gone AS (
        SELECT seq FROM ${prefix}_run WHERE ended_at < $1
        UNION
        SELECT seq FROM (SELECT seq FROM ${prefix}_run WHERE ended_at IS NOT NULL
          ORDER BY ended_at DESC, seq DESC OFFSET $2) AS more
      ), entries AS (DELETE FROM ${prefix}_entry WHERE run IN (SELECT seq FROM gone)),
      runs AS (DELETE FROM ${prefix}_run WHERE seq IN (SELECT seq FROM gone) RETURNING 1)
      SELECT count(*)::float8 AS n FROM runs`
    const rows = query<{ readonly n: number }>(store, "evict", text, [endedBefore, whole(keep)])
    return Effect.map(rows, ([row]) => row?.n ?? 0)
  }

/** @internal Where a new run belongs, and whether its owner is this process. */
export interface Place {
  readonly shard: number
  readonly mine: boolean
}

/** What the database answers to an insert. */
interface Added {
  readonly made?: RunRow
  readonly exists?: RunRow
  readonly holder?: RunRow
}

const inserted = (answer: unknown): Journal.Inserted => {
  // The function in the database answers an insert with an object of exactly one of these fields.
  const { exists, holder, made } = answer as Added
  if (holder) return { _tag: "Busy", holder: toRun(holder) }
  if (exists) return { _tag: "Exists", run: toRun(exists) }
  if (made) return { _tag: "Inserted", run: toRun(made) }
  throw new Error("the database gave no answer")
}

const append =
  ({ writer }: Store) =>
  (entry: Journal.NewEntry) => {
    const { at, branch = null, exit, kind, name, run, startedAt, undo, value } = entry
    const op = { op: "append", run: toColumn(run), kind, name: toColumn(name), exit, value, undo, at } as const
    const started_at = startedAt
    const column = branch === null ? null : toColumn(branch)
    return Effect.map(writer.write({ ...op, branch: column, started_at }), (seq) =>
      typeof seq === "number"
        ? Option.some<Journal.Entry>({ run, kind, name, seq, exit, value, undo, branch, startedAt, at })
        : Option.none()
    )
  }

const finish =
  ({ writer }: Store): Journal.Service["finish"] =>
  (id, { endedAt, outcome, state }) =>
    Effect.map(writer.write({ op: "finish", run: toColumn(id), state, at: endedAt, value: outcome }), (next) =>
      // The function in the database answers a finish with the next run in line, if there is one.
      Option.map(Option.fromNullable(next as RunRow | null), toRun)
    )

const update =
  ({ writer }: Store): Journal.Service["update"] =>
  (id, { cancelRequestedAt, outcome, state }) =>
    Effect.asVoid(
      writer.write({
        op: "update",
        run: toColumn(id),
        set_state: state !== undefined,
        state: state ?? null,
        set_cancel: cancelRequestedAt !== undefined,
        at: cancelRequestedAt ?? null,
        set_outcome: outcome !== undefined,
        value: outcome ?? null
      })
    )

/** @internal Adds a run that belongs somewhere. */
export const insert = (
  { writer }: Store,
  run: Journal.NewRun,
  { wait }: { readonly wait: boolean },
  place: Place
): Effect.Effect<Journal.Inserted, Journal.JournalError> => {
  const { createdAt, flow, id, payload, trace = null, version } = run
  const resource = run.resource === null ? null : toColumn(run.resource)
  const op = { op: "insert", run: toColumn(id), flow: toColumn(flow), version, resource, payload, trace } as const
  return Effect.map(writer.write({ ...op, wait, at: createdAt, ...place }), inserted)
}

/** @internal The journal on these tables, of a process to which every run belongs. */
export const make = (store: Store): Journal.Service => ({
  get: get(store),
  entries: entries(store),
  list: list(store),
  evict: evict(store),
  append: append(store),
  update: update(store),
  finish: finish(store),
  insert: (run, options) => insert(store, run, options, { shard: 0, mine: true })
})
