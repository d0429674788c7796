import { existsSync, mkdirSync } from "node:fs"
import { dirname } from "node:path"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import type Libsql from "libsql"
import { FileInUse, SqliteUnavailable } from "../SqliteError.js"
import * as holder from "./holder.js"
import { inspect, migrate, version } from "./schema.js"

/** @internal */
export interface Settings {
  readonly file: string
  readonly synchronous: "FULL" | "NORMAL"
}

const codeOf = (error: unknown): string =>
  error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : ""

/** @internal */
export const detailOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

class Busy {
  readonly _tag = "Busy"
}

const refused = (file: string, error: unknown): SqliteUnavailable | Busy => {
  if (error instanceof SqliteUnavailable) return error
  const code = codeOf(error)
  if (code.startsWith("SQLITE_BUSY") || code.startsWith("SQLITE_LOCKED")) return new Busy()
  const detail = detailOf(error)
  if (code === "SQLITE_NOTADB") return new SqliteUnavailable({ file, reason: "foreign", detail })
  const damaged = code.startsWith("SQLITE_CORRUPT") || code === "SQLITE_ERROR"
  return new SqliteUnavailable({ file, reason: damaged ? "corrupt" : "open", detail })
}

const load = (file: string) =>
  Effect.tryPromise({
    try: async () => (await import("libsql")).default,
    catch: (error) => new SqliteUnavailable({ file, reason: "driver", detail: detailOf(error) })
  })

/** The version of the file's tables, if they are ours and this package can read them. */
const versionOf = (db: Libsql.Database, file: string): number => {
  const content = inspect(db)
  if (content === "foreign") {
    throw new SqliteUnavailable({ file, reason: "foreign", detail: "it has the tables of another program" })
  }
  if (content.version <= version) return content.version
  const detail = `its tables have version ${content.version}; use the version of this package that wrote it, or a later one`
  throw new SqliteUnavailable({ file, reason: "newer", detail })
}

/**
 * SQLite keeps the lock until the last prepared statement is garbage. In exclusive mode, leaving WAL and then reading
 * once gives it back at once.
 */
const release = (db: Libsql.Database): void => {
  try {
    db.exec("PRAGMA journal_mode = DELETE")
    db.exec("PRAGMA locking_mode = NORMAL")
    db.exec("SELECT count(*) FROM sqlite_master")
  } finally {
    db.close()
  }
}

/** Reads the whole file: done only when the process before did not close it. */
const check = (db: Libsql.Database, file: string): void => {
  const row = db.prepare("PRAGMA quick_check(1)").raw().get()
  const detail = Array.isArray(row) ? String(row[0]) : "unreadable"
  if (detail !== "ok") throw new SqliteUnavailable({ file, reason: "corrupt", detail })
}

const take = (db: Libsql.Database, { file, synchronous }: Settings, unclean: boolean): void => {
  versionOf(db, file)
  db.exec("PRAGMA locking_mode = EXCLUSIVE")
  try {
    db.exec("BEGIN EXCLUSIVE")
    if (unclean) check(db, file)
    migrate(db, versionOf(db, file))
    db.exec("COMMIT")
    db.exec("PRAGMA journal_mode = WAL")
    db.exec(`PRAGMA synchronous = ${synchronous}`)
    // What fsync does not do on macOS: the drive's own cache is emptied too.
    db.exec(`PRAGMA fullfsync = ${synchronous === "FULL" ? 1 : 0}`)
    db.exec("BEGIN IMMEDIATE")
    db.exec("COMMIT")
  } catch (error) {
    db.exec("PRAGMA locking_mode = NORMAL")
    throw error
  }
}

const attempt = (driver: typeof Libsql, settings: Settings) =>
  Effect.try({
    try: () => {
      mkdirSync(dirname(settings.file), { recursive: true })
      const unclean = existsSync(`${settings.file}-wal`)
      const db = new driver(settings.file)
      try {
        take(db, settings, unclean)
        return db
      } catch (error) {
        db.close()
        throw error
      }
    },
    catch: (error) => refused(settings.file, error)
  })

const tries = 25

/** A lock whose holder cannot be named is being taken or given back: that lasts a moment. */
const acquire = (
  driver: typeof Libsql,
  settings: Settings,
  left: number
): Effect.Effect<Libsql.Database, SqliteUnavailable | FileInUse> =>
  Effect.catchTag(attempt(driver, settings), "Busy", () => {
    const { file } = settings
    const known = holder.read(file)
    if (Option.isSome(known) || left === 0) return new FileInUse({ file, holder: Option.getOrNull(known) })
    const pause = Effect.withClock(Effect.sleep("20 millis"), Clock.make())
    return Effect.zipRight(pause, acquire(driver, settings, left - 1))
  })

/** @internal The file, open for this process alone until the scope ends. */
export const open = (settings: Settings): Effect.Effect<Libsql.Database, SqliteUnavailable | FileInUse, Scope.Scope> =>
  Effect.flatMap(load(settings.file), (driver) =>
    Effect.acquireRelease(
      Effect.zipWith(acquire(driver, settings, tries), Clock.currentTimeMillis, (db, now) => {
        holder.write(settings.file, now)
        return db
      }),
      (db) =>
        Effect.ignoreLogged(
          Effect.try(() => {
            holder.clear(settings.file)
            release(db)
          })
        )
    )
  )
