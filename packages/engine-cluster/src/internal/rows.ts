import type * as Journal from "@memstore-flows/engine/Journal"
import { fromColumn } from "./text.js"

/** @internal */
export interface RunRow {
  readonly seq: number
  readonly id: string
  readonly flow: string
  readonly version: number
  readonly resource: string | null
  readonly payload: string | null
  readonly state: Journal.State
  readonly shard: number
  readonly epoch: number
  readonly created_at: number
  readonly started_at: number | null
  readonly cancel_requested_at: number | null
  readonly ended_at: number | null
  readonly outcome: string | null
  readonly trace: string | null
}

/** @internal */
export interface EntryRow {
  readonly run: string
  readonly seq: number
  readonly kind: Journal.Kind
  readonly name: string
  readonly exit: Journal.Entry["exit"]
  readonly value: string | null
  readonly undo: boolean
  readonly branch: string | null
  readonly started_at: number
  readonly at: number
}

/** @internal The columns of a run, its whole numbers as JavaScript has them. */
export const runColumns = [
  "seq::float8 AS seq, id, flow, version, resource, payload, state, shard, epoch::float8 AS epoch, created_at",
  "started_at, cancel_requested_at, ended_at, outcome, trace"
].join(", ")

/** @internal The columns of an entry `e` of a run `r`. */
export const entryColumns =
  "r.id AS run, e.seq::float8 AS seq, e.kind, e.name, e.exit, e.value, e.undo, e.branch, e.started_at, e.at"

/** @internal */
export const toRun = (row: RunRow): Journal.RunRecord => ({
  id: fromColumn(row.id),
  seq: row.seq,
  flow: fromColumn(row.flow),
  version: row.version,
  resource: row.resource === null ? null : fromColumn(row.resource),
  payload: row.payload,
  state: row.state,
  createdAt: row.created_at,
  startedAt: row.started_at,
  cancelRequestedAt: row.cancel_requested_at,
  endedAt: row.ended_at,
  outcome: row.outcome,
  trace: row.trace
})

/** @internal */
export const toEntry = (row: EntryRow): Journal.Entry => ({
  run: fromColumn(row.run),
  kind: row.kind,
  name: fromColumn(row.name),
  seq: row.seq,
  exit: row.exit,
  value: row.value,
  undo: row.undo,
  branch: row.branch === null ? null : fromColumn(row.branch),
  startedAt: row.started_at,
  at: row.at
})
