import { assert, describe, it } from "@effect/vitest"
import * as MemStore from "@memstore-flows/api/MemStore"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as DataPlane from "../../src/DataPlane.js"
import * as Emulator from "../../src/Emulator.js"
import * as EmulatorClient from "../../src/EmulatorClient.js"
import * as RedisPlane from "../../src/RedisPlane.js"
import { endpoints, writer } from "../support/writer.js"
import { afterlife, life, repeated } from "./story.js"

const found = await Effect.runPromise(Effect.either(RedisPlane.find()))

const cloud = <E, R>(plane: Effect.Effect<DataPlane.DataPlane, E, R>) =>
  MemStore.layer({ credential: Emulator.defaultCredential }).pipe(
    Layer.provide(EmulatorClient.layer()),
    Layer.provideMerge(
      Layer.scoped(
        Emulator.Emulator,
        Effect.flatMap(plane, (each) => Emulator.make({ plane: repeated(each), latencies: "instant" }))
      )
    )
  )

const simulated = Effect.gen(function* () {
  const { clusterId, seen } = yield* life(() => Effect.void)
  return [...seen, ...(yield* afterlife(clusterId))]
}).pipe(Effect.provide(cloud(Effect.succeed(DataPlane.simulated))))

const visible = (seen: unknown): unknown =>
  JSON.parse(JSON.stringify(seen, (key, each) => (/usedMemory|keys/.test(key) ? undefined : each)))

describe("the contract of data planes", { timeout: 120_000 }, () => {
  it.scopedLive("simulated nodes live through all operations and faults, told twice", () =>
    Effect.map(simulated, (seen) => assert.lengthOf(seen, 14))
  )

  it.scopedLive.skipIf(found._tag === "Left")(
    "real servers show what simulated ones show, and lose no key of a writer that never stops",
    () =>
      Effect.gen(function* () {
        const expected = yield* simulated
        let load: Effect.Effect.Success<ReturnType<typeof writer>> | undefined
        const { clusterId, seen } = yield* life((id) =>
          Effect.gen(function* () {
            load = yield* writer(yield* endpoints(id), 6379)
          })
        )
        const counted = load === undefined ? undefined : yield* load.count
        assert.deepStrictEqual([counted?.lost.slice(0, 3), counted?.errors.slice(0, 3)], [[], []])
        assert.isAbove(counted?.acknowledged ?? 0, 1000)
        assert.deepStrictEqual(visible([...seen, ...(yield* afterlife(clusterId))]), visible(expected))
      }).pipe(Effect.provide(cloud(RedisPlane.make())))
  )
})
