import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Queue from "effect/Queue"
import * as TestClock from "effect/TestClock"
import { DeleteShard } from "../src/DeleteShard.js"
import * as MemStore from "../src/MemStore.js"
import * as UndiciHttpClient from "../src/UndiciHttpClient.js"
import { type RawReply, rawServer } from "./support/RawServer.js"
import { clusterId, shardId, token } from "./support/samples.js"

const deleteShard = Effect.flatMap(DeleteShard, (call) => call({ clusterId, shardId }))

const clients = {
  UndiciHttpClient: UndiciHttpClient.layer,
  "a changed UndiciHttpClient": Layer.effect(
    HttpClient.HttpClient,
    Effect.map(HttpClient.HttpClient, HttpClient.mapRequest(HttpClientRequest.setHeader("x-changed", "yes")))
  ).pipe(Layer.provide(UndiciHttpClient.layer)),
  undici: NodeHttpClient.layerUndici,
  "node:http": NodeHttpClient.layer,
  fetch: FetchHttpClient.layer
}

for (const [name, http] of Object.entries(clients)) {
  const over = (url: string) => MemStore.layer({ baseUrl: url, token }).pipe(Layer.provide(http))
  const against = (reply: () => RawReply) =>
    Effect.flatMap(rawServer(reply), (server) => Effect.provide(Effect.flip(deleteShard), over(server.url)))

  describe(`real failures through ${name}`, () => {
    it.scoped("a connection closed without an answer may have been a change", () =>
      Effect.gen(function* () {
        const error = yield* against(() => undefined)
        assert.deepInclude(error, { _tag: "TransportError", sent: true, operation: "DeleteShard", attempt: 1 })
      })
    )

    it.scoped("a connection closed in the middle of an answer may have been a change", () =>
      Effect.gen(function* () {
        const error = yield* against(() => 'HTTP/1.1 200 OK\r\ncontent-length: 52\r\n\r\n{"objectId": "')
        assert.deepInclude(error, { _tag: "TransportError", sent: true })
      })
    )

    it.scoped("an answer that is not HTTP may have been a change", () =>
      Effect.gen(function* () {
        const error = yield* against(() => "what?\r\n\r\n")
        assert.deepInclude(error, { _tag: "TransportError", sent: true })
      })
    )

    it.scoped("of a refusal without an end only the beginning is read", () =>
      Effect.gen(function* () {
        const head = "HTTP/1.1 500 Internal Server Error\r\ncontent-length: 100000000\r\n\r\n"
        const server = yield* rawServer(() => ({ begun: `${head}${"no ".repeat(50_000)}` }))
        const error = yield* Effect.provide(Effect.flip(deleteShard), over(server.url))
        assert.deepInclude(error, { _tag: "ServerError", status: 500 })
        assert.strictEqual("body" in error ? error.body.length : 0, 2048)
        yield* Queue.take(server.closed)
      })
    )

    it.scoped("a port nobody listens on changed nothing", () =>
      Effect.gen(function* () {
        const { url } = yield* Effect.scoped(rawServer(() => undefined))
        const fiber = yield* Effect.fork(Effect.provide(Effect.flip(deleteShard), over(url)))
        const error = yield* Effect.raceFirst(
          Fiber.join(fiber),
          Effect.forever(
            Effect.zipRight(
              TestClock.adjust("1 second"),
              Effect.promise(() => new Promise(setImmediate))
            )
          )
        )
        assert.deepInclude(error, { _tag: "TransportError", sent: false, attempt: 4 })
      })
    )

    it.scoped("an interrupted call closes its connection", () =>
      Effect.gen(function* () {
        const server = yield* rawServer(() => "hang")
        const fiber = yield* Effect.fork(Effect.provide(deleteShard, over(server.url)))
        yield* Queue.take(server.requests)
        assert.isTrue(Exit.isInterrupted(yield* Fiber.interrupt(fiber)))
        yield* Queue.take(server.closed)
        assert.strictEqual(yield* Queue.size(server.requests), 0)
      })
    )

    it.scoped("a call that takes too long closes its connection", () =>
      Effect.gen(function* () {
        const server = yield* rawServer(() => "hang")
        const fiber = yield* Effect.fork(Effect.provide(Effect.flip(deleteShard), over(server.url)))
        yield* Queue.take(server.requests)
        yield* TestClock.adjust("30 seconds")
        assert.strictEqual((yield* Fiber.join(fiber))._tag, "RequestTimeout")
        yield* Queue.take(server.closed)
      })
    )
  })
}
