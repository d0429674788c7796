import type * as PgClient from "@effect/sql-pg/PgClient"
import type * as Journal from "@memstore-flows/engine/Journal"
import { RunNotFound } from "@memstore-flows/engine/RunError"
import * as Deferred from "effect/Deferred"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as FiberId from "effect/FiberId"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"

/** @internal Waits for a run to end, wherever that happens. */
export type Ended = (id: string) => Effect.Effect<Journal.RunRecord, RunNotFound | Journal.JournalError>

type Look = Effect.Effect<Option.Option<Journal.RunRecord>, RunNotFound | Journal.JournalError>

/** A notification may come before anybody listens, and may be lost with its connection: the journal is looked at anyway. */
const pauses = { first: "250 millis", later: "2 seconds" } as const

/** @internal Listens from the first wait on. */
export const make = (
  sql: PgClient.PgClient,
  prefix: string,
  shardOf: (id: string) => number,
  get: Journal.Service["get"]
): Effect.Effect<Ended, never, Scope.Scope> =>
  Effect.gen(function* () {
    const scope = yield* Effect.scope
    const waiting = new Map<number, Set<Deferred.Deferred<void>>>()
    let listening = false

    const heard = (shard: number) =>
      Effect.sync(() => {
        for (const one of waiting.get(shard) ?? []) Deferred.unsafeDone(one, Effect.void)
      })

    const listen = Effect.suspend(() => {
      if (listening) return Effect.void
      listening = true
      return sql.listen(`${prefix}_ended`).pipe(
        Stream.runForEach((shard) => heard(Number(shard))),
        Effect.retry(Schedule.spaced("1 second")),
        Effect.ignore,
        Effect.forkIn(scope),
        Effect.asVoid
      )
    })

    const next = (shard: number, look: Look, pause: Duration.DurationInput): Look =>
      Effect.acquireUseRelease(
        Effect.sync(() => {
          const one = Deferred.unsafeMake<void>(FiberId.none)
          const others = waiting.get(shard) ?? new Set()
          waiting.set(shard, others.add(one))
          return one
        }),
        (one) =>
          Effect.tap(look, (found) =>
            Option.isSome(found) ? Effect.void : Effect.timeoutOption(Deferred.await(one), pause)
          ),
        (one) =>
          Effect.sync(() => {
            const others = waiting.get(shard)
            others?.delete(one)
            if (others?.size === 0) waiting.delete(shard)
          })
      )

    return (id) => {
      const look = Effect.flatMap(get(id), (record) => {
        if (Option.isNone(record)) return Effect.fail(new RunNotFound({ run: id }))
        return Effect.succeed(Option.filter(record, ({ endedAt }) => endedAt !== null))
      })
      const wait = (pause: Duration.DurationInput): ReturnType<Ended> =>
        Effect.flatMap(next(shardOf(id), look, pause), (found) =>
          Option.isSome(found) ? Effect.succeed(found.value) : wait(pauses.later)
        )
      return Effect.zipRight(listen, wait(pauses.first))
    }
  })
