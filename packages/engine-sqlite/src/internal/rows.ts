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
  readonly created_at: number
  readonly started_at: number | null
  readonly cancel_requested_at: number | null
  readonly ended_at: number | null
  readonly outcome: string | null
  readonly trace: string | null
}

/** @internal */
export interface EntryRow {
  readonly seq: number
  readonly kind: Journal.Kind
  readonly name: string
  readonly exit: Journal.Entry["exit"]
  readonly value: string | null
  readonly undo: number
  readonly started_at: number
  readonly at: number
  readonly branch: string | null
}

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
export const toEntry = (run: string, row: EntryRow): Journal.Entry => ({
  run,
  kind: row.kind,
  name: fromColumn(row.name),
  seq: row.seq,
  exit: row.exit,
  value: row.value,
  undo: row.undo === 1,
  startedAt: row.started_at,
  at: row.at,
  branch: row.branch === null ? null : fromColumn(row.branch)
})
