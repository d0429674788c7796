import { fileURLToPath } from "node:url"
import { Effect } from "effect"
import { describe } from "vitest"
import { proves } from "../../workflows/test/crash/proves.js"
import { under } from "../../workflows/test/crash/Trial.js"
import { available, database } from "./support/database.js"

const program = fileURLToPath(new URL("./support/onCluster.ts", import.meta.url))
const store = Effect.map(database, (database) => ({ database }))

describe.skipIf(!available)("EngineCluster", () => {
  proves("a runner on PostgreSQL", under(program, store), 5)
})
