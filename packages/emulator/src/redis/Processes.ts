/**
 * Server processes, none of which outlives the emulator.
 *
 * Three guards, because any one can fail: `setpriv --pdeathsig` lets Linux kill a server with its parent; a shell that
 * reads from a pipe of ours kills what is left when the pipe breaks; and `process.on("exit")` ends them the ordinary way.
 * Servers run in a process group of their own, so that a terminal's Ctrl-C reaches the emulator alone.
 */
import * as ChildProcess from "node:child_process"
import * as Fs from "node:fs"
import * as NodePath from "node:path"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Runtime from "effect/Runtime"
import type * as Scope from "effect/Scope"
import { type Binary, serverName } from "./Binary.js"
import { FilesUnusable } from "./RedisError.js"

/** A server that was started. `ended`: completes when the process is gone. */
export interface Running {
  readonly pid: number
  readonly ended: Deferred.Deferred<void>
  readonly signal: (signal: NodeJS.Signals) => void
}

/** Starts servers. `folder` holds the server's `redis.conf`. */
export interface Processes {
  readonly start: (folder: string) => Effect.Effect<Running, FilesUnusable>
}

const watchdogScript = `trap '' INT TERM HUP; L=''
while read -r p; do
  case $p in -*) n=''; for q in $L; do [ "$q" = "\${p#-}" ] || n="$n $q"; done; L=$n;; *) L="$L $p";; esac
done
for p in $L; do case $(ps -o args= -p "$p" 2>/dev/null) in *redis-server*|*valkey-server*) kill -9 "$p";; esac; done`

const watchdog = Effect.acquireRelease(
  Effect.sync(() => {
    const shell = ChildProcess.spawn("/bin/sh", ["-c", watchdogScript], {
      detached: true,
      stdio: ["pipe", "ignore", "ignore"]
    })
    shell.on("error", () => undefined)
    shell.stdin.on("error", () => undefined)
    shell.unref()
    return shell
  }),
  (shell) => Effect.sync(() => shell.stdin.end())
)

const setpriv = ["/usr/bin/setpriv", "/bin/setpriv"].find((path) => Fs.existsSync(path))

/** A name under which the program is a server; Debian's redis-check-rdb needs another than its own. */
const callable = (binary: Binary, directory: string): string => {
  if (NodePath.basename(binary.path) === serverName(binary)) return binary.path
  const link = NodePath.join(directory, serverName(binary))
  Fs.rmSync(link, { force: true })
  Fs.symlinkSync(NodePath.resolve(binary.path), link)
  return link
}

/** Processes that end with the scope at the latest. `directory`: a folder for a link to the program. */
export const make = (binary: Binary, directory: string): Effect.Effect<Processes, FilesUnusable, Scope.Scope> =>
  Effect.gen(function* () {
    const program = yield* Effect.try({
      try: () => callable(binary, directory),
      catch: (error) => new FilesUnusable({ reason: String(error) })
    })
    const shell = yield* watchdog
    const runtime = yield* Effect.runtime<never>()
    const alive = new Set<ChildProcess.ChildProcess>()
    const killAll = (): void => {
      for (const child of alive) child.kill("SIGKILL")
    }
    yield* Effect.acquireRelease(
      Effect.sync(() => process.on("exit", killAll)),
      () =>
        Effect.sync(() => {
          killAll()
          process.off("exit", killAll)
        })
    )
    const words = setpriv === undefined ? [program] : [setpriv, "--pdeathsig", "KILL", program]

    const launch = (folder: string, ended: Deferred.Deferred<void>) =>
      Effect.async<Running, FilesUnusable>((resume) => {
        const child = ChildProcess.spawn(
          words[0] ?? program,
          [...words.slice(1), NodePath.join(folder, "redis.conf")],
          {
            cwd: folder,
            detached: true,
            stdio: "ignore"
          }
        )
        child.unref()
        child.on("error", (error) => resume(Effect.fail(new FilesUnusable({ reason: error.message }))))
        child.on("exit", () => {
          alive.delete(child)
          if (shell.stdin.writable) shell.stdin.write(`-${child.pid}\n`)
          Runtime.runSync(runtime)(Deferred.succeed(ended, undefined))
        })
        child.on("spawn", () => {
          alive.add(child)
          shell.stdin.write(`${child.pid}\n`)
          resume(Effect.succeed({ pid: child.pid ?? 0, ended, signal: (signal) => void child.kill(signal) }))
        })
      })

    return {
      start: (folder) => Effect.uninterruptible(Effect.flatMap(Deferred.make<void>(), (ended) => launch(folder, ended)))
    }
  })
