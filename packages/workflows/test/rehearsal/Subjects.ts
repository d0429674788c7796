import type * as MemStore from "@memstore-flows/api/MemStore"
import { replicas as replicasOf, type Shard } from "@memstore-flows/api/Shard"
import * as Engine from "@memstore-flows/engine/Engine"
import * as Flow from "@memstore-flows/engine/Flow"
import * as Journal from "@memstore-flows/engine/Journal"
import type * as Outcome from "@memstore-flows/engine/Outcome"
import * as Runs from "@memstore-flows/engine/Runs"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Random from "effect/Random"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as Approval from "../../src/Approval.js"
import * as AuditTopology from "../../src/AuditTopology.js"
import * as AwaitHealthy from "../../src/AwaitHealthy.js"
import * as BackupNow from "../../src/BackupNow.js"
import * as DecommissionCluster from "../../src/DecommissionCluster.js"
import * as EvacuateSubnet from "../../src/EvacuateSubnet.js"
import * as Handover from "../../src/Handover.js"
import * as InWindow from "../../src/InWindow.js"
import * as PauseBackups from "../../src/PauseBackups.js"
import * as ProvisionCluster from "../../src/ProvisionCluster.js"
import * as ReconfigureCluster from "../../src/ReconfigureCluster.js"
import * as ReplaceReplica from "../../src/ReplaceReplica.js"
import * as ReplaceShard from "../../src/ReplaceShard.js"
import * as RestoreCluster from "../../src/RestoreCluster.js"
import * as RestoreDrill from "../../src/RestoreDrill.js"
import * as RestoreThenScale from "../../src/RestoreThenScale.js"
import * as RollOut from "../../src/RollOut.js"
import type { Plan } from "../../src/rehearsal/Plan.js"
import * as Rehearsal from "../../src/rehearsal/Rehearsal.js"
import * as ScaleIn from "../../src/ScaleIn.js"
import * as ScaleOut from "../../src/ScaleOut.js"
import * as ScaleTo from "../../src/ScaleTo.js"
import * as SetReplicaCount from "../../src/SetReplicaCount.js"
import * as UpgradeCluster from "../../src/UpgradeCluster.js"
import { assignment, between, type Given, oneOf, pick, type Standing, spec } from "./Given.js"
import * as Life from "./search/Life.js"

const userOf = ({ user }: Given) => (user === undefined ? {} : { user })

const shardIn = ({ shards }: Standing) =>
  Effect.flatMap(Random.nextIntBetween(0, shards.length), (index) => {
    const shard = shards[index]
    return shard === undefined ? Effect.dieMessage("no shard") : Effect.succeed(shard)
  })

const nodeIn = ({ nodes }: Shard) =>
  Effect.flatMap(Random.nextIntBetween(0, nodes.length), (index) => {
    const node = nodes[index]
    return node === undefined ? Effect.dieMessage("no node") : Effect.succeed(node)
  })

const restored = (given: Given, name: string) => ({
  ...given.spec,
  ...userOf(given),
  name,
  restoreSource: { backupName: "nightly" }
})

type Pure = Schema.Schema.AnyNoContext | typeof Schema.Never

/** A flow with a random payload: its rehearsal, and its run under the id "run". */
export interface Subject {
  readonly payload: unknown
  readonly rehearse: (options: Rehearsal.Options) => Effect.Effect<Plan, Rehearsal.RehearsalError, Rehearsal.Reads>
  /** Its life under all that may befall it. */
  readonly live: (options: Life.Options) => Effect.Effect<Life.Lived, unknown>
  readonly run: Effect.Effect<Outcome.Outcome<unknown, unknown>, unknown, MemStore.Operations>
}

/** Says yes as soon as the run asks. */
const approve = Runs.events("run").pipe(
  Stream.takeUntil(({ _tag }) => _tag === "WaitingForSignal"),
  Stream.runDrain,
  Effect.zipRight(Runs.signal("run", Approval.signal, { approved: true, by: "ann" }, { scope: "approval" })),
  Effect.ignore
)

/** Subjects by name, each made of a project. */
export type Subjects = Readonly<Record<string, (given: Given) => Effect.Effect<Subject>>>

/** `layer`: the implementation, where the run is made of something else than the rehearsal. */
export const subject =
  <Name extends string, P extends Schema.Schema.AnyNoContext, S extends Pure, E extends Pure>(
    module: Rehearsal.Rehearsable<Name, P, S, E>,
    payloadOf: (given: Given) => Effect.Effect<P["Type"]>,
    layer: Life.Living<Name, P, S, E>["layer"] = module.flow.toLayer(module.body)
  ) =>
  (given: Given): Effect.Effect<Subject> =>
    Effect.map(payloadOf(given), (payload) => ({
      payload,
      rehearse: (options) => Effect.provide(Rehearsal.rehearse(module, payload, options), noHandover),
      live: (options) => Life.live({ flow: module.flow, layer }, payload, options),
      run: Effect.gen(function* () {
        yield* Runs.start(module.flow, { payload, id: "run" })
        const helper = yield* Effect.fork(approve)
        const outcome = yield* Runs.outcome(module.flow, "run")
        yield* helper.interruptAsFork(helper.id())
        return outcome
      }).pipe(
        Effect.provide(
          layer.pipe(Layer.provideMerge(Engine.layer()), Layer.provide(Journal.layerMemory), Layer.provide(noHandover))
        ),
        Effect.scoped
      )
    }))

const noHandover = Layer.succeed(Handover.Handover, Handover.nothing)

/** The checks that speak of what the cluster was before are off, or few random clusters would be changed at all. */
const off = (...checks: ReadonlyArray<"subnetSpread" | "freshBackup" | "evenSlots">) => ({
  checksOff: checks.map((check) => ({ check, reason: "random" }))
})

const scaleOutInWindow = InWindow.of(ScaleOut)

const replaceReplicas = RollOut.of(ReplaceReplica)

const schedule = { cron: "0 3 * * *", retentionLimit: 7 }

/** A flow of a caller's own, made of a wrapper and a body. */
const withoutBackups = {
  flow: Flow.make({
    name: "SetReplicaCountWithoutBackups",
    payload: SetReplicaCount.Payload,
    success: SetReplicaCount.flow.success,
    error: Schema.Union(PauseBackups.PauseError, SetReplicaCount.flow.error),
    resource: SetReplicaCount.flow.resource
  }),
  body: (payload: SetReplicaCount.Payload) =>
    PauseBackups.around({ clusterId: payload.clusterId, schedule })(SetReplicaCount.body(payload))
}

/** Some replicas of a cluster, each to be replaced, no two of them the same. */
const replacements = (name: string, count: number) => (standing: Standing) =>
  Effect.gen(function* () {
    const replicas = standing.shards.flatMap((shard) => replicasOf(shard).map(({ id }) => ({ shard, id })))
    const shuffled = [...(yield* Random.shuffle(replicas))].slice(0, count)
    return yield* Effect.forEach(shuffled, ({ id: nodeId, shard }, index) =>
      Effect.map(pick, ({ id: subnetId }) => ({
        name: `${name} ${index}`,
        payload: { clusterId: standing.clusterId, shardId: shard.id, nodeId, subnetId }
      }))
    )
  })

/** Every flow, and what is built around flows. */
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
  ProvisionCluster: subject(ProvisionCluster, (given) =>
    Effect.map(spec, (cluster) => ({ cluster: { ...cluster, ...userOf(given), name: "new" }, ...off("subnetSpread") }))
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
  ),
  UpgradeCluster: subject(UpgradeCluster, (given) =>
    Effect.gen(function* () {
      const { clusterId, spec } = given
      const approval = yield* oneOf<Approval.Ask>(["not-needed", { within: Duration.hours(1) }])
      const grace = yield* oneOf([Duration.zero, Duration.hours(1)])
      const cluster = { ...spec, ...userOf(given), name: "green", version: "7.2.11" }
      const payload = { clusterId, cluster, backupName: "before", approval, grace, keepAutomaticBackups: true }
      return { ...payload, ...off("subnetSpread") }
    })
  ),
  PauseBackups: subject(withoutBackups, ({ clusterId }) =>
    Effect.map(between(2, 5), (nodesPerShard) => ({ clusterId, nodesPerShard, ...off("subnetSpread") }))
  ),
  InWindow: subject(scaleOutInWindow, ({ clusterId }) =>
    Effect.gen(function* () {
      const lasts = Duration.seconds(yield* between(1, 60))
      const add = yield* between(1, 2)
      const windows = [{ cron: "*/10 * * * *", lasts }] as const
      return { windows, payload: { clusterId, add, ...off("subnetSpread", "evenSlots") } }
    })
  ),
  RollOut: subject(
    replaceReplicas.rehearsable,
    ({ others, ...given }) =>
      Effect.gen(function* () {
        const [first, ...mine] = yield* replacements("mine", 2)(given)
        const rest = yield* Effect.forEach(others, replacements("other", 1))
        if (first === undefined) return yield* Effect.dieMessage("no replica")
        const settings = { canary: yield* between(0, 1), budget: yield* between(0, 1), concurrency: others.length + 1 }
        return { name: "replace", targets: [first, ...mine, ...rest.flat()] as const, ...settings }
      }),
    replaceReplicas.flow.toLayer(replaceReplicas.body).pipe(Layer.provideMerge(ReplaceReplica.layer))
  )
} satisfies Subjects
