import type { MessageStorage } from "@effect/cluster/MessageStorage"
import { RunnerAddress } from "@effect/cluster/RunnerAddress"
import * as RunnerHealth from "@effect/cluster/RunnerHealth"
import type { RunnerStorage } from "@effect/cluster/RunnerStorage"
import * as Runners from "@effect/cluster/Runners"
import type { Sharding } from "@effect/cluster/Sharding"
import * as ShardingConfig from "@effect/cluster/ShardingConfig"
import * as SocketRunner from "@effect/cluster/SocketRunner"
import * as SqlMessageStorage from "@effect/cluster/SqlMessageStorage"
import * as SqlRunnerStorage from "@effect/cluster/SqlRunnerStorage"
import type { SocketServerError } from "@effect/platform/SocketServer"
import * as NodeClusterSocket from "@effect/platform-node/NodeClusterSocket"
import * as RpcSerialization from "@effect/rpc/RpcSerialization"
import * as SqlClient from "@effect/sql/SqlClient"
import type * as PgClient from "@effect/sql-pg/PgClient"
import type { JournalError } from "@memstore-flows/engine/Journal"
import type * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import { alone, migrate, refail } from "./migrate.js"

/** @internal Where a runner is reached, and where it listens. */
export interface Address {
  readonly host: string
  readonly port: number
  readonly listenHost?: string | undefined
}

const addressOf = ({ host, port }: { readonly host: string; readonly port: number }) =>
  RunnerAddress.make({ host, port })

/** Times that follow from how long a silent runner keeps its shards, in milliseconds. */
const configOf = (address: Address | undefined, lease: number): Partial<ShardingConfig.ShardingConfig["Type"]> => ({
  runnerAddress: Option.map(Option.fromNullable(address), addressOf),
  runnerListenAddress: Option.map(Option.fromNullable(address), ({ host, listenHost, port }) =>
    addressOf({ host: listenHost ?? host, port })
  ),
  // An advisory lock stays with the connection of a process that stands still; a row expires.
  shardLockDisableAdvisory: true,
  shardLockExpiration: Duration.millis(lease),
  shardLockRefreshInterval: Duration.millis(Math.floor(lease / 3)),
  refreshAssignmentsInterval: Duration.millis(Math.min(500, Math.floor(lease / 4))),
  runnerHealthCheckInterval: Duration.millis(lease),
  entityMessagePollInterval: "500 millis",
  entityReplyPollInterval: "100 millis",
  sendRetryInterval: "50 millis",
  entityMaxIdleTime: "5 seconds",
  entityTerminationTimeout: "5 seconds",
  simulateRemoteSerialization: false
})

/** @internal The tables of the cluster and ours, made by one process at a time. */
export const storages = (
  sql: PgClient.PgClient,
  prefix: string,
  address: Address | undefined,
  lease: number
): Effect.Effect<Context.Context<MessageStorage | RunnerStorage>, JournalError, Scope.Scope> =>
  Effect.gen(function* () {
    const scope = yield* Effect.scope
    const layer = Layer.merge(SqlMessageStorage.layerWith({ prefix }), SqlRunnerStorage.layerWith({ prefix })).pipe(
      Layer.provide(ShardingConfig.layer(configOf(address, lease))),
      Layer.provide(Layer.succeed(SqlClient.SqlClient, sql))
    )
    return yield* alone(sql, prefix, (connection) =>
      Effect.zipRight(migrate(connection, prefix), Effect.mapError(Layer.buildWithScope(layer, scope), refail("open")))
    )
  })

type Storages = Layer.Layer<MessageStorage | RunnerStorage>

/** @internal A process that holds shards. */
export const runner = (
  address: Address,
  lease: number,
  storages: Storages
): Layer.Layer<Sharding | Runners.Runners, SocketServerError> => {
  const health = RunnerHealth.layerPing.pipe(
    Layer.provide(Runners.layerRpc),
    Layer.provide(NodeClusterSocket.layerClientProtocol)
  )
  return SocketRunner.layer.pipe(
    Layer.provide([NodeClusterSocket.layerSocketServer, NodeClusterSocket.layerClientProtocol, health]),
    Layer.provide(storages),
    Layer.provide(ShardingConfig.layer(configOf(address, lease))),
    Layer.provide(RpcSerialization.layerMsgPack)
  )
}

/** @internal A process that only speaks to those that do. */
export const client = (lease: number, storages: Storages): Layer.Layer<Sharding | Runners.Runners> =>
  SocketRunner.layerClientOnly.pipe(
    Layer.provide(NodeClusterSocket.layerClientProtocol),
    Layer.provide(storages),
    Layer.provide(ShardingConfig.layer(configOf(undefined, lease))),
    Layer.provide(RpcSerialization.layerMsgPack)
  )
