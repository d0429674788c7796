/**
 * The wire contract of MemStore in cluster mode, as one value.
 *
 * @since 0.1.0
 */
import * as HttpApi from "@effect/platform/HttpApi"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as OpenApi from "@effect/platform/OpenApi"
import { addReplicaEndpoint } from "./AddReplica.js"
import { addShardEndpoint } from "./AddShard.js"
import { createBackupEndpoint } from "./CreateBackup.js"
import { createClusterEndpoint } from "./CreateCluster.js"
import { deleteClusterEndpoint } from "./DeleteCluster.js"
import { deleteNodeEndpoint } from "./DeleteNode.js"
import { deleteShardEndpoint } from "./DeleteShard.js"
import { getClusterEndpoint } from "./GetCluster.js"
import { getNodeEndpoint } from "./GetNode.js"
import { getShardEndpoint } from "./GetShard.js"
import { listBackupsEndpoint } from "./ListBackups.js"
import { listClustersEndpoint } from "./ListClusters.js"
import { listEngineVersionsEndpoint } from "./ListEngineVersions.js"
import { listFlavorsEndpoint } from "./ListFlavors.js"
import { listNodesEndpoint } from "./ListNodes.js"
import { listShardsEndpoint } from "./ListShards.js"
import { TokenRequired } from "./TokenRequired.js"
import { updateClusterEndpoint } from "./UpdateCluster.js"

/**
 * Clusters. `POST /v1/clusters` creates and restores: the body's `restoreSource` decides. The two reads are our guess.
 *
 * @since 0.1.0
 * @category groups
 */
export class ClustersGroup extends HttpApiGroup.make("clusters")
  .add(createClusterEndpoint)
  .add(updateClusterEndpoint)
  .add(deleteClusterEndpoint)
  .add(listClustersEndpoint.annotate(OpenApi.Description, "Our guess: the vendor's page for this call was not seen."))
  .add(getClusterEndpoint.annotate(OpenApi.Description, "Our guess: the vendor's page for this call was not seen."))
  .middleware(TokenRequired) {}

/**
 * @since 0.1.0
 * @category groups
 */
export class ShardsGroup extends HttpApiGroup.make("shards")
  .add(addShardEndpoint)
  .add(listShardsEndpoint)
  .add(getShardEndpoint)
  .add(deleteShardEndpoint)
  .middleware(TokenRequired) {}

/**
 * @since 0.1.0
 * @category groups
 */
export class NodesGroup extends HttpApiGroup.make("nodes")
  .add(addReplicaEndpoint)
  .add(listNodesEndpoint)
  .add(getNodeEndpoint)
  .add(deleteNodeEndpoint)
  .middleware(TokenRequired) {}

/**
 * @since 0.1.0
 * @category groups
 */
export class BackupsGroup extends HttpApiGroup.make("backups")
  .add(createBackupEndpoint)
  .add(listBackupsEndpoint)
  .middleware(TokenRequired) {}

/**
 * What is on offer: engine versions and flavors.
 *
 * @since 0.1.0
 * @category groups
 */
export class RedisGroup extends HttpApiGroup.make("redis")
  .add(listEngineVersionsEndpoint)
  .add(listFlavorsEndpoint)
  .middleware(TokenRequired) {}

/**
 * All calls of MemStore in cluster mode known to us. The client sends what it says, a server can be built from it with
 * `HttpApiBuilder`, and `OpenApi.fromApi` writes it down.
 *
 * @since 0.1.0
 * @category api
 */
export class MemStoreApi extends HttpApi.make("MemStore")
  .add(ClustersGroup)
  .add(ShardsGroup)
  .add(NodesGroup)
  .add(BackupsGroup)
  .add(RedisGroup)
  .annotate(OpenApi.Title, "KakaoCloud MemStore, cluster mode")
  .annotate(OpenApi.Version, "1") {}
