/**
 * @since 0.1.0
 */
export * as Finding from "./Finding.js"
export * as FlowError from "./FlowError.js"
export * as Mutation from "./Mutation.js"
export * as Observe from "./Observe.js"
export { PasswordSource } from "./PasswordSource.js"
export * as Preflight from "./Preflight.js"
export { removeCluster } from "./RemoveCluster.js"
export * as ReplaceReplica from "./ReplaceReplica.js"
export * as Replica from "./Replica.js"
export { ReplicaSync, type SyncQuestion, type SyncState } from "./ReplicaSync.js"
export * as Restore from "./Restore.js"
export * as RestoreThenScale from "./RestoreThenScale.js"
export * as Scale from "./Scale.js"
export * as Waiter from "./Waiter.js"
export * as WaitPolicy from "./WaitPolicy.js"
