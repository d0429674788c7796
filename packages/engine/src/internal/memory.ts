import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Journal from "../JournalRecord.js"
import { atOnce } from "./atOnce.js"

interface Row {
  record: Journal.RunRecord
  readonly entries: Map<string, Journal.Entry>
}

const ended = (state: Journal.State) => state === "succeeded" || state === "failed" || state === "cancelled"

const numbered = (entry: Journal.NewEntry, seq: number): Journal.Entry => ({
  run: entry.run,
  kind: entry.kind,
  name: entry.name,
  seq,
  exit: entry.exit,
  value: entry.value,
  undo: entry.undo,
  branch: entry.branch ?? null,
  startedAt: entry.startedAt,
  at: entry.at
})

/** @internal */
export const make = () => {
  const runs = new Map<string, Row>()
  const holders = new Map<string, string>()
  const lines = new Map<string, Array<string>>()
  const finished = new Map<string, number>()
  let seq = 0

  const insert = (run: Journal.NewRun, wait: boolean): Journal.Inserted => {
    const taken = runs.get(run.id)
    if (taken) return { _tag: "Exists", run: taken.record }
    const holder = run.resource === null ? undefined : runs.get(holders.get(run.resource) ?? "")
    if (holder && !wait) return { _tag: "Busy", holder: holder.record }
    const record: Journal.RunRecord = {
      id: run.id,
      seq: ++seq,
      flow: run.flow,
      version: run.version,
      resource: run.resource,
      payload: run.payload,
      trace: run.trace ?? null,
      state: holder ? "queued" : "running",
      createdAt: run.createdAt,
      startedAt: holder ? null : run.createdAt,
      cancelRequestedAt: null,
      endedAt: null,
      outcome: null
    }
    runs.set(run.id, { record, entries: new Map() })
    if (run.resource !== null) {
      if (!holder) holders.set(run.resource, run.id)
      else lines.set(run.resource, [...(lines.get(run.resource) ?? []), run.id])
    }
    return { _tag: "Inserted", run: record }
  }

  const release = (resource: string, at: number): Option.Option<Journal.RunRecord> => {
    const line = lines.get(resource) ?? []
    const next = runs.get(line.shift() ?? "")
    if (line.length === 0) lines.delete(resource)
    if (!next) {
      holders.delete(resource)
      return Option.none()
    }
    holders.set(resource, next.record.id)
    next.record = { ...next.record, state: "running", startedAt: at }
    return Option.some(next.record)
  }

  const finish = (
    id: string,
    end: { readonly state: Journal.State; readonly endedAt: number; readonly outcome: string }
  ): Option.Option<Journal.RunRecord> => {
    const row = runs.get(id)
    if (!row || ended(row.record.state)) return Option.none()
    row.record = { ...row.record, ...end }
    finished.set(id, end.endedAt)
    const { resource } = row.record
    if (resource === null) return Option.none()
    if (holders.get(resource) === id) return release(resource, end.endedAt)
    const line = (lines.get(resource) ?? []).filter((waiting) => waiting !== id)
    if (line.length === 0) lines.delete(resource)
    else lines.set(resource, line)
    return Option.none()
  }

  const matches = (record: Journal.RunRecord, query: Journal.Query) =>
    (query.flow === undefined || record.flow === query.flow) &&
    (query.resource === undefined || record.resource === query.resource) &&
    (query.states === undefined || query.states.includes(record.state)) &&
    (query.from === undefined || record.createdAt >= query.from) &&
    (query.until === undefined || record.createdAt < query.until) &&
    (query.after === undefined || record.seq < query.after)

  const list = (query: Journal.Query) => {
    const page: Array<Journal.RunRecord> = []
    const all = Array.from(runs.values())
    for (let i = all.length - 1; i >= 0 && page.length < query.limit; i--) {
      const record = all[i]?.record
      if (record && matches(record, query)) page.push(record)
    }
    return page
  }

  const append = (entry: Journal.NewEntry): Option.Option<Journal.Entry> => {
    const row = runs.get(entry.run)
    const key = entry.kind === "step" ? entry.name : `\0${entry.kind}/${entry.name}`
    if (!row || row.entries.has(key)) return Option.none()
    const stored = numbered(entry, row.entries.size + 1)
    row.entries.set(key, stored)
    return Option.some(stored)
  }

  const evict = (endedBefore: number, keep: number) => {
    let removed = 0
    for (const [id, at] of finished) {
      if (at >= endedBefore && finished.size <= keep) break
      finished.delete(id)
      runs.delete(id)
      removed++
    }
    return removed
  }

  return {
    insert: (run: Journal.NewRun, { wait }: { readonly wait: boolean }) => atOnce(() => insert(run, wait)),
    get: (id: string) => Effect.sync(() => Option.map(Option.fromNullable(runs.get(id)), (row) => row.record)),
    update: (id: string, change: Partial<Pick<Journal.RunRecord, "state" | "cancelRequestedAt" | "outcome">>) =>
      Effect.sync(() => {
        const row = runs.get(id)
        if (row && !ended(row.record.state)) row.record = { ...row.record, ...change }
      }),
    finish: (id: string, end: Parameters<typeof finish>[1]) => atOnce(() => finish(id, end)),
    list: (query: Journal.Query) => Effect.sync(() => list(query)),
    entries: (run: string) => Effect.sync(() => Array.from(runs.get(run)?.entries.values() ?? [])),
    append: (entry: Journal.NewEntry) => atOnce(() => append(entry)),
    evict: ({ endedBefore, keep }: { readonly endedBefore: number; readonly keep: number }) =>
      Effect.sync(() => evict(endedBefore, keep))
  }
}
