import { engineContract } from "./contract/EngineContract.js"
import { handoverContract } from "./contract/HandoverContract.js"
import { memory } from "./contract/harness.js"

engineContract("the journal in memory", memory)
handoverContract("the journal in memory", memory)
