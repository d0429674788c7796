import { program } from "./program.mjs"

program("packages/emulator/src/bin.ts")
