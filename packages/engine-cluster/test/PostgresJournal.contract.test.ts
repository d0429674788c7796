import { PgClient } from "@effect/sql-pg"
import type { Journal } from "@memstore-flows/engine"
import { Effect, Layer, RcRef } from "effect"
import { journalContract } from "../../engine/test/contract/JournalContract.js"
import { PostgresJournal } from "../src/index.js"
import { shared, whereAvailable } from "./support/database.js"

const tables = ["run", "entry"].map((name) => `memstore_flows_${name}`).join(", ")

/** An empty journal, opened when somebody needs it and closed when nobody does. */
const opened = Effect.gen(function* () {
  const database = Layer.succeedContext(yield* shared)
  const layer = PostgresJournal.layer().pipe(Layer.provide(database))
  yield* Effect.flatMap(PgClient.PgClient, (sql) => sql.unsafe(`TRUNCATE ${tables}`)).pipe(
    Effect.ignore,
    Effect.provide(database)
  )
  const ref = yield* RcRef.make({ acquire: Layer.build(layer) })
  return Layer.scopedContext(Effect.orDie(RcRef.get(ref))) satisfies Layer.Layer<Journal.Journal>
})

whereAvailable("the journal in PostgreSQL", () => journalContract("the journal in PostgreSQL", opened))
