import { fileURLToPath } from "node:url"
import { Effect } from "effect"
import { describe } from "vitest"
import { asks } from "../../workflows/test/crash/asks.js"
import { proves } from "../../workflows/test/crash/proves.js"
import { under } from "../../workflows/test/crash/Trial.js"
import { available, database } from "./support/database.js"

const program = fileURLToPath(new URL("./support/onCluster.ts", import.meta.url))
const store = Effect.map(database, (database) => ({ database }))

describe.skipIf(!available)("EngineCluster", () => {
  const prepared = under(program, store)

  proves("a runner on PostgreSQL", prepared, 5)
  asks("a runner on PostgreSQL", prepared)
})
