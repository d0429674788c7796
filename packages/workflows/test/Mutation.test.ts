import { assert, describe, it } from "@effect/vitest"
import { Forbidden, InvalidRequest, ServerError, Throttled, TransportError } from "@memstore-flows/api/MemStoreError"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as FastCheck from "effect/FastCheck"
import * as Option from "effect/Option"
import * as Random from "effect/Random"
import * as Mutation from "../src/Mutation.js"
import * as Waiter from "../src/Waiter.js"
import { virtually } from "./support/VirtualClock.js"

const said = { operation: "Make", attempt: 1, message: "", body: "" }
const errors = {
  broken: new TransportError({ operation: "Make", attempt: 1, message: "reset", sent: true }),
  unsent: new TransportError({ operation: "Make", attempt: 1, message: "refused", sent: false }),
  down: new ServerError({ ...said, status: 500 }),
  refused: new InvalidRequest({ ...said, status: 400 }),
  throttled: new Throttled({ ...said, status: 429 }),
  forbidden: new Forbidden({ ...said, status: 403 })
}

const answers = ["ok", "lost", "dropped", "down", "unsent", "throttled", "refused", "busy", "forbidden"] as const
type Answer = (typeof answers)[number]

interface Play {
  readonly answers: ReadonlyArray<Answer>
  /** How late a change shows, in seconds; below `settle`. */
  readonly late: number
  /** How long it then takes, in seconds. */
  readonly work: number
  /** Whether the answer settles the result. */
  readonly telling: boolean
  /** Whether the change was made before, by a call that this run does not know of. */
  readonly earlier: boolean
}

/** A resource that is changed by calls with the given answers; the first not given is `ok`. */
const play = ({ answers, earlier, late, telling, work }: Play) =>
  Effect.gen(function* () {
    const start = yield* Clock.currentTimeMillis
    const applied: Array<number> = earlier ? [start] : []
    let busyUntil = 0
    let sent = 0
    let saw: Answer | undefined
    const look = Effect.map(Clock.currentTimeMillis, (now): Mutation.Look<string> => {
      if (now < busyUntil) return Mutation.underWay("busy with another's work")
      const [at] = applied
      if (at === undefined || now < at + late * 1000) return Mutation.absent
      return now < at + (late + work) * 1000 ? Mutation.underWay("working") : Mutation.applied("made")
    })
    const apply = Effect.flatMap(Clock.currentTimeMillis, (now) => {
      const answer = answers[sent++] ?? "ok"
      saw = answer
      const told = Effect.succeed(telling ? Option.some("made") : Option.none<string>())
      switch (answer) {
        case "ok":
          applied.push(now)
          return told
        case "lost":
          applied.push(now)
          return Effect.fail(errors.broken)
        case "dropped":
          return Effect.fail(errors.broken)
        case "busy":
          busyUntil = now + 20_000
          return Effect.fail(errors.refused)
        default:
          return Effect.fail(errors[answer])
      }
    })
    const deadline = yield* Waiter.deadlineIn(Duration.days(1))
    const result = yield* Effect.either(
      Mutation.carryOut({ operation: "making it", look, apply, deadline, fresh: !earlier })
    )
    return { result, applied: applied.length, sent, last: saw }
  }).pipe(Effect.withRandom(Random.make(1)), virtually)

const calm = { late: 2, work: 10, telling: false, earlier: false }

const tagOf = <A, E extends { readonly _tag: string }>(result: Either.Either<A, E>) =>
  Either.isRight(result) ? "Right" : result.left._tag

describe("a change", () => {
  const plays = FastCheck.record({
    answers: FastCheck.array(FastCheck.constantFrom(...answers), { maxLength: 6 }),
    late: FastCheck.integer({ min: 0, max: 25 }),
    work: FastCheck.integer({ min: 0, max: 300 }),
    telling: FastCheck.boolean(),
    earlier: FastCheck.boolean()
  })

  it.effect.prop(
    "is made at most once whatever the answers, and surely when the run says so",
    [plays],
    ([given]) =>
      Effect.gen(function* () {
        const { applied, result, sent } = yield* play(given)
        assert.isAtMost(applied, 1)
        assert.isAtMost(sent, 3)
        if (Either.isRight(result)) assert.deepStrictEqual([applied, result.right], [1, "made"])
        else assert.strictEqual(applied, 0, "a change that was made is not reported as failed")
      }),
    { fastCheck: { numRuns: 150 } }
  )

  it.effect("made by an earlier call that nobody heard of is found, and nothing is sent", () =>
    Effect.gen(function* () {
      const { applied, result, sent } = yield* play({ ...calm, answers: [], earlier: true })
      assert.deepStrictEqual([applied, sent, tagOf(result)], [1, 0, "Right"])
    })
  )

  for (const [answer, sends, end] of [
    ["lost", 1, "Right"],
    ["dropped", 2, "Right"],
    ["down", 2, "Right"],
    ["unsent", 2, "Right"],
    ["throttled", 2, "Right"],
    ["busy", 2, "Right"],
    ["refused", 1, "InvalidRequest"],
    ["forbidden", 1, "Forbidden"]
  ] as const) {
    it.effect(`whose call is ${answer} is sent ${sends} times and ends in ${end}`, () =>
      Effect.gen(function* () {
        const { result, sent } = yield* play({ ...calm, answers: [answer] })
        assert.deepStrictEqual([sent, tagOf(result)], [sends, end])
      })
    )
  }

  for (const [answer, end] of [
    ["dropped", "TransportError"],
    ["down", "ServerError"],
    ["busy", "InvalidRequest"]
  ] as const) {
    it.effect(`whose call is ${answer} every time fails with that after the attempts`, () =>
      Effect.gen(function* () {
        const { applied, result, sent } = yield* play({ ...calm, answers: [answer, answer, answer, answer] })
        assert.deepStrictEqual([applied, sent, tagOf(result)], [0, 3, end])
      })
    )
  }

  it.effect("whose last call is lost is found all the same", () =>
    Effect.gen(function* () {
      const { applied, result } = yield* play({ ...calm, answers: ["dropped", "dropped", "lost"] })
      assert.deepStrictEqual([applied, tagOf(result)], [1, "Right"])
    })
  )

  it.effect("that was accepted and never shows is ambiguous, and is not sent again", () =>
    Effect.gen(function* () {
      const { result, sent } = yield* play({ ...calm, answers: [], late: 100_000 })
      assert.deepStrictEqual([sent, tagOf(result)], [1, "Ambiguous"])
    })
  )
})
