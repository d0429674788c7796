import { PgClient } from "@effect/sql-pg"
import { Effect, Layer, ManagedRuntime, RcRef } from "effect"
import { afterAll, describe } from "vitest"
import { engineContract } from "../../engine/test/contract/EngineContract.js"
import { handoverContract } from "../../engine/test/contract/HandoverContract.js"
import { type StoreFactory, storeOf } from "../../engine/test/contract/harness.js"
import { scheduleContract } from "../../engine/test/contract/ScheduleContract.js"
import { PostgresJournal } from "../src/index.js"
import { available, client, database } from "./support/database.js"

const tables = ["run", "entry"].map((name) => `memstore_flows_${name}`).join(", ")

/** One client of one fresh database for all tests of the file. */
const one = ManagedRuntime.make(Layer.unwrapEffect(Effect.map(database, client)))
afterAll(() => one.dispose())

/** An empty journal, opened when somebody needs it and closed when nobody does. */
const opened: StoreFactory = Effect.gen(function* () {
  const database = Layer.succeedContext((yield* one.runtimeEffect).context)
  const layer = PostgresJournal.layer().pipe(Layer.provide(database))
  yield* Effect.flatMap(PgClient.PgClient, (sql) => sql.unsafe(`TRUNCATE ${tables}`)).pipe(
    Effect.ignore,
    Effect.provide(database)
  )
  const ref = yield* RcRef.make({ acquire: Layer.build(layer) })
  return storeOf(Layer.scopedContext(Effect.orDie(RcRef.get(ref))))
})

describe.skipIf(!available)("PostgresJournal", () => {
  engineContract("the journal in PostgreSQL", opened)
  handoverContract("the journal in PostgreSQL", opened)
  scheduleContract("the journal in PostgreSQL", opened)
})
