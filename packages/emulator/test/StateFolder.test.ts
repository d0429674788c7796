import * as FileSystem from "@effect/platform/FileSystem"
import * as NodeContext from "@effect/platform-node/NodeContext"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { Emulator } from "../src/Emulator.js"
import * as StateFolder from "../src/StateFolder.js"
import { inMemory, session, withCluster } from "./support/calls.js"

const folder = Effect.flatMap(FileSystem.FileSystem, (fs) => fs.makeTempDirectoryScoped())

/** One life of an emulator on a folder. */
const life = <A, E>(
  directory: string,
  effect: Effect.Effect<A, E, Effect.Effect.Context<typeof withCluster> | Emulator>
) =>
  Effect.flatMap(StateFolder.make(directory), (storage) =>
    Effect.provide(effect, inMemory({ latencies: "instant", storage }))
  ).pipe(Effect.scoped)

describe("StateFolder", () => {
  it.scoped("what was changed is there in the next life, counts included", () =>
    Effect.gen(function* () {
      const directory = yield* folder
      const { at, id } = yield* life(directory, withCluster)
      yield* life(
        directory,
        Effect.gen(function* () {
          const { writes } = yield* Emulator
          const { get } = yield* session
          assert.strictEqual((yield* get(`${at}/shards`)).body.shards.length, 2)
          assert.deepStrictEqual(yield* writes, { CreateCluster: 1 })
          assert.strictEqual((yield* get(`/v1/clusters/${id}`)).body.name, "source-cluster")
          yield* Effect.flatMap(Emulator, ({ reset }) => reset)
        })
      )
      yield* life(
        directory,
        Effect.gen(function* () {
          assert.deepStrictEqual((yield* (yield* session).get("/v1/clusters")).body, { clusters: [] })
        })
      )
    }).pipe(Effect.provide(NodeContext.layer))
  )

  it.scoped("a second emulator is refused while the first lives, and not after", () =>
    Effect.gen(function* () {
      const directory = yield* folder
      yield* Effect.scoped(
        Effect.gen(function* () {
          yield* StateFolder.make(directory)
          const error = yield* Effect.flip(StateFolder.make(directory))
          assert.strictEqual(error._tag, "FolderLocked")
          assert.include(error.message, `process ${process.pid}`)
        })
      )
      yield* StateFolder.make(directory)
    }).pipe(Effect.provide(NodeContext.layer))
  )

  it.scoped("a lock of another living process holds; one of a process that is gone, or is another now, does not", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const directory = yield* folder
      const lock = (text: string) => fs.writeFileString(`${directory}/lock`, text)
      yield* lock(`${process.ppid}\n`)
      const error = yield* Effect.flip(StateFolder.make(directory))
      assert.deepStrictEqual([error._tag, "pid" in error ? error.pid : 0], ["FolderLocked", process.ppid])
      for (const text of ["4194999 \n", `${process.pid} 1\n`, "nonsense", ""]) {
        yield* lock(text)
        yield* Effect.scoped(StateFolder.make(directory))
        assert.isFalse(yield* fs.exists(`${directory}/lock`))
      }
      assert.deepStrictEqual(yield* fs.readDirectory(directory), [])
    }).pipe(Effect.provide(NodeContext.layer))
  )

  it.scoped("a state that cannot be read is refused with the reason, and left as it is", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const directory = yield* folder
      for (const text of ["{", '{"version":2}']) {
        yield* fs.writeFileString(`${directory}/state.json`, text)
        const error = yield* Effect.flip(Effect.scoped(StateFolder.make(directory)))
        assert.match(error.message, /state\.json is not a saved state/)
        assert.strictEqual(yield* fs.readFileString(`${directory}/state.json`), text)
      }
    }).pipe(Effect.provide(NodeContext.layer))
  )

  it.scoped("a write that was cut off leaves the last whole state", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const directory = yield* folder
      yield* life(directory, withCluster)
      yield* fs.writeFileString(`${directory}/state.json.tmp`, '{"version":1,"sta')
      const { load } = yield* StateFolder.make(directory)
      assert.deepStrictEqual(
        Option.map(yield* load, ({ writes }) => writes),
        Option.some({ CreateCluster: 1 })
      )
    }).pipe(Effect.provide(NodeContext.layer))
  )
})
