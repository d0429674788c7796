import { program } from "./program.mjs"

program("examples/start.ts")
