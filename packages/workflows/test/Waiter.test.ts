import { assert, describe, it } from "@effect/vitest"
import { Forbidden, NotFound, ServerError } from "@memstore-flows/api/MemStoreError"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as FastCheck from "effect/FastCheck"
import * as Random from "effect/Random"
import * as Waiter from "../src/Waiter.js"
import * as WaitPolicy from "../src/WaitPolicy.js"
import { virtually } from "./support/VirtualClock.js"

const answer = { operation: "ListShards", attempt: 1, message: "", body: "" }
const down = new ServerError({ ...answer, status: 500 })
const forbidden = new Forbidden({ ...answer, status: 403 })
const missing = new NotFound({ ...answer, status: 404 })

type Reading = string | ServerError | Forbidden | NotFound

interface Scene {
  /** What the n-th poll, from 0, sees at a time since the start. */
  readonly see: (poll: number, elapsed: number) => Reading
  readonly deadline?: number
  readonly policy?: Partial<WaitPolicy.WaitPolicySettings>
  readonly tolerate?: (error: ServerError | Forbidden | NotFound) => boolean
  readonly seed?: number
}

/** Waits for "done", and tells when it polled, in milliseconds since the start. */
const wait = ({ deadline = 3_600_000, policy = {}, see, seed = 1, tolerate }: Scene) =>
  Effect.gen(function* () {
    const startedAt = yield* Clock.currentTimeMillis
    const polls: Array<number> = []
    const read = Effect.flatMap(Clock.currentTimeMillis, (now) => {
      const seen = see(polls.length, now - startedAt)
      polls.push(now - startedAt)
      return typeof seen === "string" ? Effect.succeed(seen) : Effect.fail(seen)
    })
    const result = yield* Effect.either(
      Waiter.until({
        what: "it",
        read,
        deadline: startedAt + deadline,
        ...(tolerate ? { tolerate } : {}),
        judge: (state): Waiter.Verdict<string, "broken"> =>
          state === "done" ? Waiter.done(state) : state === "broken" ? Waiter.broken("broken") : Waiter.pending(state)
      })
    )
    return { result, polls, delays: polls.slice(1).map((at, index) => at - (polls[index] ?? 0)) }
  }).pipe(
    Effect.provideService(WaitPolicy.WaitPolicy, WaitPolicy.make(policy)),
    Effect.withRandom(Random.make(seed)),
    virtually
  )

describe("a wait", () => {
  it.effect("polls at once, and not again when that is enough", () =>
    Effect.gen(function* () {
      const { polls, result } = yield* wait({ see: () => "done" })
      assert.deepStrictEqual(polls, [0])
      assert.deepStrictEqual(result._tag, "Right")
    })
  )

  it.effect("has its last poll at the deadline, and succeeds on it", () =>
    Effect.gen(function* () {
      const { polls, result } = yield* wait({
        deadline: 10_000,
        see: (_, elapsed) => (elapsed >= 10_000 ? "done" : "busy")
      })
      assert.strictEqual(polls.at(-1), 10_000)
      assert.strictEqual(result._tag, "Right")
    })
  )

  it.effect("times out at the deadline, with what it saw and for how long", () =>
    Effect.gen(function* () {
      const { polls, result } = yield* wait({
        deadline: 60_000,
        policy: { jitter: 0 },
        see: (poll) => (poll < 3 ? "Creating" : "Modifying")
      })
      if (result._tag !== "Left" || result.left === "broken" || result.left._tag !== "WaitTimedOut") {
        return assert.fail(result._tag)
      }
      const { history, waitedMillis, what } = result.left
      assert.deepStrictEqual([what, waitedMillis], ["it", 60_000])
      assert.deepStrictEqual(
        history.map(({ polls, state }) => [state, polls]),
        [
          ["Creating", 3],
          ["Modifying", polls.length - 3]
        ]
      )
      assert.strictEqual((history[0]?.lastAt ?? 0) - (history[0]?.firstAt ?? 0), polls[2])
      assert.strictEqual((history[1]?.lastAt ?? 0) - (history[0]?.firstAt ?? 0), 60_000)
    })
  )

  it.effect("whose deadline has passed polls once all the same", () =>
    Effect.gen(function* () {
      const { polls, result } = yield* wait({ deadline: -5_000, see: () => "busy" })
      assert.deepStrictEqual(polls, [0])
      assert.strictEqual(result._tag, "Left")
    })
  )

  it.effect("keeps no more than the last fifty states", () =>
    Effect.gen(function* () {
      const { result } = yield* wait({ see: (poll) => `state ${poll}`, deadline: 600_000 })
      if (result._tag !== "Left" || typeof result.left === "string" || !("history" in result.left)) return assert.fail()
      assert.strictEqual(result.left.history.length, 50)
    })
  )

  it.effect("grows its delays by the factor to the maximum, and starts over when the state changes", () =>
    Effect.gen(function* () {
      const policy = { jitter: 0, firstDelay: Duration.seconds(1), factor: 2, maxDelay: Duration.seconds(5) }
      const { delays } = yield* wait({ policy, see: (poll) => (poll < 5 ? "one" : poll < 8 ? "two" : "done") })
      assert.deepStrictEqual(delays, [1000, 2000, 4000, 5000, 5000, 1000, 2000, 4000])
    })
  )

  it.effect("shortens its delays at random by at most the jitter, the same way for the same seed", () =>
    Effect.gen(function* () {
      const policy = { jitter: 0.2, firstDelay: Duration.seconds(10), factor: 1, maxDelay: Duration.seconds(10) }
      const scene = { policy, see: (poll: number) => (poll < 40 ? "busy" : "done") }
      const one = yield* wait({ ...scene, seed: 1 })
      const same = yield* wait({ ...scene, seed: 1 })
      const other = yield* wait({ ...scene, seed: 2 })
      assert.deepStrictEqual(one.delays, same.delays)
      assert.notDeepEqual(one.delays, other.delays)
      assert.isAtLeast(Math.min(...one.delays), 8_000)
      assert.isAtMost(Math.max(...one.delays), 10_000)
      assert.isAbove(new Set(one.delays).size, 30)
    })
  )

  it.effect("outlives a run of passing failures as long as the policy says, and no longer", () =>
    Effect.gen(function* () {
      const policy = { faults: 3 }
      const three = yield* wait({
        policy,
        see: (poll) => (poll % 4 < 3 && poll < 12 ? down : poll < 12 ? "busy" : "done")
      })
      assert.strictEqual(three.result._tag, "Right")
      const four = yield* wait({ policy, see: (poll) => (poll < 4 ? down : "done") })
      assert.deepStrictEqual(four.result._tag === "Left" && four.result.left, down)
      assert.strictEqual(four.polls.length, 4)
    })
  )

  for (const [name, error] of Object.entries({ 403: forbidden, 404: missing })) {
    it.effect(`ends at once with a ${name}`, () =>
      Effect.gen(function* () {
        const { polls, result } = yield* wait({ see: (poll) => (poll === 0 ? "busy" : error) })
        assert.strictEqual(polls.length, 2)
        assert.strictEqual(result._tag === "Left" && result.left, error)
      })
    )
  }

  it.effect("takes a failure that is tolerated for no failure, however often it comes", () =>
    Effect.gen(function* () {
      const tolerate = (error: { readonly _tag: string }) => error._tag === "NotFound"
      const { result } = yield* wait({ tolerate, see: (poll) => (poll < 30 ? missing : "done") })
      assert.strictEqual(result._tag, "Right")
    })
  )

  it.effect("ends at once when the wanted can never come", () =>
    Effect.gen(function* () {
      const { polls, result } = yield* wait({ see: (poll) => (poll === 0 ? "busy" : "broken") })
      assert.strictEqual(polls.length, 2)
      assert.strictEqual(result._tag === "Left" && result.left, "broken")
    })
  )

  it.effect.prop(
    "never polls after the deadline, and no later than the maximum delay after the last poll",
    [
      FastCheck.integer({ min: 1, max: 400_000 }),
      FastCheck.integer(),
      FastCheck.array(FastCheck.nat(2), { maxLength: 9 })
    ],
    ([deadline, seed, states]) =>
      Effect.gen(function* () {
        const see = (poll: number) => `state ${states[poll % Math.max(1, states.length)] ?? 0}`
        const { delays, polls } = yield* wait({ deadline, seed, see })
        assert.strictEqual(polls.at(-1), deadline)
        assert.isTrue(delays.every((delay) => delay > 0 && delay <= 30_000))
      }),
    { fastCheck: { numRuns: 20 } }
  )
})
