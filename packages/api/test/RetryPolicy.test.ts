import { assert, describe, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as FastCheck from "effect/FastCheck"
import * as Option from "effect/Option"
import {
  Conflict,
  DecodeError,
  Forbidden,
  InvalidRequest,
  isAmbiguous,
  isAuth,
  isRefusal,
  isTransient,
  type MemStoreError,
  NotFound,
  RequestTimeout,
  ServerError,
  Throttled,
  TokenUnavailable,
  TransportError,
  Unauthorized,
  UnexpectedStatus,
  Unprocessable
} from "../src/MemStoreError.js"
import { RetryPolicy } from "../src/RetryPolicy.js"

const answer = (status: number) => ({ operation: "X", status, attempt: 1, message: "", body: "" })

const errors: Record<string, MemStoreError> = {
  400: new InvalidRequest(answer(400)),
  401: new Unauthorized(answer(401)),
  403: new Forbidden(answer(403)),
  404: new NotFound(answer(404)),
  409: new Conflict(answer(409)),
  422: new Unprocessable(answer(422)),
  429: new Throttled(answer(429)),
  500: new ServerError(answer(500)),
  302: new UnexpectedStatus(answer(302)),
  408: new UnexpectedStatus(answer(408)),
  418: new UnexpectedStatus(answer(418)),
  503: new UnexpectedStatus(answer(503)),
  lost: new TransportError({ operation: "X", attempt: 1, message: "", sent: true }),
  unsent: new TransportError({ operation: "X", attempt: 1, message: "", sent: false }),
  timeout: new RequestTimeout({ operation: "X", attempt: 1, afterMillis: 1 }),
  decode: new DecodeError({ ...answer(200), issues: [] }),
  refused: new TokenUnavailable({ reason: "Refused", message: "" }),
  unreachable: new TokenUnavailable({ reason: "Unreachable", message: "" })
}

const namesOf = (predicate: (error: unknown) => boolean): ReadonlyArray<string> =>
  Object.keys(errors)
    .filter((name) => predicate(errors[name]))
    .sort()

const next = (error: unknown, isWrite: boolean, attempt = 1, elapsedMillis = 0) =>
  RetryPolicy.make({}).next({ operation: "X", isWrite, attempt, elapsedMillis, error })

const repeated = (isWrite: boolean) =>
  Effect.map(
    Effect.filter(Object.keys(errors), (name) => Effect.map(next(errors[name], isWrite), Option.isSome)),
    (names) => names.sort()
  )

describe("predicates", () => {
  it("say which failures pass", () => {
    assert.deepStrictEqual(namesOf(isTransient), [
      "408",
      "429",
      "500",
      "503",
      "lost",
      "timeout",
      "unreachable",
      "unsent"
    ])
  })

  it("say which writes may have had an effect", () => {
    assert.deepStrictEqual(namesOf(isAmbiguous), ["302", "408", "500", "503", "decode", "lost", "timeout"])
  })

  it("say which calls the server refused", () => {
    assert.deepStrictEqual(namesOf(isRefusal), ["400", "404", "409", "418", "422"])
  })

  it("say which failures a person must look at", () => {
    assert.deepStrictEqual(namesOf(isAuth), ["401", "403", "refused"])
  })

  it("know nothing of foreign values", () => {
    for (const value of [null, undefined, 1, "Throttled", { _tag: "Throttled" }, new Error("x")]) {
      assert.isFalse([isTransient, isAmbiguous, isRefusal, isAuth].some((predicate) => predicate(value)))
    }
  })
})

describe("the default policy", () => {
  it.effect("repeats a read after every failure that passes", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* repeated(false), ["408", "429", "500", "503", "lost", "timeout", "unsent"])
    })
  )

  it.effect("repeats a write only when it had no effect", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* repeated(true), ["429", "unsent"])
    })
  )

  it.effect("a pause the server asks for beyond the cap ends the call", () =>
    Effect.gen(function* () {
      const asking = (retryAfterMillis: number) => new Throttled({ ...answer(429), retryAfterMillis })
      assert.isTrue(Option.isSome(yield* next(asking(10_000), false)))
      assert.isTrue(Option.isNone(yield* next(asking(10_001), false)))
    })
  )

  it.effect("no attempt begins after the total limit", () =>
    Effect.gen(function* () {
      assert.isTrue(Option.isSome(yield* next(errors["500"], false, 1, 59_000)))
      assert.isTrue(Option.isNone(yield* next(errors["500"], false, 1, 60_001)))
    })
  )

  it.effect.prop(
    "pauses stay within the exponential bound, the cap and what the server asked for",
    [FastCheck.integer({ min: 1, max: 9 }), FastCheck.integer({ min: 0, max: 10_000 })],
    ([attempt, asked]) =>
      Effect.gen(function* () {
        const policy = RetryPolicy.make({ maxAttempts: 10 })
        const error = new Throttled({ ...answer(429), retryAfterMillis: asked })
        const pause = yield* policy.next({ operation: "X", isWrite: false, attempt, elapsedMillis: 0, error })
        const millis = Duration.toMillis(Option.getOrThrow(pause))
        assert.isAtLeast(millis, asked)
        assert.isAtMost(millis, Math.min(10_000, asked + 200 * 2 ** (attempt - 1)))
      })
  )

  it.effect("none repeats nothing", () =>
    Effect.gen(function* () {
      const failed = { operation: "X", isWrite: false, attempt: 1, elapsedMillis: 0, error: errors["429"] }
      assert.isTrue(Option.isNone(yield* RetryPolicy.none.next(failed)))
    })
  )
})
