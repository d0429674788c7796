/**
 * Where a server program is.
 *
 * @since 0.1.0
 */
import * as ChildProcess from "node:child_process"
import * as Fs from "node:fs"
import * as NodePath from "node:path"
import * as Effect from "effect/Effect"
import { RedisUnavailable } from "./RedisError.js"

/**
 * A server program that was found and answered with its version.
 *
 * - `foundBy`: `"option"`, `"environment"` (`MEMSTORE_REDIS_SERVER`), `"path"`, or `"check-rdb"`: Debian's redis-tools
 *   has no redis-server, but its redis-check-rdb is the same program and looks at the name it is called by
 *
 * @since 0.1.0
 * @category models
 */
export interface Binary {
  readonly path: string
  readonly engine: "redis" | "valkey"
  readonly version: string
  readonly foundBy: "option" | "environment" | "path" | "check-rdb"
}

/**
 * The environment variable that names a server program.
 *
 * @since 0.1.0
 * @category constants
 */
export const variable = "MEMSTORE_REDIS_SERVER"

/**
 * The name a program must be called by to be a server, whatever its file is called.
 *
 * @since 0.1.0
 * @category getters
 */
export const serverName = ({ engine }: Pick<Binary, "engine">): string => `${engine}-server`

interface Candidate {
  readonly path: string
  readonly foundBy: Binary["foundBy"]
}

const isProgram = (path: string): boolean => {
  try {
    Fs.accessSync(path, Fs.constants.X_OK)
    return Fs.statSync(path).isFile()
  } catch {
    return false
  }
}

const onPath = (names: ReadonlyArray<string>, foundBy: Binary["foundBy"], path: string): ReadonlyArray<Candidate> =>
  names.flatMap((name) =>
    path
      .split(NodePath.delimiter)
      .filter((folder) => folder !== "")
      .map((folder) => ({ path: NodePath.join(folder, name), foundBy }))
      .filter((candidate) => isProgram(candidate.path))
      .slice(0, 1)
  )

const candidates = (option: string | undefined, environment: NodeJS.ProcessEnv): ReadonlyArray<Candidate> => {
  if (option !== undefined) return [{ path: option, foundBy: "option" }]
  const named = environment[variable]
  if (named !== undefined && named !== "") return [{ path: named, foundBy: "environment" }]
  const path = environment["PATH"] ?? ""
  return [
    ...onPath(["valkey-server", "redis-server"], "path", path),
    ...onPath(["redis-check-rdb", "valkey-check-rdb"], "check-rdb", path)
  ]
}

const described = /^(Redis|Valkey) server v=(\d+\.\d+\.\d+)/

const ask = ({ foundBy, path }: Candidate): Effect.Effect<Binary | undefined> =>
  Effect.async((resume) => {
    const argv0 = NodePath.basename(path).startsWith("valkey") ? "valkey-server" : "redis-server"
    const child = ChildProcess.spawn(path, ["--version"], { argv0, stdio: ["ignore", "pipe", "ignore"], timeout: 5000 })
    let said = ""
    child.stdout.on("data", (chunk) => {
      said += String(chunk)
    })
    child.on("error", () => resume(Effect.succeed(undefined)))
    child.on("close", () => {
      const match = described.exec(said)
      const engine = match?.[1] === "Valkey" ? "valkey" : "redis"
      resume(Effect.succeed(match?.[2] === undefined ? undefined : { path, engine, version: match[2], foundBy }))
    })
  })

/**
 * Looks for a server program; starts none.
 *
 * In this order: `option`, the environment variable `MEMSTORE_REDIS_SERVER`, `valkey-server` and `redis-server` on PATH,
 * `redis-check-rdb` and `valkey-check-rdb` on PATH. One that is named and is no server is not passed over.
 *
 * @since 0.1.0
 * @category constructors
 */
export const find = (
  option?: string,
  environment: NodeJS.ProcessEnv = process.env
): Effect.Effect<Binary, RedisUnavailable> =>
  Effect.gen(function* () {
    const tried = candidates(option, environment)
    for (const candidate of tried) {
      const found = yield* ask(candidate)
      if (found !== undefined) return found
    }
    return yield* new RedisUnavailable({
      reason:
        tried.length === 0
          ? `no valkey-server, redis-server or redis-check-rdb on PATH, and ${variable} is not set`
          : `${tried.map(({ path }) => path).join(", ")} is not a Redis or Valkey server`
    })
  })
