import type * as MemStore from "@memstore-flows/api/MemStore"
import type { Shard } from "@memstore-flows/api/Shard"
import * as Engine from "@memstore-flows/engine/Engine"
import * as Journal from "@memstore-flows/engine/Journal"
import type * as Outcome from "@memstore-flows/engine/Outcome"
import * as Runs from "@memstore-flows/engine/Runs"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Random from "effect/Random"
import type * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as Approval from "../../src/Approval.js"
import * as AuditTopology from "../../src/AuditTopology.js"
import * as AwaitHealthy from "../../src/AwaitHealthy.js"
import * as BackupNow from "../../src/BackupNow.js"
import * as DecommissionCluster from "../../src/DecommissionCluster.js"
import * as EvacuateSubnet from "../../src/EvacuateSubnet.js"
import * as ProvisionCluster from "../../src/ProvisionCluster.js"
import * as ReconfigureCluster from "../../src/ReconfigureCluster.js"
import * as ReplaceReplica from "../../src/ReplaceReplica.js"
import * as ReplaceShard from "../../src/ReplaceShard.js"
import * as RestoreCluster from "../../src/RestoreCluster.js"
import * as RestoreDrill from "../../src/RestoreDrill.js"
import * as RestoreThenScale from "../../src/RestoreThenScale.js"
import * as Trial from "../../src/rehearsal/internal/trial.js"
import type { Plan } from "../../src/rehearsal/Plan.js"
import * as Rehearsal from "../../src/rehearsal/Rehearsal.js"
import * as ScaleIn from "../../src/ScaleIn.js"
import * as ScaleOut from "../../src/ScaleOut.js"
import * as ScaleTo from "../../src/ScaleTo.js"
import * as SetReplicaCount from "../../src/SetReplicaCount.js"
import { specOf } from "../support/Fixture.js"

/** A number from `min` to `max`, both included. */
export const between = (min: number, max: number) => Random.nextIntBetween(min, max + 1)

/** One of some, all as likely. */
export const oneOf = <A>(items: readonly [A, ...Array<A>]): Effect.Effect<A> =>
  Effect.map(Random.nextIntBetween(0, items.length), (index) => items[index] ?? items[0])

const subnets = ["subnet-x", "subnet-y", "subnet-z"] as const
const pick = Effect.map(oneOf(subnets), (id) => ({ id }))
const assignment = (nodes: number) => Effect.all({ primary: pick, replicas: Effect.replicateEffect(pick, nodes - 1) })

/** A cluster of some shards and nodes, placed at random. */
export const spec = Effect.gen(function* () {
  const shardCount = yield* between(1, 4)
  const nodeCountPerShard = yield* between(2, 4)
  const subnetAssignments = yield* Effect.replicateEffect(assignment(nodeCountPerShard), shardCount)
  return { ...specOf(shardCount), nodeCountPerShard, subnetAssignments }
})

export type Spec = Effect.Effect.Success<typeof spec>

/** What a payload is made from. */
export interface Given {
  readonly clusterId: string
  readonly shards: ReadonlyArray<Shard>
  readonly spec: Spec
}

const shardIn = ({ shards }: Given) =>
  Effect.flatMap(Random.nextIntBetween(0, shards.length), (index) => {
    const shard = shards[index]
    return shard === undefined ? Effect.dieMessage("no shard") : Effect.succeed(shard)
  })

const nodeIn = ({ nodes }: Shard) =>
  Effect.flatMap(Random.nextIntBetween(0, nodes.length), (index) => {
    const node = nodes[index]
    return node === undefined ? Effect.dieMessage("no node") : Effect.succeed(node)
  })

const restored = ({ spec }: Given, name: string) => ({
  ...spec,
  name,
  restoreSource: { backupName: "nightly" }
})

type Pure = Schema.Schema.AnyNoContext | typeof Schema.Never

/** A flow with a random payload: its rehearsal, and its run under the id "run". */
export interface Subject {
  readonly payload: unknown
  readonly rehearse: (options: Rehearsal.Options) => Effect.Effect<Plan, Rehearsal.RehearsalError, Rehearsal.Reads>
  readonly trial: (options: Trial.Options) => Effect.Effect<Trial.Trial<unknown, unknown>, unknown>
  readonly run: Effect.Effect<Outcome.Outcome<unknown, unknown>, unknown, MemStore.Operations>
}

/** Says yes as soon as the run asks. */
const approve = Runs.events("run").pipe(
  Stream.takeUntil(({ _tag }) => _tag === "WaitingForSignal"),
  Stream.runDrain,
  Effect.zipRight(Runs.signal("run", Approval.signal, { approved: true, by: "ann" }, { scope: "approval" })),
  Effect.ignore
)

const subject =
  <Name extends string, P extends Schema.Schema.AnyNoContext, S extends Pure, E extends Pure>(
    module: Rehearsal.Rehearsable<Name, P, S, E>,
    payloadOf: (given: Given) => Effect.Effect<P["Type"]>
  ) =>
  (given: Given): Effect.Effect<Subject> =>
    Effect.map(payloadOf(given), (payload) => ({
      payload,
      rehearse: (options) => Rehearsal.rehearse(module, payload, options),
      trial: (options) => Trial.make(module, payload, options),
      run: Effect.gen(function* () {
        yield* Runs.start(module.flow, { payload, id: "run" })
        const helper = yield* Effect.fork(approve)
        const outcome = yield* Runs.outcome(module.flow, "run")
        yield* helper.interruptAsFork(helper.id())
        return outcome
      }).pipe(
        Effect.provide(
          module.flow.toLayer(module.body).pipe(Layer.provideMerge(Engine.layer()), Layer.provide(Journal.layerMemory))
        ),
        Effect.scoped
      )
    }))

/** The checks that speak of what the cluster was before are off, or few random clusters would be changed at all. */
const off = (...checks: ReadonlyArray<"subnetSpread" | "freshBackup" | "evenSlots">) => ({
  checksOff: checks.map((check) => ({ check, reason: "random" }))
})

/** Every flow that needs nothing of its caller. */
export const subjects = {
  AuditTopology: subject(AuditTopology, () => Effect.map(between(2, 4), (nodesPerShard) => ({ nodesPerShard }))),
  AwaitHealthy: subject(AwaitHealthy, ({ clusterId }) => Effect.succeed({ clusterId, within: Duration.minutes(1) })),
  BackupNow: subject(BackupNow, ({ clusterId }) =>
    Effect.map(oneOf(["now", "nightly"]), (name) => ({ clusterId, name }))
  ),
  DecommissionCluster: subject(DecommissionCluster, ({ clusterId }) =>
    Effect.map(oneOf<Approval.Ask>(["not-needed", { within: Duration.hours(1) }]), (approval) => ({
      clusterId,
      keepAutomaticBackups: true,
      approval
    }))
  ),
  EvacuateSubnet: subject(EvacuateSubnet, ({ clusterId }) =>
    Effect.map(oneOf<"report" | "replaceShard">(["report", "replaceShard"]), (primaries) => ({
      clusterId,
      subnetId: "subnet-x",
      to: ["subnet-y", "subnet-z"] as const,
      primaries,
      ...off("subnetSpread", "evenSlots")
    }))
  ),
  ProvisionCluster: subject(ProvisionCluster, () =>
    Effect.map(spec, (cluster) => ({ cluster: { ...cluster, name: "new" }, ...off("subnetSpread") }))
  ),
  ReconfigureCluster: subject(ReconfigureCluster, ({ clusterId }) =>
    Effect.map(oneOf(["a", "b"]), (description) => ({ clusterId, change: { description } }))
  ),
  ReplaceReplica: subject(ReplaceReplica, (given) =>
    Effect.gen(function* () {
      const shard = yield* shardIn(given)
      const node = yield* nodeIn(shard)
      const { id: subnetId } = yield* pick
      return { clusterId: given.clusterId, shardId: shard.id, nodeId: node.id, subnetId }
    })
  ),
  ReplaceShard: subject(ReplaceShard, (given) =>
    Effect.gen(function* () {
      const shard = yield* shardIn(given)
      const newShard = yield* assignment(shard.nodes.length)
      return { clusterId: given.clusterId, shardId: shard.id, newShard, ...off("subnetSpread", "evenSlots") }
    })
  ),
  RestoreCluster: subject(RestoreCluster, (given) => Effect.succeed({ cluster: restored(given, "again") })),
  RestoreDrill: subject(RestoreDrill, (given) => Effect.succeed({ cluster: restored(given, "drill") })),
  RestoreThenScale: subject(RestoreThenScale, (given) =>
    Effect.map(between(1, 5), (shards) => ({ cluster: restored(given, "again"), shards }))
  ),
  ScaleIn: subject(ScaleIn, (given) =>
    Effect.map(shardIn(given), ({ id }) => ({
      clusterId: given.clusterId,
      remove: { shardIds: [id] as const },
      ...off("subnetSpread", "evenSlots")
    }))
  ),
  ScaleOut: subject(ScaleOut, ({ clusterId }) =>
    Effect.map(between(1, 2), (add) => ({ clusterId, add, ...off("subnetSpread", "evenSlots") }))
  ),
  ScaleTo: subject(ScaleTo, ({ clusterId }) =>
    Effect.map(between(1, 5), (shards) => ({ clusterId, shards, ...off("subnetSpread", "evenSlots") }))
  ),
  SetReplicaCount: subject(SetReplicaCount, ({ clusterId }) =>
    Effect.map(between(2, 5), (nodesPerShard) => ({ clusterId, nodesPerShard, ...off("subnetSpread") }))
  )
} as const
