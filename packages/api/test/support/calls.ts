import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as TestClock from "effect/TestClock"
import { CreateCluster } from "../../src/CreateCluster.js"
import { DeleteShard } from "../../src/DeleteShard.js"
import { ListShards } from "../../src/ListShards.js"
import * as MemStore from "../../src/MemStore.js"
import type { MemStoreClientOptions } from "../../src/MemStoreClient.js"
import { fakeHttp, type Reply, type Seen } from "./FakeHttp.js"
import { cluster, clusterId, shardId, token } from "./samples.js"

export const accepted = { status: 200, body: { objectId: clusterId } } as const

export const listShards = Effect.flatMap(ListShards, (call) => call({ clusterId }))
export const deleteShard = Effect.flatMap(DeleteShard, (call) => call({ clusterId, shardId }))
export const create = Effect.flatMap(CreateCluster, (call) => call(cluster))

export const serve = (reply: (seen: Seen, index: number) => Reply, options: MemStoreClientOptions = {}) => {
  const http = fakeHttp(reply)
  return { ...http, layer: MemStore.layer({ token, ...options }).pipe(Layer.provide(http.layer)) }
}

/** Runs a call while the test clock goes on as far as it must. */
export const settle = <A, E, R>(call: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const fiber = yield* Effect.fork(Effect.either(call))
    yield* TestClock.adjust("10 minutes")
    return yield* Fiber.join(fiber)
  })

export const failureOf = <A, E, R>(call: Effect.Effect<A, E, R>) =>
  Effect.flatMap(settle(call), (result) =>
    Either.isLeft(result) ? Effect.succeed(result.left) : Effect.dieMessage("the call succeeded")
  )
