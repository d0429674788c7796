/**
 * The journal of the engine in one SQLite file.
 *
 * @since 0.1.0
 */
import { resolve } from "node:path"
import { Journal, type Service } from "@memstore-flows/engine/Journal"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { detailOf, open } from "./internal/connection.js"
import * as group from "./internal/group.js"
import * as store from "./internal/store.js"
import { type FileInUse, SqliteUnavailable } from "./SqliteError.js"

export * from "./SqliteError.js"

/**
 * `file` is made, with its folder, if it is not there. It belongs on a local disk, not on a network share.
 *
 * `synchronous` says what a power cut or a crash of the operating system may take. A killed process loses nothing that
 * was recorded, in either.
 *
 * - `FULL` (default): nothing. Each commit is on the disk before a step returns; writes made at the same time share it.
 * - `NORMAL`: perhaps the last records. The file stays whole, and those steps run again. Choose it only where a step
 *   that runs twice does no harm.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  readonly file: string
  readonly synchronous?: "FULL" | "NORMAL"
}

const make = ({ file, synchronous = "FULL" }: Options) =>
  Effect.gen(function* () {
    const path = resolve(file)
    const db = yield* open({ file: path, synchronous })
    const damaged = (error: unknown) =>
      new SqliteUnavailable({ file: path, reason: "corrupt", detail: detailOf(error) })
    const tables = yield* Effect.try({ try: () => store.make(db), catch: damaged })
    const { close, read, write } = group.make(db)
    yield* Effect.addFinalizer(() => close)
    const service: Service = {
      insert: (run, { wait }) => write("insert", () => tables.insert(run, wait)),
      get: (id) => read("get", () => tables.get(id)),
      update: (id, change) => write("update", () => tables.update(id, change)),
      finish: (id, end) => write("finish", () => tables.finish(id, end)),
      list: (query) => read("list", () => tables.list(query)),
      entries: (run) => read("entries", () => tables.entries(run)),
      append: (entry) => write("append", () => tables.append(entry), true),
      evict: ({ endedBefore, keep }) => write("evict", () => tables.evict(endedBefore, keep))
    }
    return service
  })

/**
 * A journal in a file, which this layer alone has open: a second process, or a second layer in this one, is refused with
 * `FileInUse`, which names the holder. The lock is the operating system's: it ends with the process, however that ends.
 *
 * Beside the file stand `-wal` (what was written last; part of the data) and `-holder` while it is open. The values in it
 * are what the schemas of payloads and steps encode to, as plain text.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (options: Options): Layer.Layer<Journal, SqliteUnavailable | FileInUse> =>
  Layer.scoped(Journal, make(options))
