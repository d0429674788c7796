import { PgClient } from "@effect/sql-pg"
import { Effect, Layer, ManagedRuntime } from "effect"
import { afterAll, describe } from "vitest"
import { engineContract } from "../../engine/test/contract/EngineContract.js"
import type { StoreFactory } from "../../engine/test/contract/harness.js"
import { scheduleContract } from "../../engine/test/contract/ScheduleContract.js"
import { available, client, database } from "./support/database.js"
import { storeOn } from "./support/store.js"

/** One client of one database for all tests of the file. */
const one = ManagedRuntime.make(Layer.unwrapEffect(Effect.map(database, client)))
afterAll(() => one.dispose())

const emptied = `DO $$ BEGIN EXECUTE (
  SELECT 'TRUNCATE ' || string_agg(tablename, ', ') FROM pg_tables
  WHERE schemaname = 'public' AND tablename !~ '(migrations|version)$'
); END $$`

/** Empty tables, made by whoever comes first. */
const fresh: StoreFactory = Effect.flatMap(one.runtimeEffect, ({ context }) =>
  Effect.flatMap(PgClient.PgClient, (sql) => sql.unsafe(emptied)).pipe(
    Effect.ignore,
    Effect.as(storeOn(context)),
    Effect.provide(context)
  )
)

/** Every write, or a sample: each of them takes two runners. */
const each = process.env["KILL_POINTS"] === "all" ? 1 : 5

describe.skipIf(!available)("EngineCluster", () => {
  engineContract("runners on PostgreSQL", fresh, each)
  scheduleContract("runners on PostgreSQL", fresh, each)
})
