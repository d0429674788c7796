/**
 * The folder of a data plane: what is where, and what must outlive it.
 *
 * - `plane.json`: the range of addresses
 * - `clusters/ID/access.json`: how the servers of a cluster are entered; `open.json`: slots between two owners
 * - `clusters/ID/nodes/ID/`: what one server needs and keeps
 * - `backups/ID/`: a dump of each shard and `manifest.json`
 */
import * as FileSystem from "@effect/platform/FileSystem"
import * as Path from "@effect/platform/Path"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { FilesUnusable } from "./RedisError.js"

/** How the servers of a cluster are entered. `hash`: SHA-256 in hex. */
export const Access = Schema.Struct({
  admin: Schema.Struct({ name: Schema.String, password: Schema.String, hash: Schema.String }),
  user: Schema.NullOr(Schema.Struct({ name: Schema.String, hash: Schema.String }))
})
export type Access = typeof Access.Type

/** Slots that are being moved: `from` and `to` are shards. */
export const OpenSlots = Schema.Struct({ from: Schema.String, to: Schema.String, slots: Schema.Array(Schema.Int) })
export type OpenSlots = typeof OpenSlots.Type

/** What a backup consists of. `version`: of the program that wrote it. */
export const Manifest = Schema.Struct({
  engine: Schema.String,
  version: Schema.String,
  shards: Schema.Array(
    Schema.Struct({
      file: Schema.String,
      slots: Schema.String,
      keys: Schema.Number,
      usedMemory: Schema.Number,
      bytes: Schema.Number,
      sha256: Schema.String
    })
  )
})
export type Manifest = typeof Manifest.Type

/** What holds for the whole plane. `range`: the first two numbers of its addresses. */
export const Plane = Schema.Struct({ version: Schema.Literal(1), range: Schema.String })
export type Plane = typeof Plane.Type

const unusable = (cause: { readonly message: string }) => new FilesUnusable({ reason: cause.message })

/** A folder and the files in it. Files are replaced as a whole, and only their owner may read them. */
export const make = (directory: string) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    yield* Effect.mapError(fs.makeDirectory(directory, { recursive: true, mode: 0o700 }), unusable)

    const write = (file: string, text: string) =>
      Effect.gen(function* () {
        yield* fs.makeDirectory(path.dirname(file), { recursive: true, mode: 0o700 })
        yield* fs.writeFileString(`${file}.new`, text, { mode: 0o600 })
        yield* fs.rename(`${file}.new`, file)
      }).pipe(Effect.mapError(unusable))
    const record = <A, I>(file: string, schema: Schema.Schema<A, I>) => {
      const json = Schema.parseJson(schema)
      return {
        get: Effect.gen(function* () {
          if (!(yield* fs.exists(file))) return Option.none<A>()
          return Option.some(yield* Schema.decode(json)(yield* fs.readFileString(file)))
        }).pipe(Effect.mapError((error) => new FilesUnusable({ reason: `${file}: ${error.message}` }))),
        put: (value: A) => Effect.flatMap(Effect.orDie(Schema.encode(json)(value)), (text) => write(file, `${text}\n`)),
        remove: Effect.mapError(fs.remove(file, { force: true }), unusable)
      }
    }
    const clusters = path.join(directory, "clusters")
    const backups = path.join(directory, "backups")
    const cluster = (id: string) => path.join(clusters, id)
    const backup = (id: string) => path.join(backups, id)
    const node = (clusterId: string, nodeId: string) => path.join(cluster(clusterId), "nodes", nodeId)
    const list = (folder: string) => Effect.orElseSucceed(fs.readDirectory(folder), () => [])

    return {
      directory,
      join: path.join,
      plane: record(path.join(directory, "plane.json"), Plane),
      access: (clusterId: string) => record(path.join(cluster(clusterId), "access.json"), Access),
      openSlots: (clusterId: string) => record(path.join(cluster(clusterId), "open.json"), OpenSlots),
      manifest: (backupId: string) => record(path.join(backup(backupId), "manifest.json"), Manifest),
      cluster,
      node,
      backup,
      clusterIds: list(clusters),
      backupIds: list(backups),
      write,
      read: (file: string) => Effect.mapError(fs.readFileString(file), unusable),
      exists: (file: string) => Effect.orElseSucceed(fs.exists(file), () => false),
      folder: (folder: string) => Effect.mapError(fs.makeDirectory(folder, { recursive: true, mode: 0o700 }), unusable),
      remove: (file: string) => Effect.mapError(fs.remove(file, { recursive: true, force: true }), unusable),
      link: (from: string, to: string) => Effect.mapError(fs.link(from, to), unusable),
      copy: (from: string, to: string) => Effect.mapError(fs.copyFile(from, to), unusable),
      bytes: (file: string) =>
        Effect.mapError(
          Effect.map(fs.stat(file), ({ size }) => Number(size)),
          unusable
        ),
      stream: fs.stream
    } as const
  })

export type Plant = Effect.Effect.Success<ReturnType<typeof make>>
