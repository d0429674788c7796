import { journalContract } from "../../engine/test/contract/JournalContract.js"
import { opened } from "./harness.js"

journalContract("the journal in a file", opened)
