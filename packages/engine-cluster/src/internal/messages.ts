import * as MachineId from "@effect/cluster/MachineId"
import * as Snowflake from "@effect/cluster/Snowflake"
import type { JournalError } from "@memstore-flows/engine/Journal"
import * as Effect from "effect/Effect"
import { query, type Store } from "./store.js"

/** @internal Removes what the cluster keeps of messages that were acted on before a time. It never does so itself. */
export const sweep = (store: Store, before: number): Effect.Effect<void, JournalError> => {
  const { prefix } = store
  const id = Snowflake.make({ timestamp: before, machineId: MachineId.make(0), sequence: 0 })
  const text = `WITH gone AS (DELETE FROM ${prefix}_messages WHERE processed AND id < $1 RETURNING request_id)
    DELETE FROM ${prefix}_replies WHERE request_id IN (SELECT request_id FROM gone)`
  return Effect.asVoid(query(store, "evict", text, [String(id)]))
}
