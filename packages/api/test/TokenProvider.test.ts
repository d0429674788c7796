import * as HttpClient from "@effect/platform/HttpClient"
import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as ConfigProvider from "effect/ConfigProvider"
import * as DateTime from "effect/DateTime"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as TestClock from "effect/TestClock"
import { type TokenOptions, TokenProvider } from "../src/TokenProvider.js"
import { fakeHttp, type Reply } from "./support/FakeHttp.js"
import { recordSpans } from "./support/recordSpans.js"

const secret = "s3cr3t-of-the-key"
const credential = { id: "key-id", secret: Redacted.make(secret) }

const iso = (millis: number): string => DateTime.formatIso(DateTime.unsafeMake(millis))

const issued = (index: number, lifetimeSeconds = 43_200, from = 0): Reply => ({
  status: 201,
  headers: { "x-subject-token": `token-${index}` },
  body: { token: { issued_at: iso(from), expires_at: iso(from + lifetimeSeconds * 1000) } }
})

const provide = (reply: (index: number) => Reply, options: Partial<TokenOptions> = {}) => {
  const http = fakeHttp((_, index) => reply(index))
  const layer = TokenProvider.layerApplicationCredential({ credential, ...options }).pipe(Layer.provide(http.layer))
  return { seen: http.seen, layer }
}

const get = Effect.flatMap(TokenProvider, (tokens) => Effect.map(tokens.get, Redacted.value))
const renew = (stale: Redacted.Redacted<string>) =>
  Effect.flatMap(TokenProvider, (tokens) => Effect.map(tokens.renew(stale), Redacted.value))
const held = Effect.flatMap(TokenProvider, (tokens) => tokens.get)

describe("the exchange", () => {
  it.effect("sends the credential as the vendor documents and takes the token from the header", () => {
    const { layer, seen } = provide(issued)
    return Effect.gen(function* () {
      assert.strictEqual(yield* get, "token-0")
      assert.deepInclude(seen[0], { method: "POST", url: "https://iam.kakaocloud.com/identity/v3/auth/tokens" })
      assert.strictEqual(seen[0]?.headers["content-type"], "application/json")
      assert.deepStrictEqual(JSON.parse(seen[0]?.body ?? ""), {
        auth: { identity: { methods: ["application_credential"], application_credential: { id: "key-id", secret } } }
      })
    }).pipe(Effect.provide(layer))
  })

  it.effect("knows a credential by name and user as well", () => {
    const { layer, seen } = provide(issued, {
      credential: { name: "key", secret: Redacted.make(secret), user: { id: "u" } }
    })
    return Effect.gen(function* () {
      yield* get
      assert.deepStrictEqual(JSON.parse(seen[0]?.body ?? "").auth.identity.application_credential, {
        name: "key",
        secret,
        user: { id: "u" }
      })
    }).pipe(Effect.provide(layer))
  })

  it.effect("tells the service its span where there is a tracer, and none elsewhere", () =>
    Effect.gen(function* () {
      const traceparent = (tracer: Layer.Layer<never>) => {
        const { layer, seen } = provide(issued)
        return Effect.map(
          get.pipe(Effect.provide(layer), Effect.provide(tracer)),
          () => seen[0]?.headers["traceparent"]
        )
      }
      const { layer, spans } = recordSpans()
      assert.strictEqual(yield* traceparent(layer), `00-trace-${spans[0]?.spanId}-01`)
      assert.deepStrictEqual(
        spans.map(({ name }) => name),
        ["MemStore.token"]
      )
      assert.isUndefined(yield* traceparent(Layer.empty))
      const silent = Effect.locally(HttpClient.currentTracerPropagation, false)
      assert.isUndefined(yield* silent(traceparent(recordSpans().layer)))
    })
  )

  it.effect("reads the credential from the vendor's environment names", () => {
    const { layer: http, seen } = fakeHttp((_, index) => issued(index))
    const config = ConfigProvider.fromMap(
      new Map([
        ["KAKAOCLOUD_APPLICATION_CREDENTIAL_ID", "from-env"],
        ["KAKAOCLOUD_APPLICATION_CREDENTIAL_SECRET", secret],
        ["MEMSTORE_IAM_URL", "http://127.0.0.1:1/"]
      ])
    )
    return Effect.gen(function* () {
      yield* get
      assert.strictEqual(seen[0]?.url, "http://127.0.0.1:1/identity/v3/auth/tokens")
      assert.include(seen[0]?.body, '"from-env"')
    }).pipe(
      Effect.provide(
        TokenProvider.layerConfig().pipe(Layer.provide(http), Layer.provide(Layer.setConfigProvider(config)))
      )
    )
  })

  const refusals: ReadonlyArray<readonly [string, Reply, string]> = [
    ["401", { status: 401, body: { error: { code: 401, message: "wrong key", title: "Unauthorized" } } }, "Refused"],
    ["403", { status: 403 }, "Refused"],
    ["429", { status: 429 }, "Throttled"],
    ["500", { status: 500 }, "Unreachable"],
    ["no connection", { code: "ECONNREFUSED" }, "Unreachable"],
    ["a success without the header", { status: 201, body: {} }, "Malformed"]
  ]
  for (const [name, reply, reason] of refusals) {
    it.effect(`${name} is ${reason}`, () =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(get)
        assert.strictEqual(error.reason, reason)
      }).pipe(Effect.provide(provide(() => reply).layer))
    )
  }

  it.effect("silence is Unreachable after the time allowed", () =>
    Effect.gen(function* () {
      const fiber = yield* Effect.fork(Effect.flip(get))
      yield* TestClock.adjust("10 seconds")
      assert.strictEqual((yield* Fiber.join(fiber)).reason, "Unreachable")
    }).pipe(Effect.provide(provide(() => "never").layer))
  )

  it.effect("a failure repeats the server's words and not the secret", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(get)
      assert.strictEqual(error.message, "bad <redacted>")
    }).pipe(Effect.provide(provide(() => ({ status: 401, body: { message: `bad ${secret}` } })).layer))
  )
})

describe("one token for all", () => {
  it.effect("100 calls at once make one exchange", () => {
    const { layer, seen } = provide(issued)
    return Effect.gen(function* () {
      const tokens = yield* Effect.all(
        Array.from({ length: 100 }, () => get),
        { concurrency: "unbounded" }
      )
      assert.strictEqual(seen.length, 1)
      assert.deepStrictEqual([...new Set(tokens)], ["token-0"])
    }).pipe(Effect.provide(layer))
  })

  it.effect("100 calls refused at once make one renewal", () => {
    const { layer, seen } = provide(issued)
    return Effect.gen(function* () {
      const stale = yield* held
      const tokens = yield* Effect.all(
        Array.from({ length: 100 }, () => renew(stale)),
        { concurrency: "unbounded" }
      )
      assert.strictEqual(seen.length, 2)
      assert.deepStrictEqual([...new Set(tokens)], ["token-1"])
    }).pipe(Effect.provide(layer))
  })

  it.effect("the call that began the exchange may be interrupted without harm to the others", () =>
    Effect.gen(function* () {
      const gate = yield* Deferred.make<void>()
      const http = fakeHttp((_, index) => issued(index), gate)
      const layer = TokenProvider.layerApplicationCredential({ credential }).pipe(Layer.provide(http.layer))
      yield* Effect.gen(function* () {
        const first = yield* Effect.fork(get)
        yield* Effect.yieldNow()
        const second = yield* Effect.fork(get)
        yield* TestClock.adjust(0)
        yield* Fiber.interrupt(first)
        yield* Deferred.succeed(gate, undefined)
        assert.strictEqual(yield* Fiber.join(second), "token-0")
        assert.strictEqual(http.seen.length, 1)
      }).pipe(Effect.provide(layer))
    })
  )
})

describe("the lifetime", () => {
  it.effect("a token is kept until 5 minutes before its end", () => {
    const { layer, seen } = provide((index) => issued(index, 43_200, index === 0 ? 0 : 42_900_000))
    return Effect.gen(function* () {
      yield* get
      yield* TestClock.adjust("714 minutes")
      assert.strictEqual(yield* get, "token-0")
      yield* TestClock.adjust("1 minute")
      assert.strictEqual(yield* get, "token-1")
      assert.strictEqual(seen.length, 2)
    }).pipe(Effect.provide(layer))
  })

  it.effect("expired_at is read where expires_at is missing", () => {
    const { layer } = provide((index) => ({
      status: 201,
      headers: { "x-subject-token": `token-${index}` },
      body: { token: { issued_at: iso(0), expired_at: iso(3_600_000) } }
    }))
    return Effect.gen(function* () {
      yield* get
      yield* TestClock.adjust("54 minutes")
      assert.strictEqual(yield* get, "token-0")
      yield* TestClock.adjust("1 minute")
      assert.strictEqual(yield* get, "token-1")
    }).pipe(Effect.provide(layer))
  })

  it.effect("a wrong local clock does not shorten the life of a token", () => {
    const { layer, seen } = provide((index) => issued(index, 43_200, 0))
    return Effect.gen(function* () {
      yield* TestClock.setTime(100 * 24 * 3_600_000)
      yield* get
      yield* TestClock.adjust("11 hours")
      assert.strictEqual(yield* get, "token-0")
      assert.strictEqual(seen.length, 1)
    }).pipe(Effect.provide(layer))
  })

  it.effect("while a renewal fails, a token that still holds goes on serving", () => {
    const { layer, seen } = provide((index) => (index === 0 ? issued(0) : { status: 500 }))
    return Effect.gen(function* () {
      yield* get
      yield* TestClock.adjust("716 minutes")
      assert.strictEqual(yield* get, "token-0")
      assert.strictEqual(yield* get, "token-0")
      assert.strictEqual(seen.length, 2)
      yield* TestClock.adjust("5 minutes")
      assert.strictEqual((yield* Effect.flip(get)).reason, "Unreachable")
    }).pipe(Effect.provide(layer))
  })
})

describe("the pace", () => {
  it.effect("a refused credential is tried again after 10 s, 20 s, 40 s and so on up to 10 min", () => {
    const at: Array<number> = []
    const http = fakeHttp(() => ({ status: 401 }))
    const layer = TokenProvider.layerApplicationCredential({ credential }).pipe(Layer.provide(http.layer))
    return Effect.gen(function* () {
      for (let step = 0; step < 300; step++) {
        const before = http.seen.length
        yield* Effect.flip(get)
        if (http.seen.length > before) at.push((yield* Clock.currentTimeMillis) / 1000)
        yield* TestClock.adjust("10 seconds")
      }
      const pauses = at.slice(1).map((time, index) => time - (at[index] ?? 0))
      assert.deepStrictEqual(pauses, [10, 20, 40, 80, 160, 320, 600, 600, 600])
    }).pipe(Effect.provide(layer))
  })

  it.effect("a token that every call refuses is renewed once at once, and then at the same pace", () => {
    const http = fakeHttp((_, index) => issued(index))
    const layer = TokenProvider.layerApplicationCredential({ credential }).pipe(Layer.provide(http.layer))
    return Effect.gen(function* () {
      const stale = yield* held
      const second = yield* renew(stale)
      assert.strictEqual(second, "token-1")
      for (let each = 0; each < 50; each++) yield* Effect.flatMap(held, renew)
      assert.strictEqual(http.seen.length, 2)
      yield* TestClock.adjust("10 seconds")
      yield* Effect.flatMap(held, renew)
      assert.strictEqual(http.seen.length, 3)
      yield* TestClock.adjust("19 seconds")
      yield* Effect.flatMap(held, renew)
      assert.strictEqual(http.seen.length, 3)
    }).pipe(Effect.provide(layer))
  })

  it.effect("Retry-After of the identity service is obeyed", () => {
    const { layer, seen } = provide((index) =>
      index === 0 ? { status: 429, headers: { "retry-after": "120" } } : issued(index)
    )
    return Effect.gen(function* () {
      yield* Effect.flip(get)
      yield* TestClock.adjust("119 seconds")
      assert.strictEqual((yield* Effect.flip(get)).reason, "Throttled")
      assert.strictEqual(seen.length, 1)
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* get, "token-1")
    }).pipe(Effect.provide(layer))
  })

  it.effect("a token given from outside is never renewed", () =>
    Effect.gen(function* () {
      const stale = yield* held
      assert.strictEqual(yield* renew(stale), "mine")
    }).pipe(Effect.provide(TokenProvider.layerStatic(Redacted.make("mine"))))
  )
})
