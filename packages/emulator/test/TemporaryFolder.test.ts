import * as FileSystem from "@effect/platform/FileSystem"
import * as NodeContext from "@effect/platform-node/NodeContext"
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as TemporaryFolder from "../src/redis/TemporaryFolder.js"

/** No process has an id as high. */
const gone = 2 ** 31 - 1

it.scopedLive("a temporary folder removes those that killed processes left, and no others", () =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const parent = yield* fs.makeTempDirectoryScoped()
    const here = (name: string) => `${parent}/${name}`
    const lock = (name: string, content: string) =>
      Effect.zipRight(
        fs.makeDirectory(here(`${name}/data`), { recursive: true }),
        fs.writeFileString(here(`${name}/lock`), content)
      )
    yield* lock("memstore-emulator-killed", `${gone} 1\n`)
    yield* lock("memstore-emulator-earlier", `${process.pid} 1\n`)
    yield* lock("memstore-emulator-alive", `${process.ppid} \n`)
    yield* lock("other-killed", `${gone} 1\n`)
    yield* fs.makeDirectory(here("memstore-emulator-beginning"))
    const mine = yield* TemporaryFolder.make(parent)
    const [second, after] = yield* Effect.scoped(
      Effect.gen(function* () {
        const folder = yield* TemporaryFolder.make(parent)
        return [folder, yield* fs.readDirectory(parent)] as const
      })
    )
    const name = (folder: string) => folder.slice(parent.length + 1)
    const kept = ["memstore-emulator-alive", "memstore-emulator-beginning", "other-killed", name(mine)]
    assert.sameMembers(after, [...kept, name(second)])
    assert.sameMembers(yield* fs.readDirectory(parent), kept)
  }).pipe(Effect.provide(NodeContext.layer))
)
