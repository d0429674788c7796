/**
 * All operations at once.
 *
 * @since 0.1.0
 */
import type * as HttpClient from "@effect/platform/HttpClient"
import * as Config from "effect/Config"
import type { ConfigError } from "effect/ConfigError"
import * as Layer from "effect/Layer"
import type * as Redacted from "effect/Redacted"
import { AddReplica } from "./AddReplica.js"
import { AddShard } from "./AddShard.js"
import { CreateBackup } from "./CreateBackup.js"
import { CreateCluster } from "./CreateCluster.js"
import { DeleteCluster } from "./DeleteCluster.js"
import { DeleteNode } from "./DeleteNode.js"
import { DeleteShard } from "./DeleteShard.js"
import { GetCluster } from "./GetCluster.js"
import { GetNode } from "./GetNode.js"
import { GetShard } from "./GetShard.js"
import { ListBackups } from "./ListBackups.js"
import { ListClusters } from "./ListClusters.js"
import { ListEngineVersions } from "./ListEngineVersions.js"
import { ListFlavors } from "./ListFlavors.js"
import { ListNodes } from "./ListNodes.js"
import { ListShards } from "./ListShards.js"
import { clientConfig, MemStoreClient, type MemStoreClientOptions } from "./MemStoreClient.js"
import { RestoreCluster } from "./RestoreCluster.js"
import { type TokenOptions, TokenProvider, tokenConfig } from "./TokenProvider.js"
import { UpdateCluster } from "./UpdateCluster.js"

/**
 * The services of all operations, as a requirement.
 *
 * @since 0.1.0
 * @category models
 */
export type Operations =
  | CreateCluster
  | RestoreCluster
  | UpdateCluster
  | DeleteCluster
  | ListClusters
  | GetCluster
  | AddShard
  | ListShards
  | GetShard
  | DeleteShard
  | AddReplica
  | ListNodes
  | GetNode
  | DeleteNode
  | CreateBackup
  | ListBackups
  | ListEngineVersions
  | ListFlavors

/**
 * Everything `layer` provides: the operations, the client they go through, and where its token comes from.
 *
 * @since 0.1.0
 * @category models
 */
export type MemStore = Operations | MemStoreClient | TokenProvider

/**
 * The options of `MemStoreClient`, and either an application credential (see `TokenOptions`) or a ready token.
 *
 * @since 0.1.0
 * @category models
 */
export type MemStoreOptions = MemStoreClientOptions &
  (Omit<TokenOptions, "timeout"> | { readonly token: Redacted.Redacted<string> })

/**
 * The services of all operations, over a client given from outside.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerOperations: Layer.Layer<Operations, never, MemStoreClient> = Layer.mergeAll(
  CreateCluster.layer,
  RestoreCluster.layer,
  UpdateCluster.layer,
  DeleteCluster.layer,
  ListClusters.layer,
  GetCluster.layer,
  AddShard.layer,
  ListShards.layer,
  GetShard.layer,
  DeleteShard.layer,
  AddReplica.layer,
  ListNodes.layer,
  GetNode.layer,
  DeleteNode.layer,
  CreateBackup.layer,
  ListBackups.layer,
  ListEngineVersions.layer,
  ListFlavors.layer
)

/**
 * Everything, from options. Needs only an `HttpClient`.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (options: MemStoreOptions): Layer.Layer<MemStore, never, HttpClient.HttpClient> =>
  layerOperations.pipe(
    Layer.provideMerge(MemStoreClient.layer(options)),
    Layer.provideMerge(
      "token" in options ? TokenProvider.layerStatic(options.token) : TokenProvider.layerApplicationCredential(options)
    )
  )

/**
 * Everything, from `Config`: by default `KAKAOCLOUD_APPLICATION_CREDENTIAL_ID`, `KAKAOCLOUD_APPLICATION_CREDENTIAL_SECRET`,
 * `MEMSTORE_IAM_URL` and the names in `clientConfig`.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerConfig = (
  config: Config.Config<MemStoreOptions> = Config.map(Config.zip(clientConfig, tokenConfig), ([client, token]) => ({
    ...client,
    ...token
  }))
): Layer.Layer<MemStore, ConfigError, HttpClient.HttpClient> => Layer.unwrapEffect(Config.map(config, layer))
