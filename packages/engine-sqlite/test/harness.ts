import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect, Layer, RcRef } from "effect"
import { type StoreFactory, storeOf } from "../../engine/test/contract/harness.js"
import { SqliteJournal } from "../src/index.js"

/** A folder of the test's own. */
export const folder = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "engine-sqlite-"))),
  (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
)

/** A file of the test's own, which does not exist yet. */
export const file = Effect.map(folder, (path) => join(path, "runs.db"))

/** A file that is opened when somebody needs it and closed when nobody does. */
export const opened: StoreFactory = Effect.gen(function* () {
  const path = yield* file
  const ref = yield* RcRef.make({ acquire: Layer.build(SqliteJournal.layer({ file: path })) })
  return storeOf(Layer.scopedContext(Effect.orDie(RcRef.get(ref))))
})
