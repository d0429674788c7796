import type * as SqlClient from "@effect/sql/SqlClient"
import type { Connection } from "@effect/sql/SqlConnection"
import { JournalError } from "@memstore-flows/engine/Journal"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { create, lockClass, version } from "./schema.js"

/** @internal What PostgreSQL said, without what the statement held. */
export const reasonOf = (error: unknown): string => {
  const cause = typeof error === "object" && error !== null && "cause" in error ? error.cause : error
  return cause instanceof Error ? cause.message : String(cause)
}

/** @internal */
export const refail = (operation: string) => (error: unknown) =>
  new JournalError({ operation, reason: reasonOf(error) })

const isName = /^[a-z_][a-z0-9_]{0,39}$/

const unlock = "SELECT pg_advisory_unlock($1, hashtext($2))"

/**
 * @internal Runs an effect while no other process of the same prefix does, on this database. The lock is the session's, so
 * it goes with the process.
 */
export const alone = <A, E, R>(
  sql: SqlClient.SqlClient,
  prefix: string,
  use: (connection: Connection) => Effect.Effect<A, E, R>
): Effect.Effect<A, E | JournalError, R> =>
  Effect.scoped(
    Effect.gen(function* () {
      const connection = yield* Effect.mapError(sql.reserve, refail("open"))
      const key = [lockClass, prefix]
      yield* Effect.acquireRelease(
        Effect.mapError(connection.executeRaw("SELECT pg_advisory_lock($1, hashtext($2))", key), refail("open")),
        () => Effect.ignore(connection.executeRaw(unlock, key))
      )
      return yield* use(connection)
    })
  ) as Effect.Effect<A, E | JournalError, Exclude<R, Scope.Scope>>

const exists = (connection: Connection, prefix: string) =>
  Effect.map(
    connection.executeValues("SELECT to_regclass($1) IS NOT NULL", [`${prefix}_version`]),
    (rows) => rows[0]?.[0] === true
  )

/** @internal Makes the tables unless they are there. Refuses a database of a newer version. */
export const migrate = (connection: Connection, prefix: string): Effect.Effect<void, JournalError> =>
  Effect.gen(function* () {
    if (!isName.test(prefix)) {
      return yield* Effect.fail(
        new JournalError({ operation: "open", reason: `"${prefix}" is no prefix of table names` })
      )
    }
    if (!(yield* Effect.mapError(exists(connection, prefix), refail("open")))) {
      yield* Effect.mapError(connection.executeRaw(create(prefix), []), refail("migrate"))
    }
    const rows = yield* Effect.mapError(
      connection.executeValues(`SELECT max(version) FROM ${prefix}_version`, []),
      refail("open")
    )
    const found = Number(rows[0]?.[0])
    if (found > version) {
      const reason = `the tables are of version ${found}, this program knows version ${version}`
      return yield* Effect.fail(new JournalError({ operation: "open", reason }))
    }
  })
