import type * as HttpClient from "@effect/platform/HttpClient"
import type {
  Accepted,
  AddReplicaRequest,
  AddShardRequest,
  ClusterList,
  Conflict,
  CreateBackupRequest,
  CreateClusterRequest,
  DecodeError,
  DeleteClusterRequest,
  DeleteNodeRequest,
  DeleteShardRequest,
  Forbidden,
  GetNodeRequest,
  GetShardRequest,
  InvalidInput,
  InvalidRequest,
  ListNodesRequest,
  ListShardsRequest,
  MemStore,
  MemStoreClient,
  Node,
  NodeList,
  NotFound,
  RequestTimeout,
  RestoreClusterRequest,
  ServerError,
  Shard,
  ShardList,
  Throttled,
  TokenUnavailable,
  TransportError,
  Unauthorized,
  UnexpectedStatus,
  Unprocessable,
  UpdateClusterRequest
} from "@memstore-flows/api"
import {
  type AddReplica,
  AddShard,
  type CreateBackup,
  type CreateCluster,
  type DeleteCluster,
  type DeleteNode,
  type DeleteShard,
  type GetNode,
  type GetShard,
  type ListBackups,
  type ListClusters,
  type ListNodes,
  ListShards,
  RestoreCluster,
  type UpdateCluster
} from "@memstore-flows/api"
import * as MemStoreLayers from "@memstore-flows/api/MemStore"
import type { ConfigError } from "effect/ConfigError"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { describe, expect, test } from "tstyche"

type Common =
  | Throttled
  | UnexpectedStatus
  | TransportError
  | RequestTimeout
  | DecodeError
  | InvalidInput
  | TokenUnavailable
type Base = InvalidRequest | Unauthorized | Forbidden | ServerError | Common
type OnExisting = Base | NotFound
type OnCreate = Base | Conflict | Unprocessable
type Call<Request, A, E> = (request: Request) => Effect.Effect<A, E>
type Of<Tag extends { readonly Service: unknown }> = Tag["Service"]

describe("each operation has exactly the answer and the errors of its page", () => {
  test("creating and restoring know 409 and 422, and no 404", () => {
    expect<Of<typeof CreateCluster>>().type.toBe<Call<CreateClusterRequest, Accepted, OnCreate>>()
    expect<Of<typeof RestoreCluster>>().type.toBe<Call<RestoreClusterRequest, Accepted, OnCreate>>()
  })

  test("the others know 404, and neither 409 nor 422", () => {
    expect<Of<typeof UpdateCluster>>().type.toBe<Call<UpdateClusterRequest, Accepted, OnExisting>>()
    expect<Of<typeof DeleteCluster>>().type.toBe<Call<DeleteClusterRequest, Accepted, OnExisting>>()
    expect<Of<typeof AddShard>>().type.toBe<Call<AddShardRequest, Accepted, OnExisting>>()
    expect<Of<typeof ListShards>>().type.toBe<Call<ListShardsRequest, ShardList, OnExisting>>()
    expect<Of<typeof GetShard>>().type.toBe<Call<GetShardRequest, Shard.Shard, OnExisting>>()
    expect<Of<typeof DeleteShard>>().type.toBe<Call<DeleteShardRequest, Accepted, OnExisting>>()
    expect<Of<typeof AddReplica>>().type.toBe<Call<AddReplicaRequest, Accepted, OnExisting>>()
    expect<Of<typeof ListNodes>>().type.toBe<Call<ListNodesRequest, NodeList, OnExisting>>()
    expect<Of<typeof GetNode>>().type.toBe<Call<GetNodeRequest, Node.Node, OnExisting>>()
    expect<Of<typeof DeleteNode>>().type.toBe<Call<DeleteNodeRequest, Accepted, OnExisting>>()
  })

  test("the neighbours", () => {
    expect<Of<typeof CreateBackup>>().type.toBe<Call<CreateBackupRequest, Accepted, OnExisting | Conflict>>()
    expect<Effect.Effect.Error<ReturnType<Of<typeof ListBackups>>>>().type.toBe<Base>()
    expect<ReturnType<Of<typeof ListClusters>>>().type.toBe<Effect.Effect<ClusterList, OnExisting>>()
  })
})

describe("requirements", () => {
  test("a program that adds a shard and lists shards can make these two calls and no other", () => {
    const program = Effect.gen(function* () {
      const add = yield* AddShard
      const list = yield* ListShards
      yield* add({ clusterId: "c", nodeCount: 2, subnetAssignments: { primary: { id: "a" }, replicas: [{ id: "b" }] } })
      return yield* list({ clusterId: "c" })
    })
    expect(program).type.toBe<Effect.Effect<ShardList, OnExisting, AddShard | ListShards>>()
  })

  test("an operation needs the client only", () => {
    expect(AddShard.layer).type.toBe<Layer.Layer<AddShard, never, MemStoreClient>>()
    expect(RestoreCluster.layer).type.toBe<Layer.Layer<RestoreCluster, never, MemStoreClient>>()
  })

  test("everything needs an HttpClient only", () => {
    expect(MemStoreLayers.layer({ token: Redacted.make("t") })).type.toBe<
      Layer.Layer<MemStore.MemStore, never, HttpClient.HttpClient>
    >()
    expect(MemStoreLayers.layerConfig()).type.toBe<Layer.Layer<MemStore.MemStore, ConfigError, HttpClient.HttpClient>>()
  })
})

describe("requests", () => {
  test("a password is Redacted", () => {
    expect<NonNullable<CreateClusterRequest["user"]>["password"]>().type.toBe<Redacted.Redacted<string>>()
  })

  test("a create cannot name a backup, a restore must", () => {
    expect<CreateClusterRequest>().type.not.toHaveProperty("restoreSource")
    expect<RestoreClusterRequest["restoreSource"]>().type.toBe<{ readonly backupName: string }>()
  })
})
