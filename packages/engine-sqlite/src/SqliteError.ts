/**
 * Why a file cannot hold the journal.
 *
 * @since 0.1.0
 */
import * as DateTime from "effect/DateTime"
import * as Schema from "effect/Schema"

/**
 * The process that has a file open. `since` is in milliseconds of the epoch.
 *
 * @since 0.1.0
 * @category models
 */
export const Holder = Schema.Struct({ pid: Schema.Number, host: Schema.String, since: Schema.Number })

/**
 * @since 0.1.0
 * @category models
 */
export type Holder = typeof Holder.Type

/**
 * Another process, or another layer of this one, has the file open.
 *
 * `holder` is `null` if it has not said who it is. A process that was killed holds nothing.
 *
 * @since 0.1.0
 * @category errors
 */
export class FileInUse extends Schema.TaggedError<FileInUse>("@memstore-flows/engine-sqlite/FileInUse")("FileInUse", {
  file: Schema.String,
  holder: Schema.NullOr(Holder)
}) {
  override get message(): string {
    if (!this.holder) return `${this.file} is open in another process`
    const { host, pid, since } = this.holder
    return `${this.file} is open in process ${pid} on ${host} since ${DateTime.formatIso(DateTime.unsafeMake(since))}`
  }
}

/**
 * The file cannot be opened as a journal. It is left as it is.
 *
 * - `driver`: the native part of `libsql` does not load on this machine
 * - `open`: the file or its folder cannot be made, read or written
 * - `foreign`: it is no SQLite file, or one of another program
 * - `newer`: a later version of this package wrote it
 * - `corrupt`: it is damaged
 *
 * @since 0.1.0
 * @category errors
 */
export class SqliteUnavailable extends Schema.TaggedError<SqliteUnavailable>(
  "@memstore-flows/engine-sqlite/SqliteUnavailable"
)("SqliteUnavailable", {
  file: Schema.String,
  reason: Schema.Literal("driver", "open", "foreign", "newer", "corrupt"),
  detail: Schema.String
}) {
  override get message(): string {
    return `${this.file} cannot hold a journal (${this.reason}): ${this.detail}`
  }
}
