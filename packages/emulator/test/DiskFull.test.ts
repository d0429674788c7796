import { spawnSync } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as FileSystem from "@effect/platform/FileSystem"
import * as NodeContext from "@effect/platform-node/NodeContext"
import { assert, it } from "@effect/vitest"
import { CreateBackup, CreateCluster, GetCluster, ListBackups } from "@memstore-flows/api"
import * as Effect from "effect/Effect"
import { Emulator } from "../src/Emulator.js"
import * as EmulatorClient from "../src/EmulatorClient.js"
import * as RedisPlane from "../src/RedisPlane.js"
import { becomes, settled } from "./contract/story.js"
import { send } from "./support/calls.js"
import { cluster } from "./support/samples.js"

const disk = (megabytes: number): string | undefined => {
  if (process.platform !== "linux" || process.getuid?.() !== 0) return undefined
  const folder = mkdtempSync(join(tmpdir(), "memstore-disk-"))
  const { status } = spawnSync("mount", ["-t", "tmpfs", "-o", `size=${megabytes}m`, "tmpfs", folder])
  if (status === 0) return folder
  rmSync(folder, { recursive: true })
  return undefined
}

/** A disk of its own for the plane; only root can have one. */
const small = Effect.acquireRelease(
  Effect.sync(() => disk(24)),
  (folder) =>
    Effect.sync(() => {
      if (folder === undefined) return
      spawnSync("umount", ["-l", folder])
      rmSync(folder, { recursive: true })
    })
)

const missing = (await Effect.runPromise(Effect.either(RedisPlane.find())))._tag === "Left"

it.scopedLive.skipIf(missing)(
  "a backup for which the disk has no room ends in error with its reason, and harms nothing",
  (context) =>
    Effect.gen(function* () {
      const directory = yield* small
      if (directory === undefined) return context.skip("no disk can be mounted")
      yield* Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        const emulator = yield* Emulator
        const [create, get, backup, list] = yield* Effect.all([CreateCluster, GetCluster, CreateBackup, ListBackups])
        const { objectId: clusterId } = yield* create(cluster({ name: "full" }, 1, 2))
        yield* settled(clusterId)
        yield* emulator.loadKeys({ clusterId, count: 20_000, bytesPerKey: 100 })
        const filler = `${directory}/filler`
        const taken = (name: string) =>
          Effect.gen(function* () {
            yield* backup({ clusterId, name })
            const one = Effect.map(list({}), ({ backups }) => backups.find((each) => each.name === name))
            yield* becomes(
              "an end",
              Effect.map(one, (each) => /Available|Error/.test(each?.status ?? ""))
            )
            return yield* one
          })
        yield* Effect.ignore(fs.writeFile(filler, new Uint8Array(32 * 1024 * 1024)))

        const failed = yield* taken("no-room")
        assert.strictEqual(failed?.status, "Error")
        const { body } = yield* Effect.provide(send("GET", "/_emulator/state"), EmulatorClient.layer())
        assert.match(body.dataPlane.failures[failed?.id ?? ""], /No space left on device/)
        assert.deepStrictEqual(yield* fs.readDirectory(`${directory}/plane/backups`), [])
        assert.strictEqual((yield* get({ clusterId })).status, "Running")
        assert.strictEqual((yield* emulator.census(clusterId))[0]?.keys, 20_000)

        yield* fs.remove(filler)
        assert.strictEqual((yield* taken("room"))?.status, "Available")
      }).pipe(Effect.provide(RedisPlane.layerMemStore({ redis: { directory: `${directory}/plane` } })))
    }).pipe(Effect.provide(NodeContext.layer)),
  60_000
)
