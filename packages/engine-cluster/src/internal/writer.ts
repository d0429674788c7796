import type * as SqlClient from "@effect/sql/SqlClient"
import { JournalError } from "@memstore-flows/engine/Journal"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as Runtime from "effect/Runtime"
import type * as Scope from "effect/Scope"
import { refail } from "./migrate.js"
import { named, version } from "./schema.js"

/** @internal One write, as the function in the database takes it. */
export interface Op {
  readonly op: "append" | "insert" | "update" | "finish"
  readonly run: string
  readonly [column: string]: string | number | boolean | null | undefined
}

/** @internal Writes of the same moment share a transaction. */
export interface Writer {
  /** The answer of the database; fails as fenced when the run is another owner's. */
  readonly write: (op: Op) => Effect.Effect<unknown, JournalError>
}

interface Pending {
  readonly op: Op
  readonly resume: (answer: Exit.Exit<unknown, JournalError>) => void
}

const most = 500

const fenced = (op: Op) =>
  new JournalError({ operation: op.op, reason: "another process has taken the run over", fenced: true })

/** PostgreSQL gives a code of five characters to what it refuses; a broken connection has none, or one of Node's. */
const isRefused = (error: unknown): boolean => {
  const cause = typeof error === "object" && error !== null && "cause" in error ? error.cause : undefined
  const code = typeof cause === "object" && cause !== null && "code" in cause ? cause.code : undefined
  return typeof code === "string" && /^[0-9A-Z]{5}$/.test(code) && !code.startsWith("57P")
}

/** @internal */
export const make = (
  sql: SqlClient.SqlClient,
  prefix: string,
  epoch: number
): Effect.Effect<Writer, never, Scope.Scope> =>
  Effect.gen(function* () {
    const runtime = yield* Effect.runtime<never>()
    const statement = `SELECT ${named(prefix, `write_${version}`)}($1, $2::text::jsonb)`
    let queue: Array<Pending> = []
    let closed = false
    let flusher: Fiber.RuntimeFiber<void> | undefined

    const send = (ops: ReadonlyArray<Op>) =>
      // The function answers each write with one element of an array.
      Effect.map(
        Effect.withTracerEnabled(sql.unsafe(statement, [epoch, JSON.stringify(ops)]).values, false),
        (rows) => (rows[0]?.[0] ?? []) as ReadonlyArray<unknown>
      )

    const answer = ({ op, resume }: Pending, value: unknown): void =>
      resume(value === "fenced" ? Exit.fail(fenced(op)) : Exit.succeed(value))

    const single = (one: Pending): Effect.Effect<void> =>
      Effect.match(send([one.op]), {
        onFailure: (error) => one.resume(Exit.fail(refail(one.op.op)(error))),
        onSuccess: (answers) => answer(one, answers[0])
      })

    const batch = (all: ReadonlyArray<Pending>): Effect.Effect<void> =>
      Effect.matchEffect(send(all.map(({ op }) => op)), {
        onFailure: (error) => {
          if (isRefused(error) && all.length > 1) return Effect.forEach(all, single, { discard: true })
          for (const { op, resume } of all) resume(Exit.fail(refail(op.op)(error)))
          return Effect.void
        },
        onSuccess: (answers) =>
          Effect.sync(() => {
            all.forEach((one, i) => {
              answer(one, answers[i])
            })
          })
      })

    const flush: Effect.Effect<void> = Effect.whileLoop({
      while: () => queue.length > 0,
      body: () => {
        const all = queue.slice(0, most)
        queue = queue.slice(most)
        return batch(all)
      },
      step: () => undefined
    })

    const begin = (): void => {
      if (flusher) return
      const fiber = Runtime.runFork(runtime)(flush, { immediate: false })
      flusher = fiber
      fiber.addObserver(() => {
        flusher = undefined
        if (queue.length > 0) begin()
      })
    }

    yield* Effect.addFinalizer(() => {
      closed = true
      return flusher ? Effect.asVoid(flusher.await) : Effect.void
    })

    return {
      write: (op) =>
        Effect.async<unknown, JournalError>((resume) => {
          if (closed) return resume(new JournalError({ operation: op.op, reason: "the journal is closed" }))
          queue.push({ op, resume })
          begin()
        })
    }
  })
