import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { RetryPolicy } from "../src/RetryPolicy.js"
import { create, deleteShard, failureOf, listShards, serve } from "./support/calls.js"
import { password, token } from "./support/samples.js"

describe("failures", () => {
  const documented = [
    [400, "InvalidRequest"],
    [401, "Unauthorized"],
    [403, "Forbidden"],
    [404, "NotFound"],
    [500, "ServerError"],
    [409, "UnexpectedStatus"],
    [422, "UnexpectedStatus"],
    [302, "UnexpectedStatus"],
    [503, "UnexpectedStatus"],
    [429, "Throttled"]
  ] as const
  for (const [status, tag] of documented) {
    it.effect(`DeleteShard answered ${status} fails with ${tag}`, () =>
      Effect.gen(function* () {
        const { layer } = serve(() => ({ status, body: { message: "no" }, headers: { "x-request-id": "req-1" } }), {})
        const error = yield* failureOf(deleteShard).pipe(
          Effect.provideService(RetryPolicy, RetryPolicy.none),
          Effect.provide(layer)
        )
        assert.strictEqual(error._tag, tag)
        assert.deepInclude(error, {
          operation: "DeleteShard",
          status,
          attempt: 1,
          message: "no",
          body: '{"message":"no"}',
          requestId: "req-1"
        })
      })
    )
  }

  it.effect("CreateCluster knows 409 and 422", () =>
    Effect.gen(function* () {
      const tags = yield* Effect.forEach([409, 422], (status) =>
        Effect.map(Effect.provide(failureOf(create), serve(() => ({ status })).layer), ({ _tag }) => _tag)
      )
      assert.deepStrictEqual(tags, ["Conflict", "Unprocessable"])
    })
  )

  const shapes: ReadonlyArray<readonly [name: string, body: unknown, message: string]> = [
    ["Echo", { message: "busy" }, "busy"],
    ["newer services", { error: { code: "X", message: "busy" } }, "busy"],
    ["Keystone", { error: { code: 401, message: "busy", title: "Unauthorized" } }, "busy"],
    [
      "FastAPI",
      { detail: [{ loc: ["body", "port"], msg: "too low", type: "v" }, { msg: "and more" }] },
      "port: too low; and more"
    ],
    ["FastAPI, one text", { detail: "busy" }, "busy"],
    ["KMS", { code: "E", message: "busy", data: null, requestId: "r" }, "busy"],
    ["an error text", { error: "busy" }, "busy"],
    ["a list of errors", { errors: [{ message: "a" }, { message: "b" }] }, "a; b"],
    ["plain text", "busy", "busy"],
    ["a web page", "<html>busy</html>", ""],
    ["nothing", "", ""],
    ["another object", { a: 1 }, ""]
  ]
  for (const [name, body, message] of shapes) {
    it.effect(`the message is read from the body of ${name}`, () =>
      Effect.gen(function* () {
        const error = yield* failureOf(deleteShard).pipe(Effect.provide(serve(() => ({ status: 400, body })).layer))
        assert.deepInclude(error, { _tag: "InvalidRequest", message })
      })
    )
  }

  it.effect("a request id is read from the body of KMS", () =>
    Effect.gen(function* () {
      const { layer } = serve(() => ({ status: 400, body: { message: "busy", requestId: "kms-7" } }))
      assert.deepInclude(yield* Effect.provide(failureOf(deleteShard), layer), { requestId: "kms-7" })
    })
  )

  it.effect("a long body is cut at 2,048 characters", () =>
    Effect.gen(function* () {
      const { layer } = serve(() => ({ status: 400, body: "x".repeat(100_000) }))
      const error = yield* Effect.provide(failureOf(deleteShard), layer)
      assert.strictEqual("body" in error && error.body.length, 2048)
      assert.strictEqual(error.message.length, 2048)
    })
  )

  it.effect("neither token nor password is repeated, not even where the body is cut", () =>
    Effect.gen(function* () {
      const echo = `${"x".repeat(2040)}${password}`
      const { layer } = serve(({ body, headers }) => ({
        status: 400,
        body: { message: `bad ${password} ${headers["x-auth-token"]}`, got: JSON.parse(body), echo }
      }))
      const error = yield* Effect.provide(failureOf(create), layer)
      const everything = `${JSON.stringify(error)} ${String(error)} ${Cause.pretty(Cause.fail(error))}`
      assert.notInclude(everything, password.slice(0, 6))
      assert.notInclude(everything, Redacted.value(token))
      assert.include(error.message, "bad <redacted> <redacted>")
    })
  )

  it.effect("an answer of another shape is a DecodeError that names the fields and not their values", () =>
    Effect.gen(function* () {
      const body = { shards: [{ id: 7, name: "a", slots: "hush", nodes: [], status: "Running", createdAt: null }] }
      const error = yield* Effect.provide(failureOf(listShards), serve(() => ({ status: 200, body })).layer)
      assert.deepInclude(error, { _tag: "DecodeError", status: 200 })
      assert.deepStrictEqual(error._tag === "DecodeError" && error.issues, [
        "shards[0].id: Expected string",
        "shards[0].createdAt: Expected string"
      ])
    })
  )

  it.effect("a success without JSON is a DecodeError", () =>
    Effect.gen(function* () {
      const error = yield* Effect.provide(failureOf(deleteShard), serve(() => ({ status: 204 })).layer)
      assert.deepInclude(error, { _tag: "DecodeError", issues: ["the body is not JSON"] })
    })
  )
})
