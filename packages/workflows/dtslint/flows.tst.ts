import type { AddReplica } from "@memstore-flows/api/AddReplica"
import type { AddShard } from "@memstore-flows/api/AddShard"
import type { DeleteCluster } from "@memstore-flows/api/DeleteCluster"
import type { DeleteNode } from "@memstore-flows/api/DeleteNode"
import type { DeleteShard } from "@memstore-flows/api/DeleteShard"
import type { ListBackups } from "@memstore-flows/api/ListBackups"
import type { ListClusters } from "@memstore-flows/api/ListClusters"
import type { ListEngineVersions } from "@memstore-flows/api/ListEngineVersions"
import type { ListFlavors } from "@memstore-flows/api/ListFlavors"
import type { ListShards } from "@memstore-flows/api/ListShards"
import type * as Api from "@memstore-flows/api/MemStoreError"
import type { RestoreCluster } from "@memstore-flows/api/RestoreCluster"
import type { Shard } from "@memstore-flows/api/Shard"
import type { Engine } from "@memstore-flows/engine/Engine"
import type { Implemented } from "@memstore-flows/engine/Flow"
import type { JournalError } from "@memstore-flows/engine/Journal"
import type * as Run from "@memstore-flows/engine/Run"
import * as Runs from "@memstore-flows/engine/Runs"
import * as Step from "@memstore-flows/engine/Step"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { describe, expect, it } from "tstyche"
import type * as FlowError from "../src/FlowError.js"
import * as Mutation from "../src/Mutation.js"
import * as ReplaceReplica from "../src/ReplaceReplica.js"
import * as Replica from "../src/Replica.js"
import * as Restore from "../src/Restore.js"
import * as RestoreThenScale from "../src/RestoreThenScale.js"
import type * as Plan from "../src/rehearsal/Plan.js"
import type * as Rehearsal from "../src/rehearsal/Rehearsal.js"
import * as SavedPlan from "../src/rehearsal/Saved.js"
import * as Scale from "../src/Scale.js"

type Called =
  | Api.InvalidRequest
  | Api.Unauthorized
  | Api.Forbidden
  | Api.NotFound
  | Api.ServerError
  | Api.Throttled
  | Api.UnexpectedStatus
  | Api.TransportError
  | Api.RequestTimeout
  | Api.DecodeError
  | Api.InvalidInput
  | Api.TokenUnavailable

type Flown = FlowError.Refused | FlowError.ClusterFailed | FlowError.WaitTimedOut | FlowError.Ambiguous

type Restoring =
  | Called
  | Api.Conflict
  | Api.Unprocessable
  | Flown
  | FlowError.OutcomeUnknown
  | FlowError.PasswordUnavailable
type Replacing = Called | Flown | FlowError.ReplicaChanged | FlowError.ReplicaNotInSync

type RestoreCalls =
  | DeleteCluster
  | ListBackups
  | ListClusters
  | ListEngineVersions
  | ListFlavors
  | ListShards
  | RestoreCluster

declare const restorePayload: RestoreThenScale.Payload
declare const replacePayload: ReplaceReplica.Payload

describe("RestoreThenScale", () => {
  it("requires exactly the calls it makes, and fails in exactly these ways", () => {
    expect(RestoreThenScale.body(restorePayload)).type.toBe<
      Effect.Effect<RestoreThenScale.Result, Restoring, RestoreCalls | AddShard | DeleteShard | Run.Run>
    >()
    expect<RestoreThenScale.Requirements>().type.toBe<RestoreCalls | AddShard | DeleteShard>()
  })

  it("is a layer that needs the same calls and an engine", () => {
    expect(RestoreThenScale.layer).type.toBe<
      Layer.Layer<Implemented<"RestoreThenScale">, JournalError, RestoreThenScale.Requirements | Engine>
    >()
  })

  it("takes no password in its payload", () => {
    expect<NonNullable<RestoreThenScale.Payload["cluster"]["user"]>>().type.toBe<{ readonly name: string }>()
  })
})

describe("ReplaceReplica", () => {
  it("requires exactly the calls it makes, and fails in exactly these ways", () => {
    expect(ReplaceReplica.body(replacePayload)).type.toBe<
      Effect.Effect<
        ReplaceReplica.Result,
        Replacing,
        AddReplica | DeleteNode | ListBackups | ListClusters | ListShards | Run.Run
      >
    >()
    expect<ReplaceReplica.Requirements>().type.toBe<AddReplica | DeleteNode | ListBackups | ListClusters | ListShards>()
  })

  it("is a layer that needs the same calls and an engine", () => {
    expect(ReplaceReplica.layer).type.toBe<
      Layer.Layer<Implemented<"ReplaceReplica">, JournalError, ReplaceReplica.Requirements | Engine>
    >()
  })
})

describe("the steps", () => {
  it("require the calls they make, their undo included", () => {
    const shard = { clusterId: "c", nodeCount: 2, subnetAssignments: { primary: { id: "x" }, replicas: [{ id: "y" }] } }
    expect(Scale.addShard("add", shard)).type.toBe<
      Effect.Effect<string, Called | Flown, Run.Run | AddShard | DeleteShard | ListShards>
    >()
    expect(Scale.removeShard("remove", { clusterId: "c", shardId: "s" })).type.toBe<
      Effect.Effect<void, Called | Flown, Run.Run | DeleteShard | ListShards>
    >()
    expect(Replica.deleteReplica("delete", { clusterId: "c", shardId: "s", nodeId: "n" })).type.toBe<
      Effect.Effect<void, Replacing, Run.Run | DeleteNode | ListClusters | ListShards>
    >()
    expect(Replica.proveSync("in sync", { clusterId: "c", shardId: "s", nodeId: "n" })).type.toBe<
      Effect.Effect<"proven" | "unproven", Replacing, Run.Run | ListShards>
    >()
  })

  it("refuse a placement that is none", () => {
    expect(Scale.addShard).type.not.toBeCallableWith("add", { clusterId: "c", nodeCount: 2 })
    expect(Replica.addReplica).type.not.toBeCallableWith("add", { clusterId: "c", shardId: "s" })
  })

  it("must say that a wait can time out and a change can be ambiguous", () => {
    expect(Mutation.make).type.not.toBeCallableWith("change", {
      before: Schema.String,
      success: Schema.Undefined,
      error: Schema.Never
    })
  })
})

class Bell extends Context.Tag("Bell")<Bell, { readonly ring: Effect.Effect<void, Silent> }>() {}
class Silent extends Schema.TaggedError<Silent>()("Silent", {}) {}

describe("a saved plan", () => {
  const plan = {} as Plan.Plan

  it("starts any flow, and fails typed when it is stale or of another", () => {
    const started = Runs.start(ReplaceReplica.flow, { plan: SavedPlan.of(plan) })
    expect(started).type.toBe<
      Effect.Effect<
        Run.Info,
        SavedPlan.PlanStale | SavedPlan.PlanUnfit | FlowError.CallError | Runs.StartError,
        Rehearsal.Reads | Implemented<"ReplaceReplica"> | Runs.Runs
      >
    >()
  })
})

describe("a flow of one's own", () => {
  it("has the calls and errors of its parts, and no others", () => {
    const own = Effect.gen(function* () {
      const { clusterId, shards } = yield* Restore.restore(restorePayload.cluster)
      for (const { id } of shards) {
        yield* Step.scope(id)(Replica.addReplica("add", { clusterId, shardId: id, subnetId: "z" }))
      }
      yield* Step.make("ring", { error: Silent, run: Effect.flatMap(Bell, ({ ring }) => ring) })
      return shards
    })
    expect(own).type.toBe<
      Effect.Effect<
        ReadonlyArray<Shard>,
        Restoring | Replacing | Silent,
        RestoreCalls | AddReplica | DeleteNode | Bell | Run.Run
      >
    >()
  })
})
