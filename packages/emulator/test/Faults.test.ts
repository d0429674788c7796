import { assert, describe, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as TestClock from "effect/TestClock"
import { Emulator } from "../src/Emulator.js"
import * as Faults from "../src/Faults.js"
import { type Body, inMemory, send, session, withCluster } from "./support/calls.js"
import { assignment } from "./support/samples.js"

const shard = { nodeCount: 3, subnetAssignments: assignment() }

describe("answers", () => {
  it.effect("a status comes instead of the answer, once, and nothing is applied", () =>
    Effect.gen(function* () {
      const { faults, writes } = yield* Emulator
      const { at, post } = yield* withCluster
      yield* faults.add({
        match: { operation: "AddShard" },
        do: Faults.status(503, { body: { code: "X" }, headers: { "x-cause": "test" }, retryAfterSeconds: 7 })
      })
      const met = yield* post(`${at}/shards`, shard)
      assert.deepStrictEqual([met.status, met.body], [503, { code: "X" }])
      assert.deepStrictEqual([met.headers["x-cause"], met.headers["retry-after"]], ["test", "7"])
      assert.deepStrictEqual(yield* writes, { CreateCluster: 1 })
      assert.strictEqual((yield* post(`${at}/shards`, shard)).status, 201)
    }).pipe(Effect.provide(inMemory()))
  )

  it.effect("throttling says how long to wait", () =>
    Effect.gen(function* () {
      const { faults } = yield* Emulator
      const { get } = yield* session
      yield* faults.add({ match: { times: 2 }, do: Faults.throttle("3 seconds") })
      for (const expected of [429, 429, 200]) {
        const answer = yield* get("/v1/redis/flavors")
        assert.strictEqual(answer.status, expected)
        assert.strictEqual(answer.headers["retry-after"], expected === 429 ? "3" : undefined)
      }
    }).pipe(Effect.provide(inMemory()))
  )

  it.effect("a delay passes on the caller's clock; the work is done after it, or before", () =>
    Effect.gen(function* () {
      const { faults, writes } = yield* Emulator
      const { at, post } = yield* withCluster
      for (const [work, early, late] of [
        ["after", undefined, 1],
        ["before", 2, 2]
      ] as const) {
        yield* faults.add({ match: { operation: "AddShard" }, do: Faults.delay("1 hour", { work }) })
        const fiber = yield* Effect.fork(post(`${at}/shards`, shard))
        yield* TestClock.adjust(Duration.minutes(59))
        assert.isTrue(Option.isNone(yield* Fiber.poll(fiber)))
        assert.strictEqual((yield* writes)["AddShard"], early)
        yield* TestClock.adjust(Duration.minutes(1))
        assert.strictEqual((yield* Fiber.join(fiber)).status, 201)
        assert.strictEqual((yield* writes)["AddShard"], late)
      }
    }).pipe(Effect.provide(inMemory()))
  )

  it.effect("a caller who gives up during the delay leaves the work done, or not begun", () =>
    Effect.gen(function* () {
      const { faults, writes } = yield* Emulator
      const { at, post } = yield* withCluster
      yield* faults.add({ match: { operation: "AddShard", nth: 1 }, do: Faults.delay("1 hour") })
      yield* faults.add({ match: { operation: "AddShard", nth: 2 }, do: Faults.delay("1 hour", { work: "before" }) })
      for (const applied of [undefined, 1]) {
        const fiber = yield* Effect.fork(Effect.timeoutOption(post(`${at}/shards`, shard), "30 seconds"))
        yield* TestClock.adjust("30 seconds")
        assert.isTrue(Option.isNone(yield* Fiber.join(fiber)))
        assert.strictEqual((yield* writes)["AddShard"], applied)
      }
    }).pipe(Effect.provide(inMemory()))
  )
})

describe("connections", () => {
  it.effect("a dropped one is a transport error, and nothing is applied", () =>
    Effect.gen(function* () {
      const { faults, journal, writes } = yield* Emulator
      const { at, post } = yield* withCluster
      yield* faults.add({ match: { operation: "AddShard" }, do: Faults.drop })
      const error = yield* Effect.flip(post(`${at}/shards`, shard))
      assert.strictEqual(error._tag, "RequestError")
      assert.strictEqual(error.reason, "Transport")
      assert.deepStrictEqual(yield* writes, { CreateCluster: 1 })
      const last = (yield* journal).at(-1)
      assert.deepStrictEqual([last?.outcome, last?.applied, last?.status], ["Dropped", false, null])
    }).pipe(Effect.provide(inMemory()))
  )

  it.effect("a lost answer is a transport error, and the write is applied", () =>
    Effect.gen(function* () {
      const { faults, journal, writes } = yield* Emulator
      const { at, get, id, post } = yield* withCluster
      yield* faults.add({ match: { operation: "AddShard" }, do: Faults.loseAnswer })
      const error = yield* Effect.flip(post(`${at}/shards`, shard))
      assert.strictEqual(error.reason, "Transport")
      assert.deepStrictEqual(yield* writes, { CreateCluster: 1, AddShard: 1 })
      const last = (yield* journal).at(-1)
      assert.deepStrictEqual([last?.outcome, last?.applied, last?.objectId], ["AnswerLost", true, id])
      assert.strictEqual((yield* get(`${at}/shards`)).body.shards.length, 3)
    }).pipe(Effect.provide(inMemory()))
  )

  it.effect("a restore and a plain create are told apart", () =>
    Effect.gen(function* () {
      const { faults } = yield* Emulator
      const { post } = yield* session
      yield* faults.add({ match: { operation: "RestoreCluster" }, do: Faults.status(500) })
      assert.strictEqual((yield* post("/v1/clusters", {})).status, 400)
      assert.strictEqual((yield* post("/v1/clusters", { restoreSource: { backupName: "b" } })).status, 500)
    }).pipe(Effect.provide(inMemory()))
  )
})

describe("operations", () => {
  it.effect("one sticks until it is released", () =>
    Effect.gen(function* () {
      const { disturb, faults } = yield* Emulator
      const { at, get, post } = yield* withCluster
      const status = Effect.map(get(`${at}/shards/001`), ({ body }) => body.status)
      yield* faults.add({ match: { operation: "AddShard" }, do: Faults.stick })
      yield* post(`${at}/shards`, shard)
      yield* TestClock.adjust("100 days")
      // a token is long gone by now
      const again = yield* session
      const late = Effect.map(again.get(`${at}/shards/001`), ({ body }) => body.status)
      assert.strictEqual(yield* late, "Scaling(horizontal)")
      yield* disturb({ _tag: "ReleaseOperation" })
      yield* TestClock.adjust("1 hour")
      assert.strictEqual(yield* late, "Running")
      assert.isUndefined(yield* status)
    }).pipe(Effect.provide(inMemory()))
  )

  it.effect("one ends Failed, and a refused write carries the fault to no other", () =>
    Effect.gen(function* () {
      const { faults, state } = yield* Emulator
      const { at, get, post } = yield* withCluster
      yield* faults.add({ match: { operation: "AddShard" }, do: Faults.fail })
      assert.strictEqual((yield* post(`${at}/shards`, { ...shard, nodeCount: 5 })).status, 400)
      assert.deepStrictEqual((yield* state).armed, [])
      yield* faults.add({ match: { operation: "AddShard" }, do: Faults.fail })
      assert.strictEqual((yield* post(`${at}/shards`, shard)).status, 201)
      yield* TestClock.adjust("1 second")
      assert.strictEqual((yield* get(`${at}/shards/001`)).body.status, "Failed")
    }).pipe(Effect.provide(inMemory()))
  )
})

const nodesOf = (body: Body): ReadonlyArray<string> => body.nodes.map((node: Body) => node.id)
const primaryOf = (body: Body): string => body.nodes.find((node: Body) => node.role === "primary").id

describe("disturbances", () => {
  it.effect("a primary is switched at the nth read", () =>
    Effect.gen(function* () {
      const { faults } = yield* Emulator
      const { at, get } = yield* withCluster
      yield* faults.add({
        match: { operation: "GetShard", nth: 3 },
        do: Faults.disturb({ _tag: "SwitchPrimary", shardId: "002" })
      })
      const seen = yield* Effect.replicateEffect(
        Effect.map(get(`${at}/shards/002`), ({ body }) => primaryOf(body)),
        4
      )
      assert.strictEqual(seen[0], seen[1])
      assert.notStrictEqual(seen[1], seen[2])
      assert.strictEqual(seen[2], seen[3])
    }).pipe(Effect.provide(inMemory()))
  )

  it.effect("a replica heals at a time, without any request before it", () =>
    Effect.gen(function* () {
      const { faults } = yield* Emulator
      const { at, get } = yield* withCluster
      const before = (yield* get(`${at}/shards/001`)).body
      yield* faults.add({ match: { afterMillis: 60_000 }, do: Faults.disturb({ _tag: "FailNode" }) })
      yield* TestClock.adjust("59 seconds")
      assert.deepStrictEqual((yield* get(`${at}/shards/001`)).body, before)
      yield* TestClock.adjust("1 hour")
      const after = (yield* get(`${at}/shards/001`)).body
      const replaced = after.nodes.filter((node: Body) => !nodesOf(before).includes(node.id))
      assert.deepStrictEqual(
        replaced.map((node: Body) => [node.role, node.createdAt]),
        [["replica", "1970-01-01T00:01:00Z"]]
      )
      assert.strictEqual(after.nodes.length, 3)
      assert.strictEqual(primaryOf(after), primaryOf(before))
    }).pipe(Effect.provide(inMemory()))
  )

  it.effect("a dead primary is followed by a replica", () =>
    Effect.gen(function* () {
      const { disturb } = yield* Emulator
      const { at, get } = yield* withCluster
      const before = (yield* get(`${at}/shards/001`)).body
      yield* disturb({ _tag: "FailNode", role: "primary" })
      yield* TestClock.adjust("1 second")
      const after = (yield* get(`${at}/shards/001`)).body
      assert.include(nodesOf(before), primaryOf(after))
      assert.notInclude(nodesOf(after), primaryOf(before))
    }).pipe(Effect.provide(inMemory()))
  )

  it.effect("a primary dies, or hangs, when the work comes to the step that was chosen", () =>
    Effect.gen(function* () {
      for (const kill of ["FailNode", "HangNode"] as const) {
        const { faults } = yield* Emulator
        const { at, get, post } = yield* withCluster
        yield* TestClock.adjust("1 hour")
        const before = primaryOf((yield* get(`${at}/shards/002`)).body)
        yield* faults.add({
          match: { operation: "AddShard", step: "Slots" },
          do: Faults.disturb({ _tag: kill, shardId: "002", role: "primary" })
        })
        yield* post(`${at}/shards`, shard)
        const during = Effect.map(get(`${at}/shards/002`), ({ body }) => primaryOf(body))
        assert.strictEqual(yield* during, before)
        yield* TestClock.adjust("1 hour")
        const after = (yield* get(`${at}/shards/002`)).body
        assert.notStrictEqual(primaryOf(after), before)
        assert.notInclude(nodesOf(after), before)
        assert.strictEqual(after.status, "Running")
        assert.strictEqual((yield* faults.list).at(-1)?.fired, 1)
        yield* faults.clear
        yield* send("POST", "/_emulator/reset")
      }
    }).pipe(Effect.provide(inMemory({ latencies: "fast" })))
  )

  it.effect("a token ends early", () =>
    Effect.gen(function* () {
      const { faults } = yield* Emulator
      const { get } = yield* session
      yield* faults.add({ match: { nth: 2 }, do: Faults.expireToken })
      const statuses = yield* Effect.replicateEffect(
        Effect.map(get("/v1/redis/flavors"), ({ status }) => status),
        3
      )
      assert.deepStrictEqual(statuses, [200, 401, 401])
      assert.strictEqual((yield* (yield* session).get("/v1/redis/flavors")).status, 200)
    }).pipe(Effect.provide(inMemory()))
  )
})

describe("over HTTP", () => {
  it.effect("faults are added, listed, replaced and removed", () =>
    Effect.gen(function* () {
      const { get } = yield* session
      const one = yield* send("POST", "/_emulator/faults", { body: { do: { _tag: "Throttle" } } })
      assert.deepStrictEqual([one.status, one.body.id], [201, "f1"])
      assert.strictEqual((yield* get("/v1/redis/flavors")).status, 429)
      assert.strictEqual((yield* send("GET", "/_emulator/faults")).body.faults[0].fired, 1)
      const faults = [{ match: { operation: "ListFlavors" }, do: { _tag: "Status", status: 500 } }]
      const replaced = yield* send("PUT", "/_emulator/faults", { body: { seed: 4, faults } })
      assert.deepStrictEqual(
        replaced.body.faults.map((each: Body) => each.id),
        ["f2"]
      )
      assert.strictEqual((yield* send("DELETE", "/_emulator/faults/f1")).status, 404)
      assert.deepStrictEqual((yield* send("DELETE", "/_emulator/faults/f2")).body, { faults: [] })
      yield* send("POST", "/_emulator/faults", { body: { do: { _tag: "Drop" } } })
      assert.deepStrictEqual((yield* send("DELETE", "/_emulator/faults")).body, { faults: [] })
      assert.strictEqual((yield* get("/v1/redis/flavors")).status, 200)
    }).pipe(Effect.provide(inMemory()))
  )

  it.effect("headers that could not be sent are refused", () =>
    Effect.gen(function* () {
      for (const headers of [{ "a b": "c" }, { a: "b\r\nc: d" }]) {
        const body = { do: { _tag: "Status", status: 500, headers } }
        assert.strictEqual((yield* send("POST", "/_emulator/faults", { body })).status, 400)
      }
      assert.deepStrictEqual((yield* send("GET", "/_emulator/faults")).body, { faults: [] })
    }).pipe(Effect.provide(inMemory()))
  )

  it.effect("a misspelt condition is refused rather than ignored", () =>
    Effect.gen(function* () {
      const fault = { match: { operatoin: "AddShard" }, do: { _tag: "Drop" } }
      const one = yield* send("POST", "/_emulator/faults", { body: fault })
      assert.strictEqual(one.status, 400)
      assert.match(one.body.message, /operatoin/)
      assert.strictEqual((yield* send("PUT", "/_emulator/faults", { body: { faults: [fault] } })).status, 400)
      const disturbance = { _tag: "FailNode", node: "x" }
      assert.strictEqual((yield* send("POST", "/_emulator/disturb", { body: disturbance })).status, 400)
    }).pipe(Effect.provide(inMemory()))
  )

  it.effect("a step is a condition of disturbances alone", () =>
    Effect.gen(function* () {
      const add = (body: unknown) => Effect.map(send("POST", "/_emulator/faults", { body }), ({ status }) => status)
      const hang = { _tag: "Disturb", disturbance: { _tag: "HangNode", role: "primary" } }
      assert.strictEqual(yield* add({ match: { operation: "AddShard", step: "Slots" }, do: hang }), 201)
      assert.strictEqual(yield* add({ match: { step: "Slots" }, do: { _tag: "Drop" } }), 400)
      assert.strictEqual(yield* add({ match: { step: "Slots", method: "GET" }, do: hang }), 400)
      assert.strictEqual(yield* add({ match: { step: "" }, do: hang }), 400)
    }).pipe(Effect.provide(inMemory()))
  )

  it.effect("a fault that is not understood is refused with all that is wrong", () =>
    Effect.gen(function* () {
      const answer = yield* send("POST", "/_emulator/faults", {
        body: { match: { operation: "Dance", nth: 0, probability: 2 }, do: { _tag: "Delay" } }
      })
      assert.strictEqual(answer.status, 400)
      for (const place of ["match.operation:", "match.nth:", "match.probability:", "do.millis:"]) {
        assert.include(answer.body.message, place)
      }
    }).pipe(Effect.provide(inMemory()))
  )
})
