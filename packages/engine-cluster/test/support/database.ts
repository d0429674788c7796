import { PgClient } from "@effect/sql-pg"
import { Effect, Layer, Redacted } from "effect"
import { inject } from "vitest"

const server = inject("postgres")

/** Whether there is a PostgreSQL to test with; where there is none, the set-up has said what is missing. */
export const available = server !== null

/** A client of a database. */
export const client = (url: string) => Layer.orDie(PgClient.layer({ url: Redacted.make(url) }))

/** The address of a fresh database on the server of the tests. */
export const database: Effect.Effect<string> = Effect.gen(function* () {
  const name = `test_${crypto.randomUUID().replaceAll("-", "")}`
  const sql = yield* PgClient.PgClient
  yield* sql.unsafe(`CREATE DATABASE ${name}`)
  return (server ?? "").replace(/[^/]*$/, name)
}).pipe(Effect.provide(client(server ?? "")), Effect.orDie)
