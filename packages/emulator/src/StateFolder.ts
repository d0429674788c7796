/**
 * A folder that keeps the state of an emulator.
 *
 * @since 0.1.0
 */
import * as FileSystem from "@effect/platform/FileSystem"
import * as Path from "@effect/platform/Path"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import { type FolderLocked, FolderUnusable } from "./EmulatorError.js"
import { hold } from "./internal/lockFile.js"
import { Saved, type Storage } from "./Storage.js"

const SavedJson = Schema.parseJson(Saved)

/**
 * Opens a folder, made when there is none: `state.json`, and `lock` while an emulator holds it.
 *
 * `state.json` is replaced as a whole (written beside it, flushed, renamed), so that a kill at any moment leaves the old or
 * the new state. A lock whose process is gone is taken over.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  directory: string
): Effect.Effect<Storage, FolderLocked | FolderUnusable, FileSystem.FileSystem | Path.Path | Scope.Scope> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const file = path.join(directory, "state.json")
    const temporary = path.join(directory, "state.json.tmp")
    const unusable = (cause: { readonly message: string }) => new FolderUnusable({ directory, reason: cause.message })

    yield* Effect.mapError(fs.makeDirectory(directory, { recursive: true }), unusable)
    yield* hold(directory)

    const read = Effect.gen(function* () {
      if (!(yield* Effect.mapError(fs.exists(file), unusable))) return Option.none()
      const text = yield* Effect.mapError(fs.readFileString(file), unusable)
      return Option.some(
        yield* Effect.mapError(
          Schema.decode(SavedJson)(text),
          (error) =>
            new FolderUnusable({
              directory,
              reason: `state.json is not a saved state: ${ParseResult.ArrayFormatter.formatErrorSync(error)
                .slice(0, 3)
                .map((issue) => `${issue.path.join(".")}: ${issue.message}`)
                .join("; ")}`
            })
        )
      )
    })
    const loaded = yield* read

    const save = (saved: Saved) =>
      Effect.gen(function* () {
        const text = yield* Schema.encode(SavedJson)(saved)
        yield* Effect.scoped(
          Effect.gen(function* () {
            const handle = yield* fs.open(temporary, { flag: "w", mode: 0o600 })
            yield* handle.writeAll(new TextEncoder().encode(`${text}\n`))
            yield* handle.sync
          })
        )
        yield* fs.rename(temporary, file)
      }).pipe(Effect.orDie)

    return { load: Effect.succeed(loaded), save }
  })
