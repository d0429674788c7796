import { connect } from "node:net"
import { assert, describe, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import { Emulator } from "../src/Emulator.js"
import { EmulatorServer } from "../src/EmulatorServer.js"
import * as Faults from "../src/Faults.js"
import { exchange, http } from "./support/raw.js"
import { cluster, credential } from "./support/samples.js"

const served = EmulatorServer.layer().pipe(Layer.provideMerge(Emulator.layer({ latencies: "instant" })))

/** One turn of the event loop, so that sockets move on. */
const turn = Effect.async<void>((resume) => {
  setImmediate(() => resume(Effect.void))
})

const json = { "content-type": "application/json" }

const token = (port: number) =>
  Effect.map(
    exchange(port, http("POST", "/identity/v3/auth/tokens", json, JSON.stringify(credential()))),
    (answer) => /x-subject-token: (\S+)/i.exec(answer?.head ?? "")?.[1] ?? ""
  )

const createWith = (held: string) =>
  http("POST", "/v1/clusters", { ...json, "x-auth-token": held }, JSON.stringify(cluster()))

describe("EmulatorServer", () => {
  it.live("serves MemStore and the token call on a free port of this machine only", () =>
    Effect.gen(function* () {
      const { port, url } = yield* EmulatorServer
      assert.strictEqual(url, `http://127.0.0.1:${port}`)
      const created = yield* exchange(port, createWith(yield* token(port)))
      assert.strictEqual(created?.status, 201)
      assert.match(created?.head ?? "", /content-length: 52\b/i)
      assert.match(created?.head ?? "", /content-type: application\/json; charset=UTF-8/i)
    }).pipe(Effect.provide(served))
  )

  it.live("two servers of two clouds know nothing of each other", () =>
    Effect.gen(function* () {
      const [one, two] = yield* Effect.all([Layer.build(Layer.fresh(served)), Layer.build(Layer.fresh(served))])
      const [a, b] = [Context.get(one, EmulatorServer).port, Context.get(two, EmulatorServer).port]
      assert.notStrictEqual(a, b)
      const held = yield* token(a)
      assert.strictEqual((yield* exchange(a, createWith(held)))?.status, 201)
      assert.strictEqual((yield* exchange(b, createWith(held)))?.status, 401)
      assert.deepStrictEqual(yield* Context.get(two, Emulator).writes, {})
    }).pipe(Effect.scoped)
  )

  it.live("a port in use is refused in one sentence", () =>
    Effect.gen(function* () {
      const { port } = yield* EmulatorServer
      const error = yield* Effect.flip(
        Layer.build(EmulatorServer.layer({ port }).pipe(Layer.provide(Emulator.layer())))
      )
      assert.strictEqual(error.message, `Cannot listen on 127.0.0.1:${port}: another program uses the port`)
    }).pipe(Effect.provide(served), Effect.scoped)
  )

  it.live("a dropped connection and a lost answer close the socket without a word", () =>
    Effect.gen(function* () {
      const { port } = yield* EmulatorServer
      const { faults, writes } = yield* Emulator
      const held = yield* token(port)
      yield* faults.add({ match: { operation: "CreateCluster" }, do: Faults.drop })
      assert.isUndefined(yield* exchange(port, createWith(held)))
      assert.deepStrictEqual(yield* writes, {})
      yield* faults.add({ match: { operation: "CreateCluster" }, do: Faults.loseAnswer })
      assert.isUndefined(yield* exchange(port, createWith(held)))
      assert.deepStrictEqual(yield* writes, { CreateCluster: 1 })
      assert.strictEqual((yield* exchange(port, createWith(held)))?.status, 409)
    }).pipe(Effect.provide(served))
  )

  it.live("an oversized body is 400, with its length announced or in chunks", () =>
    Effect.gen(function* () {
      const { port } = yield* EmulatorServer
      const held = yield* token(port)
      const large = "x".repeat(1024 * 1024 + 1)
      const announced = yield* exchange(port, http("POST", "/v1/clusters", { "x-auth-token": held }, large))
      const chunked = yield* exchange(
        port,
        http("POST", "/v1/clusters", { "x-auth-token": held, "transfer-encoding": "chunked" }),
        `${large.length.toString(16)}\r\n${large}\r\n0\r\n\r\n`
      )
      for (const answer of [announced, chunked]) {
        assert.strictEqual(answer?.status, 400)
        assert.deepStrictEqual(JSON.parse(answer?.body ?? ""), { message: "the body is larger than 1048576 bytes" })
      }
    }).pipe(Effect.provide(served))
  )

  it.live("a chunked body within bounds is read", () =>
    Effect.gen(function* () {
      const { port } = yield* EmulatorServer
      const text = JSON.stringify(cluster())
      const [first, second] = [text.slice(0, 10), text.slice(10)]
      const answer = yield* exchange(
        port,
        http("POST", "/v1/clusters", { "x-auth-token": yield* token(port), "transfer-encoding": "chunked" }),
        `${first.length.toString(16)}\r\n${first}\r\n`,
        `${second.length.toString(16)}\r\n${second}\r\n0\r\n\r\n`
      )
      assert.strictEqual(answer?.status, 201)
    }).pipe(Effect.provide(served))
  )

  it.live("bytes that are not HTTP, or not text, are refused", () =>
    Effect.gen(function* () {
      const { port } = yield* EmulatorServer
      assert.strictEqual((yield* exchange(port, "nonsense\r\n\r\n"))?.status, 400)
      const held = yield* token(port)
      const head = http("POST", "/v1/clusters", { "x-auth-token": held, "content-length": "2" })
      const answer = yield* exchange(port, head, new Uint8Array([0xff, 0xfe]))
      assert.deepStrictEqual(
        [answer?.status, JSON.parse(answer?.body ?? "")],
        [400, { message: "the body is not UTF-8 text" }]
      )
    }).pipe(Effect.provide(served))
  )

  it.live("a slow body holds nobody else up, and one that never ends harms nothing", () =>
    Effect.gen(function* () {
      const { port } = yield* EmulatorServer
      const { writes } = yield* Emulator
      const held = yield* token(port)
      const whole = createWith(held)
      const begun = yield* Deferred.make<void>()
      const rest = yield* Deferred.make<void>()
      const slow = yield* Effect.fork(
        Effect.gen(function* () {
          const socket = yield* Effect.acquireRelease(
            Effect.sync(() => connect(port, "127.0.0.1")),
            (each) => Effect.sync(() => each.destroy())
          )
          yield* Effect.async<void>((resume) => {
            socket.write(whole.slice(0, -20), () => resume(Effect.void))
          })
          yield* Deferred.succeed(begun, undefined)
          yield* Deferred.await(rest)
          return yield* Effect.async<string>((resume) => {
            socket.once("data", (chunk) => resume(Effect.succeed(chunk.toString())))
            socket.write(whole.slice(-20))
          })
        }).pipe(Effect.scoped)
      )
      yield* Deferred.await(begun)
      assert.strictEqual(
        (yield* exchange(port, http("GET", "/v1/redis/flavors", { "x-auth-token": held })))?.status,
        200
      )
      assert.deepStrictEqual(yield* writes, {})
      yield* Deferred.succeed(rest, undefined)
      assert.match(yield* Fiber.join(slow), /^HTTP\/1.1 201 /)
      const broken = connect(port, "127.0.0.1")
      yield* Effect.async<void>((resume) => {
        broken.write(whole.slice(0, -20), () => resume(Effect.void))
      })
      broken.destroy()
      assert.strictEqual((yield* exchange(port, http("GET", "/_emulator/state")))?.status, 200)
      assert.deepStrictEqual(yield* writes, { CreateCluster: 1 })
    }).pipe(Effect.provide(served))
  )

  it.live("stops at once, with connections open and a request under way", () =>
    Effect.gen(function* () {
      const client = yield* Effect.scoped(
        Effect.gen(function* () {
          const context = yield* Layer.build(served)
          const { port } = Context.get(context, EmulatorServer)
          const { faults, journal } = Context.get(context, Emulator)
          const held = yield* token(port)
          yield* faults.add({ match: { operation: "CreateCluster" }, do: Faults.delay("1 hour") })
          const before = (yield* journal).length
          const fiber = yield* Effect.forkDaemon(exchange(port, createWith(held)))
          yield* Effect.repeat(Effect.zipRight(turn, faults.list), { until: ([fault]) => fault?.fired === 1 })
          assert.strictEqual((yield* journal).length, before)
          return fiber
        })
      )
      assert.isUndefined(yield* Fiber.join(client))
    })
  )
})
