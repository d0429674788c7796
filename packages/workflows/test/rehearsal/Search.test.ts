import { assert, describe, it } from "@effect/vitest"
import { AddReplica } from "@memstore-flows/api/AddReplica"
import * as Flow from "@memstore-flows/engine/Flow"
import type * as Journal from "@memstore-flows/engine/Journal"
import type * as Run from "@memstore-flows/engine/Run"
import * as Step from "@memstore-flows/engine/Step"
import type { ShardState } from "@memstore-flows/model/ClusterState"
import type { State } from "@memstore-flows/model/State"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { CallError } from "../../src/FlowError.js"
import { PasswordSource } from "../../src/PasswordSource.js"
import type { Given } from "./Given.js"
import { subject, subjects } from "./Subjects.js"
import * as Ground from "./search/Ground.js"
import * as Hazards from "./search/Hazards.js"
import { judge } from "./search/Judge.js"
import type { Lived } from "./search/Life.js"
import * as Search from "./search/Search.js"

/** The names of the invariants that did not hold, and how often, over some seeds. */
const found = (options: Search.Options, trials: number) =>
  Effect.gen(function* () {
    const search = Search.make(options)
    const broken: Record<string, number> = {}
    for (let seed = 0; seed < trials; seed++) {
      const { wrong } = yield* search(seed)
      for (const name of new Set(wrong.map((each) => each.slice(0, each.indexOf(":"))))) {
        broken[name] = (broken[name] ?? 0) + 1
      }
    }
    return broken
  })

const Payload = Schema.Struct({ clusterId: Schema.String, shardId: Schema.String, user: Schema.String })

const payloadOf = ({ clusterId, shards }: Given) =>
  Effect.succeed({ clusterId, shardId: shards[0]?.id ?? "", user: "app" })

/** A flow of one step, as careless as its body. */
const careless = (body: (payload: typeof Payload.Type) => Effect.Effect<void, CallError, AddReplica | Run.Run>) => {
  const flow = Flow.make({
    name: "Careless",
    payload: Payload,
    error: CallError,
    resource: ({ clusterId }) => `cluster/${clusterId}`
  })
  return { careless: subject({ flow, body }, payloadOf) }
}

const add = ({ clusterId, shardId }: typeof Payload.Type) =>
  Effect.flatMap(AddReplica, (send) => send({ clusterId, shardId, subnet: { id: "subnet-x" } }))

const settled = Effect.sleep("1 minute")

describe("The fault search", () => {
  it.live("finds a write that is sent again without a look", () =>
    Effect.gen(function* () {
      const flow = careless((payload) =>
        Step.make("add", {
          error: CallError,
          run: Effect.zipRight(Effect.retry(Effect.zipRight(settled, add(payload)), { times: 2 }), settled)
        })
      )
      const broken = yield* found({ subjects: flow }, 64)
      assert.isAbove(broken["planned"] ?? 0, 0)
      assert.isAbove(broken["promised"] ?? 0, 0)
    })
  )

  it.live("finds what is left behind by a step that has no undo", () =>
    Effect.gen(function* () {
      const flow = careless((payload) =>
        Step.make("add", { error: CallError, run: Effect.zipRight(add(payload), settled) })
      )
      const broken = yield* found({ subjects: flow }, 64)
      assert.isAbove(broken["reported"] ?? 0, 0)
      assert.isAbove(broken["named"] ?? 0, 0)
    })
  )

  it.live("finds a secret in what a step recorded, and in what it logged", () =>
    Effect.gen(function* () {
      const secret = PasswordSource.pipe(
        Effect.flatMap(({ encrypted }) => encrypted("app")),
        Effect.map(Redacted.value),
        Effect.orDie
      )
      const recording = careless(() => Effect.asVoid(Step.make("read", { success: Schema.String, run: secret })))
      const logging = careless(() => Step.make("read", { run: Effect.flatMap(secret, (it) => Effect.logDebug(it)) }))
      assert.isAbove((yield* found({ subjects: recording }, 16))["silent"] ?? 0, 0)
      assert.isAbove((yield* found({ subjects: logging }, 16))["silent"] ?? 0, 0)
    })
  )

  it.live("finds a run that waits for what never comes", () =>
    Effect.gen(function* () {
      const flow = careless(() => Step.make("wait", { run: Effect.async<void>(() => {}) }))
      assert.isAbove((yield* found({ subjects: flow }, 16))["no end"] ?? 0, 0)
    })
  )

  it.live("finds a journal that forgets what was sent, and one that ends no run", () =>
    Effect.gen(function* () {
      const { ReplaceReplica: flow } = subjects
      const forgetful = (inner: Journal.Service): Journal.Service => ({
        ...inner,
        entries: (run) => Effect.map(inner.entries(run), (entries) => entries.filter(({ kind }) => kind !== "intent"))
      })
      const open = (inner: Journal.Service): Journal.Service => ({ ...inner, finish: () => Effect.succeedNone })
      assert.notDeepEqual(yield* found({ subjects: { flow }, journal: forgetful }, 64), {})
      const broken = yield* found({ subjects: { flow }, journal: open }, 16)
      assert.isAbove(broken["ended"] ?? 0, 0)
      assert.isAbove(broken["unlocked"] ?? 0, 0)
    })
  )

  it.live("finds slots that no shard has, a shard without a primary, and clients pointed to nothing", () =>
    Effect.gen(function* () {
      const ground = yield* Ground.make({ upgrade: subjects.UpgradeCluster }, 2)
      const { calm } = ground
      const wrongIf = (change: Partial<Lived>) => judge(ground, Hazards.none, { ...calm, ...change })
      const withShards = (change: (shard: ShardState, index: number) => ShardState): State => ({
        ...calm.state,
        clusters: calm.state.clusters.map((cluster) => ({ ...cluster, shards: cluster.shards.map(change) }))
      })
      const bare = withShards((shard, index) => (index === 0 ? { ...shard, slots: [] } : shard))
      const headless = withShards((shard) => ({
        ...shard,
        nodes: shard.nodes.map((node) => ({ ...node, role: "replica" as const }))
      }))
      assert.strictEqual(calm.outcome._tag, "Succeeded")
      assert.deepStrictEqual(wrongIf({}), [])
      assert.match(wrongIf({ state: bare }).join(), /covered: cluster .* does not cover every slot once/)
      assert.match(wrongIf({ state: headless }).join(), /covered: cluster .* without one live primary/)
      assert.deepStrictEqual(wrongIf({ clients: "gone" }), ["pointed: clients are pointed to a cluster that is gone"])
    })
  )

  it.live("comes to the same for a seed alone as among others", () =>
    Effect.gen(function* () {
      const among = Search.make()
      for (let seed = 320; seed < 336; seed++) {
        const alone = yield* Search.make()(seed)
        assert.deepStrictEqual(JSON.stringify(yield* among(seed)), JSON.stringify(alone))
      }
    })
  )
})
