/** Runs one TypeScript program of the workspace in the foreground: signals reach it, its exit code is ours. */
import { spawn } from "node:child_process"
import { ensureInstalled, typescript } from "./install.mjs"

export const program = (file, args = process.argv.slice(2)) => {
  ensureInstalled()
  const [command, parameters] = typescript(file, args)
  const child = spawn(command, parameters, { stdio: "inherit" })
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
    process.on(signal, () => {
      // A terminal sends Ctrl-C to the whole group: the program has it already.
      if (signal !== "SIGINT" || !process.stdin.isTTY) child.kill(signal)
    })
  }
  child.on("exit", (code, signal) => {
    process.exitCode = code ?? (signal === "SIGINT" ? 130 : 1)
  })
}
