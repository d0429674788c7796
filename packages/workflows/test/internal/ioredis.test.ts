import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { Cluster, Redis } from "ioredis"
import { outlivingAsking } from "../../src/internal/ioredis.js"

/** Promises that were rejected, and that nobody had asked, while an effect ran. */
const unhandledIn = (effect: Effect.Effect<void>) =>
  Effect.acquireUseRelease(
    Effect.sync(() => {
      const reasons: Array<unknown> = []
      const others = process.listeners("unhandledRejection")
      process.removeAllListeners("unhandledRejection")
      process.on("unhandledRejection", (reason) => void reasons.push(reason))
      return { reasons, others }
    }),
    ({ reasons }) =>
      Effect.zipRight(
        effect,
        Effect.async<ReadonlyArray<unknown>>((resume) => {
          // Node tells of them when the microtasks are done.
          setImmediate(() => setImmediate(() => resume(Effect.succeed(reasons))))
        })
      ),
    ({ others }) =>
      Effect.sync(() => {
        process.removeAllListeners("unhandledRejection")
        for (const each of others) process.on("unhandledRejection", each)
      })
  )

/** A node that the cluster has found, and whose connection is cut after the driver has sent ASKING. */
const cutAfterAsking = (prepare: (cluster: Cluster) => Cluster) =>
  Effect.sync(() => {
    const cluster = prepare(new Cluster([{ host: "127.0.0.1", port: 1 }], { lazyConnect: true }))
    const node = new Redis({ host: "127.0.0.1", port: 1, lazyConnect: true, retryStrategy: () => null })
    node.on("error", () => undefined)
    cluster.emit("+node", node)
    void node.asking()
    node.disconnect()
  })

it.live("a connection that is cut after ASKING ends no process", () =>
  Effect.gen(function* () {
    const bare = yield* unhandledIn(
      Effect.zipRight(
        cutAfterAsking((cluster) => cluster),
        Effect.sleep("50 millis")
      )
    )
    assert.strictEqual(bare.length, 1, "the driver has learned it: this can go")
    const ours = yield* unhandledIn(Effect.zipRight(cutAfterAsking(outlivingAsking), Effect.sleep("50 millis")))
    assert.deepStrictEqual(ours, [])
  })
)
