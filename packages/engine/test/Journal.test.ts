import { memory } from "./contract/harness.js"
import { journalContract } from "./contract/JournalContract.js"

journalContract("the journal in memory", memory)
