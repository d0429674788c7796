import type * as Journal from "@memstore-flows/engine/Journal"
import * as Effect from "effect/Effect"
import { type EntryRow, entryColumns, type RunRow, runColumns, toEntry, toRun } from "./rows.js"
import { query, type Store } from "./store.js"
import { toColumn } from "./text.js"

/** @internal What this process is to the others. */
export interface Identity {
  readonly epoch: number
  /** The address under which it holds the locks of its shards. */
  readonly address: string
  /** How long these last, in milliseconds. */
  readonly lease: number
}

/** @internal A run taken over, with what it has done. */
export interface Taken {
  readonly shard: number
  readonly record: Journal.RunRecord
  readonly entries: ReadonlyArray<Journal.Entry>
}

/** @internal Which runs to take over: those named, and with `all` those that have another owner. */
export interface Wanted {
  readonly ids: ReadonlyArray<string>
  readonly all: boolean
  /** `name@version` of the flows known here; `undefined` for any. */
  readonly flows: ReadonlyArray<string> | undefined
}

/** @internal How many runs are taken over at a time. */
export const page = 500

/**
 * Makes this process the owner of runs in shards whose lock it still holds by the clock of the database. Whoever had them
 * before can write nothing from then on, and all it wrote is seen by the read that follows.
 */
const claim = ({ prefix }: Store) => `WITH held AS (
    SELECT split_part(shard_id, ':', 2)::integer AS shard FROM ${prefix}_locks
    WHERE shard_id = ANY($1) AND address = $2 AND acquired_at >= NOW() - $3 * INTERVAL '1 millisecond'
  ), due AS (
    SELECT seq FROM ${prefix}_run
    WHERE ended_at IS NULL AND (id = ANY($4) OR ($5 AND epoch <> $6))
      AND ($7::text[] IS NULL OR flow || '@' || version = ANY($7)) AND shard IN (SELECT shard FROM held)
    ORDER BY seq LIMIT ${page} FOR NO KEY UPDATE
  )
  UPDATE ${prefix}_run SET epoch = $6 WHERE seq IN (SELECT seq FROM due) RETURNING ${runColumns}`

/** @internal */
export const take = (
  store: Store,
  { address, epoch, lease }: Identity,
  held: ReadonlySet<number>,
  { all, flows, ids }: Wanted
): Effect.Effect<ReadonlyArray<Taken>, Journal.JournalError> =>
  Effect.gen(function* () {
    if (held.size === 0 || (!all && ids.length === 0)) return []
    const shards = Array.from(held, (shard) => `default:${shard}`)
    const columns = flows?.map(toColumn) ?? null
    const values = [shards, address, (lease * 2) / 3, ids.map(toColumn), all, epoch, columns]
    const rows = yield* query<RunRow>(store, "claim", claim(store), values)
    if (rows.length === 0) return []
    const text = `SELECT ${entryColumns} FROM ${store.prefix}_entry e JOIN ${store.prefix}_run r ON r.seq = e.run
      WHERE e.run = ANY($1) ORDER BY e.seq`
    const entries = yield* query<EntryRow>(store, "entries", text, [rows.map(({ seq }) => seq)])
    const byRun = new Map(rows.map(({ id }) => [id, [] as Journal.Entry[]]))
    for (const row of entries) byRun.get(row.run)?.push(toEntry(row))
    return rows.map((row) => ({ shard: row.shard, record: toRun(row), entries: byRun.get(row.id) ?? [] }))
  })
