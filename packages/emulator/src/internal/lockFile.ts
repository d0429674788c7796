import * as FileSystem from "@effect/platform/FileSystem"
import * as Path from "@effect/platform/Path"
import * as Effect from "effect/Effect"
import { FolderLocked, FolderUnusable } from "../EmulatorError.js"

const heldHere = new Set<string>()

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return typeof error === "object" && error !== null && "code" in error && error.code === "EPERM"
  }
}

/** When a process began, as Linux tells it; `""` elsewhere. It tells a process from a later one with the same id. */
const beginning = (pid: number) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const text = yield* fs.readFileString(`/proc/${pid}/stat`)
    return (
      text
        .slice(text.lastIndexOf(")") + 2)
        .split(" ")
        .at(19) ?? ""
    )
  }).pipe(Effect.orElseSucceed(() => ""))

const holderOf = (content: string) =>
  Effect.gen(function* () {
    const [id = "", began = ""] = content.trim().split(" ")
    const pid = Number(id)
    if (!Number.isInteger(pid) || pid <= 0) return undefined
    if (pid === process.pid) return undefined
    if (!isAlive(pid)) return undefined
    return began === "" || (yield* beginning(pid)) === began ? pid : undefined
  })

/** Whether a folder was held by a process that is gone. One without a lock is of nobody, or about to be held. */
export const isLeft = (directory: string) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const key = yield* fs.realPath(directory)
    const content = yield* fs.readFileString(path.join(key, "lock"))
    return !heldHere.has(key) && (yield* holderOf(content)) === undefined
  }).pipe(Effect.orElseSucceed(() => false))

/**
 * Holds `lock` in a folder until the scope ends.
 *
 * The file comes into being with its content (a link to a finished one), so that nobody sees it half written. A lock of a
 * process that is gone is moved away first; should another one have taken it in between, it is put back.
 */
export const hold = (directory: string) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const unusable = (cause: { readonly message: string }) => new FolderUnusable({ directory, reason: cause.message })
    const key = yield* Effect.mapError(fs.realPath(directory), unusable)
    const lock = path.join(key, "lock")
    const mine = path.join(key, `lock.${process.pid}`)
    const stale = path.join(key, `lock.${process.pid}.stale`)

    const read = Effect.orElseSucceed(fs.readFileString(lock), () => "")
    const clearStale = Effect.gen(function* () {
      const content = yield* read
      const holder = yield* holderOf(content)
      if (holder !== undefined) return yield* new FolderLocked({ directory, pid: holder })
      yield* Effect.ignore(fs.rename(lock, stale))
      const moved = yield* Effect.orElseSucceed(fs.readFileString(stale), () => content)
      if (moved !== content) yield* Effect.ignore(fs.link(stale, lock))
      yield* Effect.ignore(fs.remove(stale))
    })
    const take = Effect.gen(function* () {
      if (heldHere.has(key)) return yield* new FolderLocked({ directory, pid: process.pid })
      yield* Effect.mapError(fs.writeFileString(mine, `${process.pid} ${yield* beginning(process.pid)}\n`), unusable)
      const link = Effect.isSuccess(fs.link(mine, lock))
      const taken = (yield* link) || (yield* Effect.zipRight(clearStale, link))
      if (!taken) {
        const holder = yield* holderOf(yield* read)
        return yield* new FolderLocked({ directory, pid: holder ?? 0 })
      }
      heldHere.add(key)
    }).pipe(Effect.ensuring(Effect.ignore(fs.remove(mine))))

    yield* Effect.acquireRelease(take, () =>
      Effect.zipRight(
        Effect.sync(() => heldHere.delete(key)),
        Effect.ignore(fs.remove(lock))
      )
    )
  })
