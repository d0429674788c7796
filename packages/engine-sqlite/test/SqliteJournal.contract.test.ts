import { journalContract } from "../../engine/test/contract/JournalContract.js"
import { scheduleContract } from "../../engine/test/contract/ScheduleContract.js"
import { opened } from "./harness.js"

journalContract("the journal in a file", opened)
scheduleContract("the journal in a file", opened)
