import type { Invariant, Name } from "../Invariant.js"
import * as capacity from "./capacityChecks.js"
import * as safety from "./safetyChecks.js"

const binding = (judge: Invariant["judge"]): Invariant => ({ judge, advisory: () => false })
const advice = (judge: Invariant["judge"]): Invariant => ({ judge, advisory: () => true })

/** Every check by its name. */
export const all: Readonly<Record<Name, Invariant>> = {
  stable: binding(safety.stable),
  oneFlow: binding(safety.oneFlow),
  slotsCovered: binding(safety.slotsCovered),
  noOpenMigration: binding(safety.noOpenMigration),
  rolesReread: binding(safety.rolesReread),
  syncProven: binding(safety.syncProven),
  lastReplica: binding(safety.lastReplica),
  memoryHeadroom: binding(capacity.memoryHeadroom),
  load: advice(capacity.load),
  quota: binding(capacity.quota),
  subnetSpread: binding(capacity.subnetSpread),
  noBackupDue: binding(capacity.noBackupDue),
  freshBackup: binding(capacity.freshBackup),
  evenSlots: { judge: capacity.evenSlots, advisory: ({ removesShards = [] }) => removesShards.length === 0 },
  failedIsFinal: binding(safety.failedIsFinal),
  clientsTold: advice(safety.clientsTold),
  undoStated: binding(safety.undoStated)
}
