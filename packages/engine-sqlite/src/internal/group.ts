import { JournalError } from "@memstore-flows/engine/Journal"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type Libsql from "libsql"
import { detailOf } from "./connection.js"

interface Write {
  /** It is one statement, which is a transaction by itself. */
  readonly single: boolean
  readonly run: () => void
  readonly done: () => void
  readonly failed: (error: unknown) => void
}

/** After so many commits in one turn of the event loop the others get theirs: timers, sockets, signals. */
const commitsPerTurn = 32

const failure = (operation: string, error: unknown) => new JournalError({ operation, reason: detailOf(error) })

/** @internal Writes wait for the end of the step of work that made them, and share its commit. */
export const make = (db: Libsql.Database) => {
  const begin = db.prepare("BEGIN IMMEDIATE")
  const commit = db.prepare("COMMIT")
  let waiting: Array<Write> = []
  let scheduled = false
  let commits = 0
  let closed = false

  const transaction = (writes: ReadonlyArray<Write>): void => {
    const [first] = writes
    if (writes.length === 1 && first?.single) {
      first.run()
      return
    }
    begin.run()
    try {
      for (const write of writes) write.run()
      commit.run()
    } catch (error) {
      if (db.inTransaction) db.exec("ROLLBACK")
      throw error
    }
  }

  const settle = (writes: ReadonlyArray<Write>): void => {
    try {
      transaction(writes)
    } catch (error) {
      if (writes.length > 1) for (const write of writes) settle([write])
      else writes[0]?.failed(error)
      return
    }
    for (const write of writes) write.done()
  }

  const flush = (): void => {
    scheduled = false
    const writes = waiting
    waiting = []
    if (writes.length > 0) settle(writes)
  }

  const nextTurn = (): void => {
    commits = 0
    if (scheduled) flush()
  }

  const schedule = (): void => {
    if (scheduled) return
    scheduled = true
    if (commits === 0) setImmediate(nextTurn)
    if (commits++ < commitsPerTurn) queueMicrotask(flush)
  }

  const write = <A>(operation: string, body: () => A, single = false): Effect.Effect<A, JournalError> =>
    Effect.uninterruptible(
      Effect.async<A, JournalError>((resume) => {
        if (closed) return resume(failure(operation, "the journal is closed"))
        let result: Exit.Exit<A, JournalError>
        waiting.push({
          single,
          run: () => {
            result = Exit.succeed(body())
          },
          done: () => resume(result),
          failed: (error) => resume(failure(operation, error))
        })
        schedule()
      })
    )

  const read = <A>(operation: string, body: () => A): Effect.Effect<A, JournalError> =>
    Effect.suspend(() => {
      if (closed) return failure(operation, "the journal is closed")
      try {
        return Effect.succeed(body())
      } catch (error) {
        return failure(operation, error)
      }
    })

  const close = Effect.sync(() => {
    flush()
    closed = true
  })

  return { write, read, close }
}
