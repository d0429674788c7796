import { assert, it } from "@effect/vitest"
import type { Shard } from "@memstore-flows/api/Shard"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as RedisAccess from "../../src/redis/RedisAccess.js"
import * as RedisLoadProbe from "../../src/redis/RedisLoadProbe.js"
import * as RedisNode from "../../src/redis/RedisNode.js"
import { answers, binary, server } from "./support/Server.js"

const createdAt = "2026-01-01T00:00:00Z"
const access = RedisAccess.make()

const shardOf = (endpoints: ReadonlyArray<string>): Shard => ({
  id: "001",
  name: "001",
  status: "Running",
  slots: "0-16383",
  createdAt,
  nodes: endpoints.map((endpoint, index) => ({
    id: `n${index}`,
    name: `n${index}`,
    status: "Running",
    role: index === 0 ? "primary" : "replica",
    endpoint,
    subnet: { id: "subnet-a" },
    createdAt
  }))
})

const look = (endpoints: ReadonlyArray<string>) =>
  RedisLoadProbe.look({ clusterId: "c", shards: [shardOf(endpoints)] }, { sample: "100 millis" })

it.scopedLive.skipIf(binary === undefined)("a node's memory, its limit and its CPU are what the server says", () =>
  Effect.gen(function* () {
    const [limited, unlimited] = [yield* server(["--maxmemory", "64mb"]), yield* server()]
    yield* answers(limited, access)
    yield* answers(unlimited, access)
    const node = yield* RedisNode.connect({ host: limited, access, patience: "5 seconds" })
    yield* node.call("SET", "key", "x".repeat(1_000_000))
    const calm = Option.getOrThrow(yield* look([limited, unlimited, "127.0.0.99"]))
    assert.deepStrictEqual(
      calm.map(({ nodeId }) => nodeId),
      ["n0", "n1"]
    )
    assert.strictEqual(calm[0]?.maxMemory, 64 * 1024 ** 2)
    assert.isAbove(calm[0]?.usedMemory ?? 0, 1_000_000)
    assert.isUndefined(calm[1]?.maxMemory)
    const spin = "local n = 0 while n < 200000 do n = n + 1 end return n"
    const busy = yield* Effect.fork(Effect.forever(node.call("EVAL", spin, 0)))
    const loads = Option.getOrThrow(yield* look([limited]))
    yield* Fiber.interrupt(busy)
    assert.isAbove(loads[0]?.cpu ?? 0, (calm[0]?.cpu ?? 0) + 0.1)
    assert.isTrue(Option.isNone(yield* look(["127.0.0.99"])))
  })
)
