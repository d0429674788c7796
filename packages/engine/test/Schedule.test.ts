import { memory } from "./contract/harness.js"
import { scheduleContract } from "./contract/ScheduleContract.js"

scheduleContract("the journal in memory", memory)
