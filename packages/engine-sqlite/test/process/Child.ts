import { spawn } from "node:child_process"
import { Effect, type Scope } from "effect"

/** How a process ended, with what it wrote to its error output. */
export interface Ended {
  readonly code: number | null
  readonly signal: string | null
  readonly errors: string
}

/** A process of the tests. It says things line by line. */
export interface Child {
  readonly pid: number
  readonly said: Effect.Effect<ReadonlyArray<string>>
  /** The first line that begins so, without that beginning; dies when the process ends without having said it. */
  readonly until: (beginning: string) => Effect.Effect<string>
  readonly ended: Effect.Effect<Ended>
  readonly send: (signal: NodeJS.Signals) => Effect.Effect<void>
  /** Kills it with SIGKILL and waits until it is gone. */
  readonly kill: Effect.Effect<void>
}

const launch = (script: string, args: ReadonlyArray<string>): Child => {
  const started = spawn(process.execPath, [script, ...args], { stdio: ["ignore", "pipe", "pipe"] })
  const lines: Array<string> = []
  const listeners = new Set<() => void>()
  let rest = ""
  let errors = ""
  let end: Ended | undefined
  const tell = () => {
    for (const listener of listeners) listener()
  }
  started.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    const parts = (rest + chunk).split("\n")
    rest = parts.pop() ?? ""
    lines.push(...parts)
    tell()
  })
  started.stderr.setEncoding("utf8").on("data", (chunk: string) => {
    errors += chunk
  })
  started.on("close", (code, signal) => {
    end = { code, signal, errors }
    tell()
  })
  const when = <A>(look: () => Effect.Effect<A> | undefined) =>
    Effect.async<A>((resume) => {
      const listener = () => {
        const found = look()
        if (found) resume(found)
        if (found) listeners.delete(listener)
      }
      listeners.add(listener)
      listener()
      return Effect.sync(() => listeners.delete(listener))
    })
  const ended = when(() => end && Effect.succeed(end))
  const send = (signal: NodeJS.Signals) => Effect.sync(() => void started.kill(signal))
  return {
    pid: started.pid ?? 0,
    said: Effect.sync(() => [...lines]),
    until: (beginning) =>
      when(() => {
        const line = lines.find((each) => each.startsWith(beginning))
        if (line !== undefined) return Effect.succeed(line.slice(beginning.length).trim())
        return end && Effect.dieMessage(`ended without "${beginning}": ${JSON.stringify({ ...end, lines })}`)
      }),
    ended,
    send,
    kill: Effect.zipRight(send("SIGKILL"), Effect.asVoid(ended))
  }
}

/** Starts a script of JavaScript in a process of its own, which does not outlive the scope. */
export const start = (script: string, args: ReadonlyArray<string>): Effect.Effect<Child, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.sync(() => launch(script, args)),
    ({ kill }) => kill
  )
