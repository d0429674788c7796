// See what a flow would do, keep the plan, and run it only while it fits.
import { NodeRuntime } from "@effect/platform-node"
import { ListShards, Shard } from "@memstore-flows/api"
import { Runs } from "@memstore-flows/engine"
import { Plan, PlanTree, Rehearsal, ReplaceReplica, SavedPlan } from "@memstore-flows/workflows"
import { Config, Console, Effect, Schema } from "effect"
import { environment } from "./support/Environment.js"
import { settings, sourceCluster } from "./support/Sandbox.js"

const program = Effect.gen(function* () {
  const clusterId = yield* sourceCluster(10_000)
  const listShards = yield* ListShards
  const [shard] = (yield* listShards({ clusterId })).shards
  const [replica] = shard === undefined ? [] : Shard.replicas(shard)
  if (shard === undefined || replica === undefined) return yield* Effect.dieMessage("the cluster has no replica")
  const subnetId = yield* Config.withDefault(Config.string("MEMSTORE_SUBNET_C"), (yield* settings).subnetA)

  // The flow's own code, on the rules of the service: nothing is sent but reads.
  const payload = { clusterId, shardId: shard.id, nodeId: replica.id, subnetId }
  const plan = yield* Rehearsal.rehearse(ReplaceReplica, payload)
  yield* Console.log(`${PlanTree.render(plan)}\n`)

  // A plan is data: keep it, send it, read it again. `PlanMarkdown.render` and `PlanHtml.render` show it elsewhere.
  const saved = yield* Schema.encode(Plan.Json)(plan)
  const read = yield* Schema.decode(Plan.Json)(saved)

  // It runs only if shards, nodes, roles and slots are still what it was made from.
  const { added, removed } = yield* Runs.execute(ReplaceReplica.flow, { plan: SavedPlan.of(read) }).pipe(
    Effect.tapErrorTag("PlanStale", (stale) => Console.error(stale.message))
  )
  yield* Console.log(`replaced ${removed} by ${added}`)
})

NodeRuntime.runMain(Effect.provide(program, environment))
