import type * as Journal from "@memstore-flows/engine/Journal"
import * as Option from "effect/Option"
import type Libsql from "libsql"
import { type EntryRow, type RunRow, toEntry, toRun } from "./rows.js"
import { toColumn } from "./text.js"

const whole = (n: number): number => Math.max(0, Math.min(Math.ceil(n), Number.MAX_SAFE_INTEGER))

/** A prepared statement whose rows have the type given: what the columns and checks of the schema allow. */
const prepared = <Row>(db: Libsql.Database, sql: string) => {
  const statement = db.prepare(sql)
  // One array as it is: the driver copies loose values into one first. Its rows are untyped.
  return {
    run: (...values: ReadonlyArray<string | number | null>) => statement.run(values),
    get: (...values: ReadonlyArray<string | number | null>) => statement.get(values) as Row | undefined,
    all: (...values: ReadonlyArray<string | number | null>) => statement.all(values) as ReadonlyArray<Row>
  }
}

const ended = "('succeeded', 'failed', 'cancelled')"
const holding = "('running', 'cancelling', 'undoing')"

const listSql = ({ after, flow, from, resource, states, until }: Journal.Query): string => {
  const conditions = [
    ...(flow === undefined ? [] : ["flow = :flow"]),
    ...(resource === undefined ? [] : ["resource = :resource"]),
    ...(after === undefined ? [] : ["seq < :after"]),
    ...(from === undefined ? [] : ["created_at >= :from"]),
    ...(until === undefined ? [] : ["created_at < :until"])
  ]
  const page = (more: ReadonlyArray<string>) => {
    const all = [...more, ...conditions]
    const where = all.length === 0 ? "" : `WHERE ${all.join(" AND ")}`
    return `SELECT * FROM run ${where} ORDER BY seq DESC LIMIT :limit`
  }
  if (states === undefined) return page([])
  const each = Array.from(new Set(states), (state) => `SELECT * FROM (${page([`state = '${state}'`])})`)
  return `SELECT * FROM (${each.join(" UNION ALL ")}) ORDER BY seq DESC LIMIT :limit`
}

const lists = (db: Libsql.Database) => {
  const statements = new Map<string, ReturnType<typeof db.prepare>>()
  return (query: Journal.Query): ReadonlyArray<Journal.RunRecord> => {
    if (query.states?.length === 0) return []
    const sql = listSql(query)
    const statement = statements.get(sql) ?? db.prepare(sql)
    statements.set(sql, statement)
    const values = {
      limit: whole(query.limit),
      ...(query.flow === undefined ? {} : { flow: toColumn(query.flow) }),
      ...(query.resource === undefined ? {} : { resource: toColumn(query.resource) }),
      ...(query.after === undefined ? {} : { after: query.after }),
      ...(query.from === undefined ? {} : { from: query.from }),
      ...(query.until === undefined ? {} : { until: query.until })
    }
    // The driver's rows are untyped.
    return (statement.all(values) as ReadonlyArray<RunRow>).map(toRun)
  }
}

const evictions = (db: Libsql.Database) => {
  const gone = `SELECT seq FROM run WHERE ended_at < ?
    UNION SELECT seq FROM (SELECT seq FROM run WHERE ended_at IS NOT NULL ORDER BY ended_at DESC, seq DESC LIMIT -1 OFFSET ?)`
  const entries = prepared(db, `DELETE FROM entry WHERE run IN (${gone})`)
  const runs = prepared(db, `DELETE FROM run WHERE seq IN (${gone})`)
  return (endedBefore: number, keep: number): number => {
    const before = Math.max(endedBefore, Number.MIN_SAFE_INTEGER)
    entries.run(before, whole(keep))
    return runs.run(before, whole(keep)).changes
  }
}

/** More entries than one process can write. */
const perOpening = 10_000_000_000

/** The file is this process's alone, so it numbers the entries itself, from where no process before it has been. */
const numbers = (db: Libsql.Database): (() => number) => {
  const reserve = prepared<{ readonly next: number }>(
    db,
    "UPDATE entry_number SET next = next + ? RETURNING next - ? AS next"
  )
  let next = reserve.get(perOpening, perOpening)?.next ?? 1
  return () => next++
}

/** @internal The journal's operations, each to be run inside a transaction if it writes. */
export const make = (db: Libsql.Database) => {
  const number = numbers(db)
  const byId = prepared<RunRow>(db, "SELECT * FROM run WHERE id = ?")
  const holdOf = prepared<Pick<RunRow, "seq" | "resource" | "state">>(
    db,
    "SELECT seq, resource, state FROM run WHERE id = ? AND ended_at IS NULL"
  )
  const holderOf = prepared<RunRow>(db, `SELECT * FROM run WHERE resource = ? AND state IN ${holding}`)
  const addRun = prepared(
    db,
    "INSERT INTO run (id, flow, version, resource, payload, state, created_at, started_at, trace) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
  )
  const changeRun = prepared(
    db,
    `UPDATE run SET state = ?, cancel_requested_at = ?, outcome = ? WHERE id = ? AND state NOT IN ${ended}`
  )
  const endRun = prepared(db, "UPDATE run SET state = ?, ended_at = ?, outcome = ? WHERE seq = ?")
  const firstInLine = prepared<RunRow>(
    db,
    "SELECT * FROM run WHERE resource = ? AND state = 'queued' ORDER BY seq LIMIT 1"
  )
  const beginRun = prepared(db, "UPDATE run SET state = 'running', started_at = ? WHERE seq = ?")
  const entriesOf = prepared<EntryRow>(
    db,
    "SELECT * FROM entry WHERE run = (SELECT seq FROM run WHERE id = ?) ORDER BY seq"
  )
  const addEntry = prepared(
    db,
    `INSERT INTO entry (run, kind, name, seq, exit, value, undo, started_at, at, branch)
     SELECT seq, ?, ?, ?, ?, ?, ?, ?, ?, ? FROM run WHERE id = ? ON CONFLICT DO NOTHING`
  )

  const get = (id: string) => Option.map(Option.fromNullable(byId.get(toColumn(id))), toRun)

  const insert = (run: Journal.NewRun, wait: boolean): Journal.Inserted => {
    const taken = get(run.id)
    if (Option.isSome(taken)) return { _tag: "Exists", run: taken.value }
    const { createdAt, flow, id, payload, trace = null, version } = run
    const resource = run.resource === null ? null : toColumn(run.resource)
    const holder = resource === null ? undefined : holderOf.get(resource)
    if (holder && !wait) return { _tag: "Busy", holder: toRun(holder) }
    const state = holder ? "queued" : "running"
    const startedAt = holder ? null : createdAt
    const values = [toColumn(id), toColumn(flow), version, resource, payload, state, createdAt, startedAt, trace]
    const seq = Number(addRun.run(...values).lastInsertRowid)
    const fresh = { cancelRequestedAt: null, endedAt: null, outcome: null, trace }
    const record = { id, seq, flow, version, resource: run.resource, payload, state, createdAt, startedAt } as const
    return { _tag: "Inserted", run: { ...record, ...fresh } }
  }

  const update = (
    id: string,
    change: Partial<Pick<Journal.RunRecord, "state" | "cancelRequestedAt" | "outcome">>
  ): void => {
    const before = byId.get(toColumn(id))
    if (!before) return
    const { cancelRequestedAt, outcome, state } = { ...toRun(before), ...change }
    changeRun.run(state, cancelRequestedAt, outcome, before.id)
  }

  const finish = (
    id: string,
    end: { readonly state: Journal.State; readonly endedAt: number; readonly outcome: string }
  ): Option.Option<Journal.RunRecord> => {
    const row = holdOf.get(toColumn(id))
    if (!row) return Option.none()
    endRun.run(end.state, end.endedAt, end.outcome, row.seq)
    if (row.resource === null || row.state === "queued") return Option.none()
    const next = firstInLine.get(row.resource)
    if (!next) return Option.none()
    beginRun.run(end.endedAt, next.seq)
    return Option.some({ ...toRun(next), state: "running", startedAt: end.endedAt })
  }

  const append = (entry: Journal.NewEntry): Option.Option<Journal.Entry> => {
    const { at, branch = null, exit, kind, name, run, startedAt, undo, value } = entry
    const where = branch === null ? null : toColumn(branch)
    const seq = number()
    const values = [kind, toColumn(name), seq, exit, value, undo ? 1 : 0, startedAt, at, where, toColumn(run)]
    if (addEntry.run(...values).changes === 0) return Option.none()
    return Option.some({ run, kind, name, seq, exit, value, undo, startedAt, at, branch })
  }

  return {
    get,
    insert,
    update,
    finish,
    append,
    list: lists(db),
    entries: (run: string) => entriesOf.all(toColumn(run)).map((row) => toEntry(run, row)),
    evict: evictions(db)
  }
}
