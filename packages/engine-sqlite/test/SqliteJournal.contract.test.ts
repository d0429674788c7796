import { engineContract } from "../../engine/test/contract/EngineContract.js"
import { handoverContract } from "../../engine/test/contract/HandoverContract.js"
import { scheduleContract } from "../../engine/test/contract/ScheduleContract.js"
import { opened } from "./harness.js"

engineContract("the journal in a file", opened)
handoverContract("the journal in a file", opened)
scheduleContract("the journal in a file", opened)
