import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import * as RedisAccess from "../../src/redis/RedisAccess.js"
import { connect } from "../../src/redis/RedisNode.js"
import * as RedisReplicaSync from "../../src/redis/RedisReplicaSync.js"
import { answers, binary, server } from "./support/Server.js"

const secret = "replica-sync-secret-0815"
const access = RedisAccess.make({ username: "prober", password: Redacted.make(secret) })
const login = [
  ...["--user", "default", "off"],
  ...["--user", "prober", "on", `>${secret}`, "-@all", "+info", "+ping"],
  ...["--user", "writer", "on", `>${secret}`, "~*", "+@all"],
  ...["--masteruser", "writer", "--masterauth", secret]
]
const writer = RedisAccess.make({ ...access, username: "writer" })

const question = (primary: string, replica: string) => ({
  clusterId: "cluster",
  shardId: "shard",
  primary: { nodeId: "one", endpoint: primary },
  replica: { nodeId: "two", endpoint: replica }
})

const pair = Effect.gen(function* () {
  const one = yield* server(login)
  yield* answers(one, access)
  const two = yield* server([...login, "--replicaof", one, "6379"])
  yield* answers(two, access)
  return {
    one,
    two,
    write: yield* connect({ host: one, access: writer }),
    replica: yield* connect({ host: two, access: writer })
  }
})

const untilInSync = (one: string, two: string) =>
  Effect.repeat(RedisReplicaSync.look(question(one, two), { access }), {
    until: ({ _tag }) => _tag === "InSync",
    schedule: Schedule.intersect(Schedule.spaced("50 millis"), Schedule.recurs(100))
  })

it.scopedLive.skipIf(binary === undefined)(
  "a replica is behind until it has its primary's data, and again when it is cut off",
  () =>
    Effect.gen(function* () {
      const { one, replica, two, write } = yield* pair
      yield* untilInSync(one, two)
      yield* write.call("SET", "key", "value")
      assert.deepStrictEqual(yield* RedisReplicaSync.look(question(one, two), { access }), { _tag: "InSync" })
      yield* replica.call("REPLICAOF", "NO", "ONE")
      assert.deepStrictEqual(yield* RedisReplicaSync.look(question(one, two), { access }), {
        _tag: "Behind",
        detail: "the node follows no primary"
      })
      yield* replica.call("REPLICAOF", "127.0.0.1", 1)
      const adrift = yield* RedisReplicaSync.look(question(one, two), { access })
      assert.match(adrift._tag === "Behind" ? adrift.detail : "", /no link to the primary 127.0.0.1:1/)
    })
)

it.scopedLive.skipIf(binary === undefined)(
  "an unreachable primary gives no proof, an unreachable replica waits, a denied user is told so",
  () =>
    Effect.gen(function* () {
      const { one, two } = yield* pair
      const probe = RedisReplicaSync.make({ access })
      const strict = RedisReplicaSync.make({ access, required: true })
      const nowhere = "127.255.255.1"
      const quiet = Logger.withMinimumLogLevel(probe.look(question(nowhere, two)), LogLevel.None)
      assert.deepStrictEqual(yield* quiet, { _tag: "Unproven" })
      assert.strictEqual((yield* strict.look(question(nowhere, two)))._tag, "Behind")
      assert.strictEqual((yield* probe.look(question(one, nowhere)))._tag, "Behind")
      const wrong = RedisAccess.make({ ...access, password: Redacted.make("not-the-password-4711") })
      const denied = yield* Effect.flip(RedisReplicaSync.look(question(one, two), { access: wrong }))
      assert.deepInclude(denied, { _tag: "NodeUnreachable", reason: "Denied", endpoint: `${one}:6379` })
      assert.notInclude(JSON.stringify(denied), "4711")
    })
)

it.scopedLive.skipIf(binary === undefined)(
  "a node that hangs ends the look in time, and an interruption closes its connections",
  () =>
    Effect.gen(function* () {
      const { one, replica, two, write } = yield* pair
      yield* untilInSync(one, two)
      const clients = Effect.map(replica.call("CLIENT", "LIST"), (list) => String(list).split("user=prober").length - 1)
      const until = (wanted: number) => Effect.repeat(clients, { until: (count) => count === wanted, times: 2000 })
      const busy = yield* Effect.fork(
        RedisReplicaSync.look(question(one, two), { access, lag: -1_000_000, catchUp: "1 minute" })
      )
      assert.strictEqual(yield* until(1), 1)
      yield* Fiber.interrupt(busy)
      assert.strictEqual(yield* until(0), 0)
      yield* write.call("CLIENT", "PAUSE", 1000, "ALL")
      const late = yield* Effect.flip(RedisReplicaSync.look(question(one, two), { access, patience: "100 millis" }))
      assert.deepInclude(late, { _tag: "NodeUnreachable", reason: "TimedOut" })
    })
)
