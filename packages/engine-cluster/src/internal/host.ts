import type * as Journal from "@memstore-flows/engine/Journal"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Runtime from "effect/Runtime"
import { entityIdOf } from "./flowRun.js"
import { type Identity, page, type Taken, take, type Wanted } from "./owned.js"
import type { Routes } from "./routes.js"
import type { Shards } from "./shards.js"
import * as base from "./store.js"

/** @internal What the engine in this process can do with a run. */
export interface Worker {
  /** `name@version` of the flows that are registered. */
  readonly flows: () => ReadonlyArray<string>
  readonly resume: (id: string) => Effect.Effect<unknown, unknown>
  readonly detach: (id: string) => Effect.Effect<void>
}

/** @internal The runs this process owns, and the journal through which its engine sees all runs. */
export interface Host {
  readonly journal: Journal.Service
  readonly owns: (id: string) => boolean
  /** Takes over what is named, and all that belongs here when `all`. */
  readonly takeUp: (all: boolean) => Effect.Effect<void, Journal.JournalError>
  /** Makes sure that this process owns a run that has not ended; false if another one must, or the run has ended. */
  readonly own: (id: string) => Effect.Effect<boolean, Journal.JournalError>
  /** How many runs this process has come to own so far. */
  readonly count: () => number
  /** Returns when a run is taken up here, unless it was before the count came to that. */
  readonly taken: (id: string, count: number) => Effect.Effect<void>
  /** Names a run to look at. */
  readonly want: (id: string) => void
  readonly lose: (shards: ReadonlySet<number>) => Effect.Effect<void>
  readonly employ: (worker: Worker) => void
  readonly shardOf: (id: string) => number
}

interface Options {
  readonly store: base.Store
  readonly identity: Identity
  readonly shards: Shards
  readonly routes: Routes
  readonly shardOf: (entityId: string) => number
  readonly woken: () => void
}

const unemployed: Worker = { flows: () => [], resume: () => Effect.void, detach: () => Effect.void }

const isOpen = (record: Journal.RunRecord): boolean => record.endedAt === null

/** @internal */
export const make = ({ identity, routes, shards, store, shardOf: hash, woken }: Options): Effect.Effect<Host> =>
  Effect.map(Effect.runtime<never>(), (runtime) => {
    const fork = Runtime.runFork(runtime)
    const owned = new Map<string, { readonly shard: number; readonly nth: number }>()
    let count = 0
    /** Owned and not worked on: in line for a lock, or of a flow that is not registered here. */
    const idle = new Set<string>()
    const wanted = new Set<string>()
    const leaving = new Set<string>()
    const loaded = new Map<string, Taken>()
    const awaited = new Map<string, Set<() => void>>()
    /** For each look at the database that is under way, the runs it may say something outdated about. */
    const looks = new Set<Set<string>>()
    let worker = unemployed

    const shardOf = (id: string): number => hash(entityIdOf(id))
    const inner = base.make(store)

    const want = (id: string): void => {
      wanted.add(id)
      woken()
    }

    const tell = (id: string): Effect.Effect<void> =>
      shards.held.has(shardOf(id)) ? Effect.sync(() => want(id)) : routes.run(id)

    const forget = (id: string): void => {
      owned.delete(id)
      idle.delete(id)
      for (const outdated of looks) outdated.add(id)
    }

    const remember = ({ flow, id, state, version }: Journal.RunRecord, shard: number): void => {
      owned.set(id, { shard, nth: ++count })
      if (state === "queued" || !worker.flows().includes(`${flow}@${version}`)) idle.add(id)
      else idle.delete(id)
    }

    /** After a failed write the run is no longer worked on here; it is looked at again unless another process has it. */
    const watched = <A>(id: string, write: Effect.Effect<A, Journal.JournalError>) =>
      Effect.tapError(write, (error) =>
        Effect.sync(() => {
          forget(id)
          if (error.fenced) fork(worker.detach(id))
          else wanted.add(id)
        })
      )

    const insert: Journal.Service["insert"] = (run, options) =>
      Effect.suspend(() => {
        const shard = shardOf(run.id)
        const mine = shards.held.has(shard)
        const added = base.insert(store, run, options, { shard, mine })
        return Effect.flatMap(added, (answer): Effect.Effect<Journal.Inserted> => {
          if (answer._tag === "Busy") return Effect.succeed(answer)
          const { run: record } = answer
          if (answer._tag === "Inserted" && mine && shards.held.has(shard)) {
            remember(record, shard)
            return Effect.succeed(answer)
          }
          const known: Journal.Inserted = { _tag: "Exists", run: record }
          return isOpen(record) && !owned.has(record.id) ? Effect.as(tell(record.id), known) : Effect.succeed(known)
        })
      })

    const append: Journal.Service["append"] = (entry) => {
      if (entry.kind !== "signal" || owned.has(entry.run)) return watched(entry.run, inner.append(entry))
      return Effect.map(routes.signal(entry.run, entry.name, entry.value), (answer) =>
        answer === "Stored" ? Option.some({ ...entry, seq: 0 }) : Option.none()
      )
    }

    const finish: Journal.Service["finish"] = (id, end) =>
      Effect.flatMap(watched(id, inner.finish(id, end)), (next) => {
        forget(id)
        return Option.isSome(next) ? Effect.as(tell(next.value.id), Option.none()) : Effect.succeedNone
      })

    const journal: Journal.Service = {
      ...inner,
      insert,
      append,
      finish,
      get: (id) => {
        const taken = loaded.get(id)
        return taken ? Effect.succeed(Option.some(taken.record)) : inner.get(id)
      },
      entries: (id) => {
        const taken = loaded.get(id)
        return taken ? Effect.succeed(taken.entries) : inner.entries(id)
      },
      update: (id, change) => watched(id, inner.update(id, change))
    }

    const adopt = (taken: Taken): Effect.Effect<void> =>
      Effect.suspend(() => {
        const { record, shard } = taken
        if (!shards.held.has(shard) || (owned.has(record.id) && !idle.has(record.id))) return Effect.void
        remember(record, shard)
        loaded.set(record.id, taken)
        return Effect.matchCauseEffect(worker.resume(record.id), {
          onFailure: (cause) =>
            Effect.zipRight(
              Effect.logWarning(`run ${record.id} could not be taken up`, cause),
              Effect.sync(() => {
                loaded.delete(record.id)
                forget(record.id)
                wanted.add(record.id)
              })
            ),
          onSuccess: () =>
            Effect.sync(() => {
              loaded.delete(record.id)
              const waiting = awaited.get(record.id) ?? []
              awaited.delete(record.id)
              for (const tell of waiting) tell()
            })
        })
      })

    const taken = (id: string, since: number): Effect.Effect<void> =>
      Effect.async((resume) => {
        const tell = () => resume(Effect.void)
        if ((owned.get(id)?.nth ?? 0) > since && !loaded.has(id)) return tell()
        const others = awaited.get(id) ?? new Set()
        awaited.set(id, others.add(tell))
        return Effect.sync(() => {
          others.delete(tell)
          if (others.size === 0 && awaited.get(id) === others) awaited.delete(id)
        })
      })

    /** Takes runs over and up, but for those that ended here, or were let go, since the database said what it holds. */
    const look = (asked: Wanted): Effect.Effect<ReadonlyArray<Taken>, Journal.JournalError> =>
      Effect.suspend(() => {
        const outdated = new Set<string>()
        looks.add(outdated)
        const each = (found: Taken) =>
          Effect.suspend(() => {
            if (!outdated.has(found.record.id)) return adopt(found)
            want(found.record.id)
            return Effect.void
          })
        return take(store, identity, shards.held, asked).pipe(
          Effect.tap((taken) => Effect.forEach(taken, each, { concurrency: 25, discard: true })),
          Effect.ensuring(Effect.sync(() => looks.delete(outdated)))
        )
      })

    const takeUp = (all: boolean): Effect.Effect<void, Journal.JournalError> =>
      Effect.suspend(() => {
        // What lies in the shards of others, or is not yet left, is named until that changes.
        const due = Array.from(wanted).filter((id) => !leaving.has(id) && shards.held.has(shardOf(id)))
        for (const id of due) wanted.delete(id)
        const ids = [...due, ...(all ? idle : [])]
        const round = (left: ReadonlyArray<string>): Effect.Effect<void, Journal.JournalError> =>
          Effect.flatMap(look({ ids: left, all, flows: worker.flows() }), (taken) => {
            if (taken.length < page) return Effect.void
            const done = new Set(taken.map(({ record }) => record.id))
            return round(left.filter((id) => !done.has(id)))
          })
        return Effect.tapError(round(ids), () =>
          Effect.sync(() => {
            for (const id of ids) wanted.add(id)
          })
        )
      })

    const own = (id: string): Effect.Effect<boolean, Journal.JournalError> =>
      Effect.suspend(() => {
        if (owned.has(id)) return Effect.succeed(true)
        if (leaving.has(id)) return Effect.succeed(false)
        return Effect.map(look({ ids: [id], all: false, flows: undefined }), () => owned.has(id))
      })

    const lose = (gone: ReadonlySet<number>): Effect.Effect<void> =>
      Effect.suspend(() => {
        const ids = Array.from(owned).flatMap(([id, { shard }]) => (gone.has(shard) ? [id] : []))
        for (const id of ids) {
          forget(id)
          leaving.add(id)
        }
        const leave = (id: string) =>
          Effect.ensuring(
            worker.detach(id),
            Effect.sync(() => {
              leaving.delete(id)
              want(id)
            })
          )
        const left = Effect.forEach(ids, leave, { concurrency: "unbounded", discard: true })
        // A step that does not let itself be cut must not keep the shards: whatever it still writes is fenced.
        return Effect.asVoid(Effect.timeoutOption(Effect.disconnect(left), "10 seconds"))
      })

    return {
      journal,
      owns: (id) => owned.has(id),
      takeUp,
      own,
      count: () => count,
      taken,
      want,
      lose,
      employ: (with_) => {
        worker = with_
      },
      shardOf
    }
  })
