import { type ChildProcess, spawn } from "node:child_process"
import { createInterface } from "node:readline"
import { Effect, Queue } from "effect"

/** A line to whoever started this process. */
export const say = (line: string) => Effect.sync(() => void process.stdout.write(`${line}\n`))

/** This program again, in a role, killed at the end of the scope. What it says comes line by line. */
export const start = (role: string, variables: Readonly<Record<string, string>> = {}) =>
  Effect.gen(function* () {
    const lines = yield* Queue.unbounded<string>()
    const started: ChildProcess = yield* Effect.acquireRelease(
      Effect.sync(() => {
        const env = { ...process.env, ...variables, ROLE: role }
        const [, program = ""] = process.argv
        const args = [...process.execArgv, program]
        return spawn(process.execPath, args, { env, stdio: ["ignore", "pipe", "inherit"] })
      }),
      (one) => Effect.sync(() => void one.kill("SIGKILL"))
    )
    if (started.stdout) createInterface(started.stdout).on("line", (line) => Queue.unsafeOffer(lines, line))
    const gone = Effect.async<void>((resume) => {
      if (started.exitCode !== null || started.signalCode !== null) resume(Effect.void)
      else started.once("exit", () => resume(Effect.void))
    })
    const kill = Effect.zipRight(
      Effect.sync(() => void started.kill("SIGKILL")),
      gone
    )
    return { line: Queue.take(lines), kill }
  })

/** What one child says first. */
export const answer = (role: string, variables?: Readonly<Record<string, string>>) =>
  Effect.scoped(Effect.flatMap(start(role, variables), ({ line }) => line))
