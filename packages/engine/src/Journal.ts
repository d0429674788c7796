/**
 * Where runs and what their steps returned are kept.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { make } from "./internal/memory.js"
import type { Entry, Inserted, NewEntry, NewRun, Query, RunRecord, State } from "./JournalRecord.js"

export * from "./JournalRecord.js"

/**
 * The journal could not be read or written.
 *
 * `fenced` (false unless given): the write was refused because another process has taken the run over. The engine then
 * detaches the run at once and writes nothing more of it.
 *
 * @since 0.1.0
 * @category errors
 */
export class JournalError extends Schema.TaggedError<JournalError>("@memstore-flows/engine/JournalError")(
  "JournalError",
  {
    operation: Schema.String,
    reason: Schema.String,
    fenced: Schema.optional(Schema.Boolean).pipe(
      Schema.withDefaults({ constructor: () => false, decoding: () => false })
    )
  }
) {
  override get message(): string {
    return `journal: ${this.operation}: ${this.reason}`
  }
}

/**
 * The operations an engine needs. Each is atomic and, once it has returned, durable to the degree the journal promises.
 *
 * @since 0.1.0
 * @category models
 */
export interface Service {
  /**
   * Adds a run. The lock is taken in the same transaction: if another run holds `resource`, the new one is queued
   * (`wait`) or refused. An id in use wins over a busy resource.
   */
  readonly insert: (run: NewRun, options: { readonly wait: boolean }) => Effect.Effect<Inserted, JournalError>
  /** The run with this id. */
  readonly get: (id: string) => Effect.Effect<Option.Option<RunRecord>, JournalError>
  /** Changes the fields given, of a run that has not ended. */
  readonly update: (
    id: string,
    change: Partial<Pick<RunRecord, "state" | "cancelRequestedAt" | "outcome">>
  ) => Effect.Effect<void, JournalError>
  /**
   * Ends a run. If it held a resource, the first in line becomes `running`, started at the same time, and is returned.
   * A run that has ended is left as it is.
   */
  readonly finish: (
    id: string,
    end: { readonly state: State; readonly endedAt: number; readonly outcome: string }
  ) => Effect.Effect<Option.Option<RunRecord>, JournalError>
  /** Runs, newest first. */
  readonly list: (query: Query) => Effect.Effect<ReadonlyArray<RunRecord>, JournalError>
  /** The entries of a run, in order. */
  readonly entries: (run: string) => Effect.Effect<ReadonlyArray<Entry>, JournalError>
  /** Adds an entry and returns it, numbered; `none`, and nothing written, when its identity is taken or its run is gone. */
  readonly append: (entry: NewEntry) => Effect.Effect<Option.Option<Entry>, JournalError>
  /** Removes runs that ended before a time, and the earliest ended of those above a number. Returns how many. */
  readonly evict: (rule: { readonly endedBefore: number; readonly keep: number }) => Effect.Effect<number, JournalError>
}

/**
 * Where an engine keeps its runs. The values in it are JSON texts: what the schemas of payloads and steps encode to.
 *
 * @since 0.1.0
 * @category tags
 */
export class Journal extends Context.Tag("@memstore-flows/engine/Journal")<Journal, Service>() {}

/**
 * A new journal in memory.
 *
 * @since 0.1.0
 * @category constructors
 */
export const makeMemory: Effect.Effect<Service> = Effect.sync(make)

/**
 * A journal in memory. It lives as long as the layer, so it survives a restart of the engine but not of the process.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerMemory: Layer.Layer<Journal> = Layer.effect(Journal, makeMemory)
