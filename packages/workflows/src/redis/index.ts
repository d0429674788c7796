/**
 * What needs a way to the nodes themselves, through `ioredis`: a peer that only those need who import this.
 *
 * @since 0.1.0
 */
export * as DataCensus from "./DataCensus.js"
export * as Ledger from "./Ledger.js"
export * as RedisAccess from "./RedisAccess.js"
export * as RedisCluster from "./RedisCluster.js"
export { CommandFailed, NodeUnreachable, type RedisError } from "./RedisError.js"
export * as RedisLoadProbe from "./RedisLoadProbe.js"
export * as RedisNode from "./RedisNode.js"
export * as RedisReplicaSync from "./RedisReplicaSync.js"
export * as ReplicationInfo from "./ReplicationInfo.js"
export * as WriteKind from "./WriteKind.js"
export * as Writer from "./Writer.js"
