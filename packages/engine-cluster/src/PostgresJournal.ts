/**
 * The journal in PostgreSQL.
 *
 * @since 0.1.0
 */
import * as PgClient from "@effect/sql-pg/PgClient"
import { Journal, type JournalError } from "@memstore-flows/engine/Journal"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { alone, migrate, refail } from "./internal/migrate.js"
import * as store from "./internal/store.js"
import * as writer from "./internal/writer.js"

/**
 * `prefix` (`memstore_flows`) begins the names of the tables: lower-case letters, digits and underscores, at most 40.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  readonly prefix?: string
}

const open = (sql: PgClient.PgClient, prefix: string) =>
  alone(sql, prefix, (connection) =>
    Effect.gen(function* () {
      yield* migrate(connection, prefix)
      const rows = yield* connection.executeValues(
        `INSERT INTO ${prefix}_owner (name) VALUES ('alone') RETURNING epoch::float8`,
        []
      )
      const epoch = Number(rows[0]?.[0])
      yield* connection.executeRaw(`UPDATE ${prefix}_run SET epoch = $1 WHERE ended_at IS NULL`, [epoch])
      return epoch
    }).pipe(Effect.catchTag("SqlError", (error) => Effect.fail(refail("open")(error))))
  )

/**
 * A journal for one engine at a time: it takes over every run that has not ended, and an engine that had them can write
 * nothing more of them. For several runners at once there is `EngineCluster`.
 *
 * Writes made at the same time share a transaction. What has been written survives a power cut if the server has `fsync`
 * and `synchronous_commit` on, which they are unless somebody turned them off.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (options: Options = {}): Layer.Layer<Journal, JournalError, PgClient.PgClient> =>
  Layer.scoped(
    Journal,
    Effect.gen(function* () {
      const { prefix = "memstore_flows" } = options
      const sql = yield* PgClient.PgClient
      const epoch = yield* open(sql, prefix)
      const written = yield* writer.make(sql, prefix, epoch)
      return store.make({ sql, prefix, writer: written })
    })
  )
