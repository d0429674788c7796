import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import * as Effect from "effect/Effect"
import { asks } from "./asks.js"
import { proves } from "./proves.js"
import { under } from "./Trial.js"

const file = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "kill-"))),
  (folder) => Effect.sync(() => rmSync(folder, { recursive: true, force: true }))
).pipe(Effect.map((folder) => join(folder, "runs.db")))

const prepared = under(fileURLToPath(new URL("./onSqlite.ts", import.meta.url)), file)

proves("the journal in a file", prepared)
asks("the journal in a file", prepared)
