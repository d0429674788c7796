import { PgClient } from "@effect/sql-pg"
import type { Journal } from "@memstore-flows/engine"
import { Effect, Layer, ManagedRuntime, RcRef } from "effect"
import { afterAll, describe } from "vitest"
import { journalContract } from "../../engine/test/contract/JournalContract.js"
import { scheduleContract } from "../../engine/test/contract/ScheduleContract.js"
import { PostgresJournal } from "../src/index.js"
import { available, client, database } from "./support/database.js"

const tables = ["run", "entry"].map((name) => `memstore_flows_${name}`).join(", ")

/** One client of one fresh database for all tests of the file. */
const one = ManagedRuntime.make(Layer.unwrapEffect(Effect.map(database, client)))
afterAll(() => one.dispose())

/** An empty journal, opened when somebody needs it and closed when nobody does. */
const opened = Effect.gen(function* () {
  const database = Layer.succeedContext((yield* one.runtimeEffect).context)
  const layer = PostgresJournal.layer().pipe(Layer.provide(database))
  yield* Effect.flatMap(PgClient.PgClient, (sql) => sql.unsafe(`TRUNCATE ${tables}`)).pipe(
    Effect.ignore,
    Effect.provide(database)
  )
  const ref = yield* RcRef.make({ acquire: Layer.build(layer) })
  return Layer.scopedContext(Effect.orDie(RcRef.get(ref))) satisfies Layer.Layer<Journal.Journal>
})

describe.skipIf(!available)("PostgresJournal", () => {
  journalContract("the journal in PostgreSQL", opened)
  scheduleContract("the journal in PostgreSQL", opened)
})
