/**
 * A folder that goes with the scope, and those that killed processes have left.
 *
 * @since 0.1.0
 */
import * as FileSystem from "@effect/platform/FileSystem"
import * as Path from "@effect/platform/Path"
import * as Effect from "effect/Effect"
import { hold, isLeft } from "../internal/lockFile.js"

const prefix = "memstore-emulator-"

/**
 * Makes a folder, by default where the system keeps temporary ones, and removes it with the scope. Beside it, those whose
 * process is gone are removed: one that was killed could not.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (parent?: string) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const made = yield* fs.makeTempDirectoryScoped({ prefix, ...(parent === undefined ? {} : { directory: parent }) })
    yield* hold(made)
    const beside = path.dirname(made)
    for (const name of yield* fs.readDirectory(beside)) {
      const folder = path.join(beside, name)
      const left = name.startsWith(prefix) && (yield* isLeft(folder))
      if (left) yield* Effect.ignore(fs.remove(folder, { recursive: true }))
    }
    return made
  })
