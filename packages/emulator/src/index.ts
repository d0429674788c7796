/**
 * A local KakaoCloud MemStore: in memory or over HTTP, with faults.
 *
 * @since 0.1.0
 */
export * as DataPlane from "./DataPlane.js"
export { Disturbance } from "./Disturbance.js"
export { Emulator } from "./Emulator.js"
export * as EmulatorApi from "./EmulatorApi.js"
export * as EmulatorClient from "./EmulatorClient.js"
export * from "./EmulatorError.js"
export { EmulatorServer } from "./EmulatorServer.js"
export * as FaultPlan from "./FaultPlan.js"
export * as Faults from "./Faults.js"
export { JournalEntry } from "./JournalEntry.js"
export type { NodeFault } from "./NodeFault.js"
export * as RedisPlane from "./RedisPlane.js"
export * as StateFolder from "./StateFolder.js"
export { Saved, type Storage } from "./Storage.js"
