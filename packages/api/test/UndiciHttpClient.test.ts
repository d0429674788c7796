import * as Cookies from "@effect/platform/Cookies"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import * as Stream from "effect/Stream"
import * as UndiciHttpClient from "../src/UndiciHttpClient.js"
import { type RawReply, rawServer } from "./support/RawServer.js"

const answered = (
  reply: RawReply,
  change: (request: HttpClientRequest.HttpClientRequest) => HttpClientRequest.HttpClientRequest
) =>
  Effect.gen(function* () {
    const server = yield* rawServer(() => reply)
    const http = yield* HttpClient.HttpClient
    const response = yield* http.execute(change(HttpClientRequest.post(`${server.url}/at?a=b`)))
    return { response, request: yield* Queue.take(server.requests) }
  })

const ok = 'HTTP/1.1 200 OK\r\nset-cookie: a=1\r\nset-cookie: b=2\r\ncontent-length: 10\r\n\r\n{"a":"ä"}'

describe("UndiciHttpClient, as any other client", () => {
  it.layer(UndiciHttpClient.layer)((it) => {
    it.scoped("reads status, headers, cookies and JSON", () =>
      Effect.gen(function* () {
        const { response } = yield* answered(ok, (request) => request)
        assert.strictEqual(response.status, 200)
        assert.strictEqual(response.headers["content-length"], "10")
        assert.deepStrictEqual(Cookies.toRecord(response.cookies), { a: "1", b: "2" })
        assert.deepStrictEqual(yield* response.json, { a: "ä" })
      })
    )

    it.scoped("gives a body as a stream", () =>
      Effect.gen(function* () {
        const { response } = yield* answered(ok, (request) => request)
        assert.strictEqual(yield* Stream.mkString(Stream.decodeText(response.stream)), '{"a":"ä"}')
      })
    )

    it.scoped("reads an answer without a body", () =>
      Effect.gen(function* () {
        const { response } = yield* answered("HTTP/1.1 204 No Content\r\n\r\n", (request) => request)
        assert.strictEqual(response.status, 204)
        assert.strictEqual(yield* response.text, "")
      })
    )

    const bodies = {
      text: HttpClientRequest.bodyText("hello", "text/plain"),
      bytes: HttpClientRequest.bodyUint8Array(new TextEncoder().encode("hello")),
      stream: HttpClientRequest.bodyStream(Stream.encodeText(Stream.make("hel", "lo")), { contentLength: 5 })
    }
    for (const [kind, change] of Object.entries(bodies)) {
      it.scoped(`sends a body that is ${kind}`, () =>
        Effect.gen(function* () {
          const { request } = yield* answered(ok, change)
          assert.strictEqual(request.line, "POST /at?a=b HTTP/1.1")
          assert.strictEqual(request.body, "hello")
        })
      )
    }

    it.effect("refuses what is no address", () =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(HttpClient.get("http://[nowhere"))
        assert.deepInclude(error, { _tag: "RequestError", reason: "InvalidUrl" })
      })
    )
  })
})
