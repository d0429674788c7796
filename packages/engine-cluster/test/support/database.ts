import { PgClient } from "@effect/sql-pg"
import { Effect, Layer, ManagedRuntime, Redacted } from "effect"
import { afterAll, describe, inject } from "vitest"

const server = inject("postgres")

/** Whether there is a PostgreSQL to test with. */
export const available = server !== null

/** Tests that need PostgreSQL; where there is none they are skipped, and the set-up has said what is missing. */
export const whereAvailable = (name: string, tests: () => void) =>
  available ? describe(name, tests) : describe.skip(name, tests)

/** A client of a database. */
export const client = (url: string) => Layer.orDie(PgClient.layer({ url: Redacted.make(url) }))

/** The address of a fresh database on the server of the tests. */
export const database: Effect.Effect<string> = Effect.gen(function* () {
  const name = `test_${crypto.randomUUID().replaceAll("-", "")}`
  const sql = yield* PgClient.PgClient
  yield* sql.unsafe(`CREATE DATABASE ${name}`)
  return (server ?? "").replace(/[^/]*$/, name)
}).pipe(Effect.provide(client(server ?? "")), Effect.orDie)

/** One client of one fresh database for all tests of a file. */
const one = ManagedRuntime.make(Layer.unwrapEffect(Effect.map(database, client)))
afterAll(() => one.dispose())

export const shared = Effect.map(one.runtimeEffect, ({ context }) => context)
