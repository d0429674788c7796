import * as Effect from "effect/Effect"
import type * as Journal from "../Journal.js"
import { Info } from "../Run.js"
import { RunNotFound } from "../RunError.js"
import { type Core, handlerOf } from "./core.js"
import type { Live } from "./live.js"

/** @internal What is known of a run. */
export const infoOf = (core: Core, record: Journal.RunRecord): Info => {
  const live = core.lives.get(record.id)
  const known: typeof Info.Type = {
    id: record.id,
    seq: record.seq,
    flow: record.flow,
    version: record.version,
    resource: record.resource,
    state: record.state,
    createdAt: record.createdAt,
    startedAt: record.startedAt,
    cancelRequestedAt: record.cancelRequestedAt,
    endedAt: record.endedAt,
    known: handlerOf(core, record) !== undefined,
    wakeAt: live?.park?.until ?? null,
    steps: live ? live.active.map(({ name }) => name) : [],
    progress: live?.progress ?? null,
    problem: live?.problem ?? null
  }
  // The engine made these values itself; checking them again would cost more than starting a run.
  return new Info(known, true)
}

/** @internal */
export const find = (core: Core, id: string): Effect.Effect<Journal.RunRecord, RunNotFound | Journal.JournalError> =>
  Effect.flatMap(
    core.journal.get(id),
    Effect.mapError(() => new RunNotFound({ run: id }))
  )

/** @internal The run, if this engine works on it. */
export const workedOn = (core: Core, id: string): Live | undefined => {
  const live = core.lives.get(id)
  return live && live.phase !== "detached" ? live : undefined
}
