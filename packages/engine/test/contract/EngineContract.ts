import { cancelContract } from "./CancelContract.js"
import { changeContract } from "./ChangeContract.js"
import { childContract } from "./ChildContract.js"
import { crashContract } from "./CrashContract.js"
import type { StoreFactory } from "./harness.js"
import { lateCancelContract } from "./LateCancelContract.js"
import { listContract } from "./ListContract.js"
import { lockContract } from "./LockContract.js"
import { raceContract } from "./RaceContract.js"
import { recordContract } from "./RecordContract.js"
import { shutdownContract } from "./ShutdownContract.js"
import { stepContract } from "./StepContract.js"
import { timeContract } from "./TimeContract.js"

/** What an engine does on every store. It crashes at each n-th write. */
export const engineContract = (name: string, factory: StoreFactory, each = 1): void => {
  crashContract(name, factory, each)
  shutdownContract(name, factory)
  cancelContract(name, factory)
  timeContract(name, factory)
  lockContract(name, factory)
  listContract(name, factory)
  lateCancelContract(name, factory)
  stepContract(name, factory)
  recordContract(name, factory)
  changeContract(name, factory)
  raceContract(name, factory)
  childContract(name, factory, each)
}
