import * as HttpClient from "@effect/platform/HttpClient"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Metric from "effect/Metric"
import * as Redacted from "effect/Redacted"
import * as Ref from "effect/Ref"
import * as TestClock from "effect/TestClock"
import { AddShard } from "../src/AddShard.js"
import { GetCluster } from "../src/GetCluster.js"
import { ListBackups } from "../src/ListBackups.js"
import * as MemStore from "../src/MemStore.js"
import { MemStoreClient } from "../src/MemStoreClient.js"
import * as Errors from "../src/MemStoreError.js"
import { RestoreCluster } from "../src/RestoreCluster.js"
import { TokenProvider } from "../src/TokenProvider.js"
import { accepted, create, deleteShard, failureOf, listShards, serve, settle } from "./support/calls.js"
import { fakeHttp, type Reply } from "./support/FakeHttp.js"
import { recordSpans } from "./support/recordSpans.js"
import { cluster, clusterId, restoreSource, shardId, subnetX, subnetY, token } from "./support/samples.js"

describe("addresses", () => {
  it.effect("the default address is that of the region", () =>
    Effect.gen(function* () {
      const { layer, seen } = serve(() => ({ status: 200, body: { shards: [] } }))
      yield* Effect.provide(listShards, layer)
      assert.strictEqual(seen[0]?.url, `https://redis.kr-central-2.kakaocloud.com/v1/clusters/${clusterId}/shards`)
    })
  )

  it.effect("another region or another base address replaces it", () =>
    Effect.gen(function* () {
      const one = serve(() => ({ status: 200, body: { shards: [] } }), { region: "kr-east-1" })
      const other = serve(() => ({ status: 200, body: { shards: [] } }), { baseUrl: "http://localhost:9999/" })
      yield* Effect.provide(listShards, one.layer)
      yield* Effect.provide(listShards, other.layer)
      assert.strictEqual(one.seen[0]?.url, `https://redis.kr-east-1.kakaocloud.com/v1/clusters/${clusterId}/shards`)
      assert.strictEqual(other.seen[0]?.url, `http://localhost:9999/v1/clusters/${clusterId}/shards`)
    })
  )

  it.effect("filters that are absent leave no trace in the address", () =>
    Effect.gen(function* () {
      const { layer, seen } = serve(() => ({ status: 200, body: { backups: [] } }))
      yield* Effect.flatMap(ListBackups, (call) => call({})).pipe(Effect.provide(layer))
      yield* Effect.flatMap(ListBackups, (call) => call({ clusterName: "a b&c" })).pipe(Effect.provide(layer))
      assert.deepStrictEqual(
        seen.map(({ url }) => new URL(url).pathname + new URL(url).search),
        ["/v1/backups", "/v1/backups?clusterName=a%20b%26c"]
      )
    })
  )

  it.effect("Content-Type goes with a call that has no body", () =>
    Effect.gen(function* () {
      const { layer, seen } = serve(() => accepted)
      yield* Effect.provide(deleteShard, layer)
      assert.strictEqual(seen[0]?.headers["content-type"], "application/json")
    })
  )
})

describe("what the page leaves open on the wire", () => {
  const add = Effect.flatMap(AddShard, (call) =>
    call({ clusterId, nodeCount: 2, subnetAssignments: { primary: subnetX, replicas: [subnetY] } })
  )
  const restore = Effect.flatMap(RestoreCluster, (call) => call({ ...cluster, restoreSource }))

  it.effect("AddShard sends one object, or an array when told so", () =>
    Effect.gen(function* () {
      const one = serve(() => accepted)
      const other = serve(() => accepted, { addShardAssignment: "array" })
      yield* Effect.provide(add, one.layer)
      yield* Effect.provide(add, other.layer)
      const assignment = { primary: subnetX, replicas: [subnetY] }
      assert.deepStrictEqual(JSON.parse(one.seen[0]?.body ?? ""), { nodeCount: 2, subnetAssignments: assignment })
      assert.deepStrictEqual(JSON.parse(other.seen[0]?.body ?? ""), { nodeCount: 2, subnetAssignments: [assignment] })
    })
  )

  it.effect("RestoreCluster sends backupName, or backupNames when told so", () =>
    Effect.gen(function* () {
      const one = serve(() => accepted)
      const other = serve(() => accepted, { backupNameField: "backupNames" })
      yield* Effect.provide(restore, one.layer)
      yield* Effect.provide(restore, other.layer)
      assert.deepStrictEqual(JSON.parse(one.seen[0]?.body ?? "").restoreSource, restoreSource)
      assert.deepStrictEqual(JSON.parse(other.seen[0]?.body ?? "").restoreSource, {
        backupNames: restoreSource.backupName
      })
    })
  )

  it.effect("a status word nobody documented is read", () =>
    Effect.gen(function* () {
      const shard = { id: "001", name: "a-001", slots: "", nodes: [], status: "Resting", createdAt: "", extra: 1 }
      const { layer } = serve(() => ({ status: 200, body: { shards: [shard], next: null } }))
      const { shards } = yield* Effect.provide(listShards, layer)
      assert.strictEqual(shards[0]?.status, "Resting")
    })
  )

  it.effect("a guessed field of another type than guessed reads as undefined", () =>
    Effect.gen(function* () {
      const { layer } = serve(() => ({
        status: 200,
        body: { id: clusterId, name: "a", port: "6379", status: "Running" }
      }))
      const found = yield* Effect.flatMap(GetCluster, (call) => call({ clusterId })).pipe(Effect.provide(layer))
      assert.strictEqual(found.port, undefined)
      assert.strictEqual(found.status, "Running")
    })
  )
})

describe("time", () => {
  it.effect("an attempt without an answer ends after the time allowed", () =>
    Effect.gen(function* () {
      const { layer, seen } = serve(() => "never", { attemptTimeout: "7 seconds" })
      const error = yield* Effect.provide(failureOf(deleteShard), layer)
      assert.deepInclude(error, { _tag: "RequestTimeout", afterMillis: 7000, attempt: 1 })
      assert.strictEqual(seen.length, 1)
    })
  )

  it.effect("a read is made again until it is answered", () =>
    Effect.gen(function* () {
      const { layer, seen } = serve((_, index) => (index < 2 ? { status: 500 } : { status: 200, body: { shards: [] } }))
      const result = yield* Effect.provide(settle(listShards), layer)
      assert.deepStrictEqual(result, Either.right({ shards: [] }))
      assert.strictEqual(seen.length, 3)
    })
  )

  it.effect("a read that always fails ends with the failure of its last attempt", () =>
    Effect.gen(function* () {
      const { layer, seen } = serve(() => ({ status: 500 }))
      const error = yield* Effect.provide(failureOf(listShards), layer)
      assert.deepInclude(error, { _tag: "ServerError", attempt: 4 })
      assert.strictEqual(seen.length, 4)
    })
  )

  const unknownEffect: ReadonlyArray<readonly [string, Reply]> = [
    ["500", { status: 500 }],
    ["503", { status: 503 }],
    ["a reset connection", { code: "ECONNRESET" }],
    ["a lost answer", { code: "UND_ERR_SOCKET" }],
    ["a time-out", "never"],
    ["a body that is no JSON", { status: 200, body: "oops" }]
  ]
  for (const [name, reply] of unknownEffect) {
    it.effect(`a write that ended with ${name} is ambiguous and is not made again`, () =>
      Effect.gen(function* () {
        const { layer, seen } = serve(() => reply)
        const error = yield* Effect.provide(failureOf(create), layer)
        assert.isTrue(Errors.isAmbiguous(error))
        assert.isFalse(Errors.isRefusal(error))
        assert.strictEqual(seen.length, 1)
      })
    )
  }

  const noEffect: ReadonlyArray<readonly [string, Reply]> = [
    ["429", { status: 429 }],
    ["a refused connection", { code: "ECONNREFUSED" }],
    ["a name that is not found", { code: "ENOTFOUND" }]
  ]
  for (const [name, reply] of noEffect) {
    it.effect(`a write that ended with ${name} had no effect and is made again`, () =>
      Effect.gen(function* () {
        const { layer, seen } = serve((_, index) => (index === 0 ? reply : accepted))
        const result = yield* Effect.provide(settle(create), layer)
        assert.deepStrictEqual(result, Either.right({ objectId: clusterId }))
        assert.strictEqual(seen.length, 2)
      })
    )
  }

  it.effect("Retry-After in seconds holds the next attempt back", () =>
    Effect.gen(function* () {
      const { layer, seen } = serve((_, index) =>
        index === 0 ? { status: 429, headers: { "retry-after": "5" } } : accepted
      )
      const fiber = yield* Effect.fork(Effect.provide(create, layer))
      yield* TestClock.adjust("4999 millis")
      assert.strictEqual(seen.length, 1)
      yield* TestClock.adjust("1 second")
      yield* Fiber.join(fiber)
      assert.strictEqual(seen.length, 2)
    })
  )

  it.effect("Retry-After as a date is read against the clock", () =>
    Effect.gen(function* () {
      const { layer } = serve(() => ({ status: 429, headers: { "retry-after": "Thu, 01 Jan 1970 00:01:30 GMT" } }))
      const error = yield* Effect.provide(Effect.flip(create), layer)
      assert.deepInclude(error, { _tag: "Throttled", retryAfterMillis: 90_000, attempt: 1 })
    })
  )
})

describe("tokens", () => {
  const renewing = (renewed: string) =>
    Effect.gen(function* () {
      const renewals = yield* Ref.make(0)
      const layer = Layer.succeed(TokenProvider, {
        get: Effect.succeed(token),
        renew: (stale) =>
          Effect.as(
            Ref.update(renewals, (count) => count + 1),
            renewed === "" ? stale : Redacted.make(renewed)
          )
      })
      return { renewals, layer }
    })
  const over = (layer: Layer.Layer<TokenProvider>, http: ReturnType<typeof fakeHttp>) =>
    MemStore.layerOperations.pipe(
      Layer.provide(MemStoreClient.layer()),
      Layer.provide(layer),
      Layer.provide(http.layer)
    )

  it.effect("a 401 renews the token once, for a write too", () =>
    Effect.gen(function* () {
      const { layer, renewals } = yield* renewing("fresh")
      const http = fakeHttp(({ headers }) => (headers["x-auth-token"] === "fresh" ? accepted : { status: 401 }))
      yield* Effect.provide(create, over(layer, http))
      assert.strictEqual(http.seen.length, 2)
      assert.strictEqual(yield* renewals, 1)
    })
  )

  it.effect("a second 401 ends the call", () =>
    Effect.gen(function* () {
      const { layer, renewals } = yield* renewing("fresh")
      const http = fakeHttp(() => ({ status: 401 }))
      const error = yield* Effect.provide(Effect.flip(listShards), over(layer, http))
      assert.deepInclude(error, { _tag: "Unauthorized", attempt: 2 })
      assert.strictEqual(http.seen.length, 2)
      assert.strictEqual(yield* renewals, 1)
    })
  )

  it.effect("a 401 ends the call when there is no newer token", () =>
    Effect.gen(function* () {
      const { layer } = yield* renewing("")
      const http = fakeHttp(() => ({ status: 401 }))
      const error = yield* Effect.provide(Effect.flip(listShards), over(layer, http))
      assert.deepInclude(error, { _tag: "Unauthorized", attempt: 1 })
      assert.strictEqual(http.seen.length, 1)
    })
  )

  it.effect("a 403 renews nothing", () =>
    Effect.gen(function* () {
      const { layer, renewals } = yield* renewing("fresh")
      const http = fakeHttp(() => ({ status: 403 }))
      const error = yield* Effect.provide(Effect.flip(listShards), over(layer, http))
      assert.strictEqual(error._tag, "Forbidden")
      assert.strictEqual(http.seen.length, 1)
      assert.strictEqual(yield* renewals, 0)
    })
  )
})

describe("interruption", () => {
  it.effect("a call that is interrupted between attempts makes no further one", () =>
    Effect.gen(function* () {
      const { layer, seen } = serve(() => ({ status: 500 }))
      const fiber = yield* Effect.fork(Effect.provide(listShards, layer))
      yield* TestClock.adjust(0)
      assert.strictEqual(seen.length, 1)
      const exit = yield* Fiber.interrupt(fiber)
      yield* TestClock.adjust("1 hour")
      assert.isTrue(Exit.isInterrupted(exit))
      assert.strictEqual(seen.length, 1)
    })
  )
})

describe("what can be watched", () => {
  const callsOf = (operation: string, outcome: string) =>
    Effect.map(
      Metric.value(
        Metric.counter("memstore_api_calls", {
          description: "Calls of MemStore operations that ended, by operation and outcome",
          incremental: true
        }).pipe(Metric.tagged("operation", operation), Metric.tagged("outcome", outcome))
      ),
      ({ count }) => count
    )

  it.effect("ended calls are counted by operation and outcome", () =>
    Effect.gen(function* () {
      const before = yield* callsOf("CreateCluster", "success")
      yield* Effect.provide(create, serve(() => accepted).layer)
      assert.strictEqual(yield* callsOf("CreateCluster", "success"), before + 1)
    })
  )

  it.effect("a span names the operation, the ids and what the conventions of HTTP want, and no secret", () =>
    Effect.gen(function* () {
      const { layer, spans } = recordSpans()
      const baseUrl = "http://someone:secret@localhost:8080/redis/"
      const http = serve((_, index) => (index === 0 ? { status: 429 } : index === 1 ? accepted : { status: 403 }), {
        baseUrl
      })
      yield* settle(create.pipe(Effect.provide(http.layer))).pipe(Effect.provide(layer))
      yield* settle(deleteShard.pipe(Effect.provide(http.layer))).pipe(Effect.provide(layer))
      assert.deepStrictEqual(
        spans.map(({ attributes, name }) => ({ name, attributes: Object.fromEntries(attributes) })),
        [
          {
            name: "MemStore.CreateCluster",
            attributes: {
              "http.request.method": "POST",
              "server.address": "localhost",
              "server.port": 8080,
              "url.full": "http://localhost:8080/redis/v1/clusters",
              "memstore.cluster.name": "test-cluster",
              "http.request.resend_count": 1,
              "http.response.status_code": 200
            }
          },
          {
            name: "MemStore.DeleteShard",
            attributes: {
              "http.request.method": "DELETE",
              "server.address": "localhost",
              "server.port": 8080,
              "url.full": `http://localhost:8080/redis/v1/clusters/${clusterId}/shards/${shardId}`,
              "memstore.cluster.id": clusterId,
              "memstore.shard.id": shardId,
              "http.response.status_code": 403,
              "error.type": "Forbidden"
            }
          }
        ]
      )
    })
  )

  const traceparents = (tracer: Layer.Layer<never>) =>
    Effect.gen(function* () {
      const http = serve((_, index) => (index === 0 ? { status: 503 } : { status: 200, body: { shards: [] } }))
      yield* settle(listShards.pipe(Effect.provide(http.layer))).pipe(Effect.provide(tracer))
      return http.seen.map(({ headers }) => headers["traceparent"])
    })

  it.effect("a call with a tracer tells the server its span, with every repeat", () =>
    Effect.gen(function* () {
      const headers = yield* traceparents(recordSpans().layer)
      assert.deepStrictEqual(headers, ["00-trace-span-0-01", "00-trace-span-0-01"])
    })
  )

  it.effect("a call tells no span where there is no tracer, or none shall be told", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* traceparents(Layer.empty), [undefined, undefined])
      const silent = Effect.locally(HttpClient.currentTracerPropagation, false)
      assert.deepStrictEqual(yield* silent(traceparents(recordSpans().layer)), [undefined, undefined])
    })
  )
})
