/**
 * What needs a way to the nodes themselves, through `ioredis`: a peer that only those need who import this.
 *
 * @since 0.1.0
 */
export * as RedisAccess from "./RedisAccess.js"
export { CommandFailed, NodeUnreachable, type RedisError } from "./RedisError.js"
export * as RedisNode from "./RedisNode.js"
export * as RedisReplicaSync from "./RedisReplicaSync.js"
export * as ReplicationInfo from "./ReplicationInfo.js"
