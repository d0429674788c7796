import { assert, it } from "@effect/vitest"
import * as FastCheck from "effect/FastCheck"
import * as Option from "effect/Option"
import { judge, parse, type ReplicationInfo } from "../../src/redis/ReplicationInfo.js"

const id = FastCheck.string({ unit: FastCheck.constantFrom(..."0123456789abcdef"), minLength: 40, maxLength: 40 })
const offset = FastCheck.nat({ max: 2 ** 31 - 1 })
const host = FastCheck.ipV4()
const port = FastCheck.integer({ min: 1, max: 65_535 })

const follower = FastCheck.record({
  host,
  port,
  offset,
  state: FastCheck.constantFrom("online", "wait_bgsave", "send_bulk")
})

const primary = FastCheck.record({
  _tag: FastCheck.constant("Primary" as const),
  replicationId: id,
  offset,
  followers: FastCheck.array(follower, { maxLength: 4 })
})

const replica = FastCheck.record({
  _tag: FastCheck.constant("Replica" as const),
  replicationId: id,
  offset,
  primary: FastCheck.tuple(host, port).map(([address, at]) => `${address}:${at}`),
  linkUp: FastCheck.boolean(),
  syncing: FastCheck.boolean()
})

/** As the server writes it, with fields of other versions among those that count. */
const print = (info: ReplicationInfo, noise: ReadonlyArray<string>): string => {
  const own =
    info._tag === "Primary"
      ? [
          "role:master",
          `connected_slaves:${info.followers.length}`,
          ...info.followers.map((each, index) =>
            [
              `slave${index}:ip=${each.host}`,
              `port=${each.port}`,
              `state=${each.state}`,
              `offset=${each.offset}`,
              "lag=1"
            ].join()
          ),
          `master_repl_offset:${info.offset}`
        ]
      : [
          "role:slave",
          `master_host:${info.primary.split(":")[0]}`,
          `master_port:${info.primary.split(":")[1]}`,
          `master_link_status:${info.linkUp ? "up" : "down"}`,
          `master_sync_in_progress:${info.syncing ? 1 : 0}`,
          `slave_repl_offset:${info.offset}`,
          "master_repl_offset:12"
        ]
  return ["# Replication", ...noise, ...own, `master_replid:${info.replicationId}`, "second_repl_offset:-1", ""].join(
    "\r\n"
  )
}

const noise = FastCheck.array(
  FastCheck.constantFrom("master_failover_state:no-failover", "replica_announced:1", "io_threads_active:0", "", "junk")
)

it.prop(
  "what a server of any version prints is read back as it was",
  [FastCheck.oneof(primary, replica), noise],
  ([info, lines]) => {
    assert.deepStrictEqual(parse(print(info, lines)), Option.some(info))
  }
)

it.prop("any other text is no answer, and never a crash", [FastCheck.string()], ([text]) => {
  assert.isTrue(Option.isNone(parse(text)))
})

it.prop(
  "a replica is in sync exactly when it is linked, not copying, of the same history and within the lag",
  [primary, replica, FastCheck.boolean(), FastCheck.integer({ min: -2000, max: 2000 }), FastCheck.nat({ max: 1000 })],
  ([one, other, related, distance, lag]) => {
    const asked: ReplicationInfo = {
      ...other,
      offset: one.offset - distance,
      replicationId: related ? one.replicationId : other.replicationId
    }
    const wanted = other.linkUp && !other.syncing && asked.replicationId === one.replicationId && distance <= lag
    assert.strictEqual(judge(one, asked, lag)._tag, wanted ? "InSync" : "Behind")
  }
)

it("a primary that was demoted, or a replica that follows nobody, proves nothing", () => {
  const [one] = FastCheck.sample(primary, { numRuns: 1, seed: 1 })
  const [other] = FastCheck.sample(replica, { numRuns: 1, seed: 1 })
  if (one === undefined || other === undefined) return assert.fail("no sample")
  assert.strictEqual(judge(other, other, 0)._tag, "Behind")
  assert.strictEqual(judge(one, one, 0)._tag, "Behind")
})
