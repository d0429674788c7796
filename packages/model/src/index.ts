/**
 * The rules of MemStore in cluster mode as pure functions.
 *
 * @since 0.1.0
 */

export { type Applied, apply } from "./Apply.js"
export * as BackupState from "./BackupState.js"
export * as ClusterState from "./ClusterState.js"
export * as Command from "./Command.js"
export * as Latencies from "./Latencies.js"
export * as Operation from "./Operation.js"
export * as Reason from "./Reason.js"
export * as Refusal from "./Refusal.js"
export * as Rules from "./Rules.js"
export * as Settings from "./Settings.js"
export * as SlotPlan from "./SlotPlan.js"
export * as State from "./State.js"
export { nextTick, tick } from "./Tick.js"
export * as Topology from "./Topology.js"
export * as View from "./View.js"
export * as Warning from "./Warning.js"
