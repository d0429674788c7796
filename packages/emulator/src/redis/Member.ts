/**
 * A node of the API as a server of the engine.
 */
import * as Crypto from "node:crypto"
import type { ClusterState, NodeState, ShardState } from "@memstore-flows/model/ClusterState"
import type { Door } from "./Connections.js"
import type { Access } from "./Plant.js"

/** `engineId`: how the servers of a cluster know it; made of the API's id, so that nothing has to be remembered. */
export interface Member {
  readonly clusterId: string
  readonly shardId: string
  readonly nodeId: string
  readonly engineId: string
  readonly isPrimary: boolean
  readonly door: Door
}

/** The engine's name for a node: 40 hex digits. */
export const engineId = (nodeId: string): string => Crypto.createHash("sha1").update(nodeId).digest("hex")

/** SHA-256 in hex, as access lists keep passwords. */
export const hash = (password: string): string => Crypto.createHash("sha256").update(password).digest("hex")

/** The members of one shard. */
export const ofShard = (
  cluster: ClusterState,
  shard: ShardState,
  access: Access,
  authority: string | undefined
): ReadonlyArray<Member> =>
  shard.nodes.map((node: NodeState) => ({
    clusterId: cluster.id,
    shardId: shard.id,
    nodeId: node.id,
    engineId: engineId(node.id),
    isPrimary: node.role === "primary",
    door: {
      address: node.endpoint,
      port: cluster.port,
      userName: access.admin.name,
      password: access.admin.password,
      authority
    }
  }))
