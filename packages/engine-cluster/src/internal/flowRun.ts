import * as ClusterSchema from "@effect/cluster/ClusterSchema"
import * as Entity from "@effect/cluster/Entity"
import * as Rpc from "@effect/rpc/Rpc"
import { Event } from "@memstore-flows/engine/Event"
import { JournalError } from "@memstore-flows/engine/Journal"
import { Info } from "@memstore-flows/engine/Run"
import { RunNotFound } from "@memstore-flows/engine/RunError"
import * as Schema from "effect/Schema"
import { toColumn } from "./text.js"

const id = Schema.String

/**
 * @internal A run, as the runner that works on it is spoken to.
 *
 * `run` says that the journal holds something to do; if it is lost the owner finds out by itself. `cancel` and `signal` are
 * kept in the database until the owner of the moment has acted on them.
 */
export const FlowRun = Entity.make("FlowRun", [
  Rpc.make("run", { payload: { id } }),
  Rpc.make("info", { payload: { id }, success: Info, error: Schema.Union(RunNotFound, JournalError) }),
  Rpc.make("events", {
    payload: { id },
    success: Event,
    error: Schema.Union(RunNotFound, JournalError),
    stream: true
  }),
  Rpc.make("cancel", {
    payload: { id },
    success: Schema.Literal("Requested", "AlreadyCancelling", "AlreadyUndoing", "AlreadyEnded"),
    error: RunNotFound
  })
    .annotate(ClusterSchema.Persisted, true)
    .annotate(ClusterSchema.Uninterruptible, "client"),
  Rpc.make("signal", {
    payload: { id, name: Schema.String, value: Schema.NullOr(Schema.String) },
    success: Schema.Literal("Stored", "Refused")
  })
    .annotate(ClusterSchema.Persisted, true)
    .annotate(ClusterSchema.Uninterruptible, "client")
])

const longest = 120

const checksum = (text: string): string => {
  let sum = 0x811c9dc5
  for (let i = 0; i < text.length; i++) sum = Math.imul(sum ^ text.charCodeAt(i), 0x01000193)
  return (sum >>> 0).toString(16)
}

/** @internal The address of a run. Its column is short; two runs may share an address, for messages name their run. */
export const entityIdOf = (run: string): string => {
  const text = toColumn(run)
  return text.length <= longest ? text : `${text.slice(0, longest)}~${checksum(text)}`
}
