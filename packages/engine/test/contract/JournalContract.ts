import { cancelContract } from "./CancelContract.js"
import { changeContract } from "./ChangeContract.js"
import { childContract } from "./ChildContract.js"
import { crashContract } from "./CrashContract.js"
import { handoverContract } from "./HandoverContract.js"
import type { JournalFactory } from "./harness.js"
import { lateCancelContract } from "./LateCancelContract.js"
import { listContract } from "./ListContract.js"
import { lockContract } from "./LockContract.js"
import { raceContract } from "./RaceContract.js"
import { recordContract } from "./RecordContract.js"
import { shutdownContract } from "./ShutdownContract.js"
import { stepContract } from "./StepContract.js"
import { timeContract } from "./TimeContract.js"

/** What every journal must do for an engine. `factory` makes an empty store; every engine opens it anew. */
export const journalContract = (name: string, factory: JournalFactory): void => {
  crashContract(name, factory)
  shutdownContract(name, factory)
  handoverContract(name, factory)
  cancelContract(name, factory)
  timeContract(name, factory)
  lockContract(name, factory)
  listContract(name, factory)
  lateCancelContract(name, factory)
  stepContract(name, factory)
  recordContract(name, factory)
  changeContract(name, factory)
  raceContract(name, factory)
  childContract(name, factory)
}
