import { AddReplicaPayload } from "@memstore-flows/api/AddReplica"
import { AddShardPayload } from "@memstore-flows/api/AddShard"
import { CreateBackupPayload } from "@memstore-flows/api/CreateBackup"
import { CreateClusterPayload } from "@memstore-flows/api/CreateCluster"
import type { Encoded } from "@memstore-flows/api/Operation"
import { UpdateClusterPayload } from "@memstore-flows/api/UpdateCluster"
import type { Write } from "@memstore-flows/model/Command"
import type { Refusal } from "@memstore-flows/model/Refusal"
import type { State } from "@memstore-flows/model/State"
import * as View from "@memstore-flows/model/View"
import * as Either from "effect/Either"
import * as Schema from "effect/Schema"

type Answer = Either.Either<unknown, Refusal>

const newCluster = Schema.decodeUnknownSync(CreateClusterPayload)
const change = Schema.decodeUnknownSync(UpdateClusterPayload)
const newShard = Schema.decodeUnknownSync(AddShardPayload)
const newReplica = Schema.decodeUnknownSync(AddReplicaPayload)
const newBackup = Schema.decodeUnknownSync(CreateBackupPayload)

const wantsBackupsKept = (query: Encoded["query"]): boolean | undefined => {
  const word = query?.["keepAutomaticBackups"]
  return word === undefined ? undefined : word === "true"
}

/** What a call asks the model to do; `undefined` for reads and for calls the model does not know. */
export const commandOf = (operation: string, { body, path, query }: Encoded): Write | undefined => {
  const { clusterId = "", nodeId = "", shardId = "" } = path
  switch (operation) {
    case "CreateCluster":
    case "RestoreCluster":
      return { _tag: "CreateCluster", request: newCluster(body) }
    case "UpdateCluster":
      return { _tag: "UpdateCluster", clusterId, change: change(body) }
    case "DeleteCluster":
      return { _tag: "DeleteCluster", clusterId, keepAutomaticBackups: wantsBackupsKept(query) }
    case "AddShard": {
      const { nodeCount, subnetAssignments } = newShard(body)
      return { _tag: "AddShard", clusterId, nodeCount, subnetAssignment: subnetAssignments }
    }
    case "DeleteShard":
      return { _tag: "DeleteShard", clusterId, shardId }
    case "AddReplica":
      return { _tag: "AddReplica", clusterId, shardId, subnetId: newReplica(body).subnet.id }
    case "DeleteNode":
      return { _tag: "DeleteNode", clusterId, shardId, nodeId }
    case "CreateBackup":
      return { _tag: "CreateBackup", ...newBackup(body) }
    default:
      return undefined
  }
}

/** What a read shows, in the form of the wire. */
export const readOf = (state: State, operation: string, { path, query }: Encoded, now: number): Answer | undefined => {
  const { clusterId = "", nodeId = "", shardId = "" } = path
  switch (operation) {
    case "ListClusters":
      return Either.right({ clusters: View.clusters(state, now) })
    case "GetCluster":
      return View.cluster(state, clusterId, now)
    case "ListShards":
      return Either.map(View.listShards(state, clusterId, now), (shards) => ({ shards }))
    case "GetShard":
      return View.getShard(state, clusterId, shardId, now)
    case "ListNodes":
      return Either.map(View.listNodes(state, clusterId, shardId, now), (nodes) => ({ nodes }))
    case "GetNode":
      return View.getNode(state, clusterId, shardId, nodeId, now)
    case "ListBackups":
      return Either.right({
        backups: View.backups(state, { clusterId: query?.["clusterId"], clusterName: query?.["clusterName"] }, now)
      })
    case "ListEngineVersions":
      return Either.right(state.versions)
    case "ListFlavors":
      return Either.right({ flavors: state.flavors })
    default:
      return undefined
  }
}
