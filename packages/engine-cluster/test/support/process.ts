import { type ChildProcess, spawn } from "node:child_process"
import { mkdirSync, rmSync } from "node:fs"
import { join } from "node:path"
import { Effect, type Scope } from "effect"
import { buildSync } from "esbuild"
import { freePort } from "./freePort.js"

const here = import.meta.dirname
const outfile = join(here, "..", "..", "node_modules", ".cache", `runner-${process.pid}.mjs`)
const requires = `import { createRequire as requireFrom } from "node:module"; const require = requireFrom(import.meta.url);`

/** The runner as one file of JavaScript, which starts in a fraction of the time. */
export const bundle = (): void => {
  mkdirSync(join(outfile, ".."), { recursive: true })
  buildSync({
    entryPoints: [join(here, "runner.ts")],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    external: ["pg-native"],
    banner: { js: requires },
    logLevel: "error"
  })
}

export const unbundle = (): void => rmSync(outfile, { force: true })

/** A runner in a process of its own. */
export interface Runner {
  readonly name: string
  readonly send: (signal: NodeJS.Signals) => Effect.Effect<void>
  readonly ended: Effect.Effect<{ readonly code: number | null; readonly errors: string }>
}

const launched = (child: ChildProcess, name: string) => {
  let errors = ""
  child.stderr?.setEncoding("utf8").on("data", (chunk: string) => {
    errors += chunk
  })
  const ready = Effect.async<void>((resume) => {
    child.stdout?.once("data", () => resume(Effect.void))
    child.once("exit", () => resume(Effect.dieMessage(`runner ${name} did not start: ${errors}`)))
  })
  const ended = Effect.async<{ code: number | null; errors: string }>((resume) => {
    const end = () => resume(Effect.succeed({ code: child.exitCode, errors }))
    if (child.exitCode !== null || child.signalCode !== null) end()
    else child.once("exit", end)
  })
  const send = (signal: NodeJS.Signals) => Effect.sync(() => void child.kill(signal))
  return { ready, runner: { name, send, ended } satisfies Runner }
}

/** Starts a runner, which does not outlive the scope. */
export const runner = (url: string, name: string): Effect.Effect<Runner, never, Scope.Scope> =>
  Effect.gen(function* () {
    const port = yield* freePort
    const env = { ...process.env, DATABASE_URL: url, NAME: name, PORT: String(port) }
    const child = yield* Effect.acquireRelease(
      Effect.sync(() => spawn(process.execPath, [outfile], { env, stdio: ["ignore", "pipe", "pipe"] })),
      (child) => Effect.sync(() => void child.kill("SIGKILL"))
    )
    const { ready, runner } = launched(child, name)
    yield* ready
    return runner
  })
