/** Finds a Redis or Valkey server for the tests; on Debian as root it installs one. */
import { spawnSync } from "node:child_process"
import { accessSync, constants } from "node:fs"
import { delimiter, join } from "node:path"

const onPath = (name) =>
  (process.env["PATH"] ?? "")
    .split(delimiter)
    .filter((folder) => folder !== "")
    .map((folder) => join(folder, name))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK)
        return true
      } catch {
        return false
      }
    })

const isServer = (path) => {
  const argv0 = path.includes("valkey") ? "valkey-server" : "redis-server"
  const { stdout } = spawnSync(path, ["--version"], { argv0, encoding: "utf8", timeout: 5000 })
  return /^(Redis|Valkey) server v=/.test(stdout ?? "")
}

const search = () => {
  const named = process.env["MEMSTORE_REDIS_SERVER"]
  if (named) return isServer(named) ? { path: named, how: "MEMSTORE_REDIS_SERVER" } : undefined
  for (const name of ["valkey-server", "redis-server", "redis-check-rdb", "valkey-check-rdb"]) {
    const path = onPath(name)
    if (path !== undefined && isServer(path)) return { path, how: "PATH" }
  }
  return undefined
}

const apt = () => {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" }
  const run = (...args) => spawnSync("apt-get", args, { env, stdio: "ignore", timeout: 180_000 }).status === 0
  const wanted = ["install", "-y", "--no-install-recommends", "redis-tools"]
  return run(...wanted) || (run("update") && run(...wanted))
}

/**
 * `{ path, how }` of a server program. `undefined`, with one line that says what is missing, when there is none; with
 * `CI=true` that is an error.
 */
export const ensureRedis = ({ install = true } = {}) => {
  const found = search()
  if (found !== undefined) return found
  const mayInstall = install && process.getuid?.() === 0 && onPath("apt-get") !== undefined
  const installed = mayInstall && apt() ? search() : undefined
  if (installed !== undefined) return { ...installed, how: "apt-get install redis-tools" }
  const message = "no Redis: install redis-tools, redis-server or valkey, or name a server in MEMSTORE_REDIS_SERVER"
  if (process.env["CI"] === "true") throw new Error(message)
  process.stderr.write(`${message}\n`)
  return undefined
}
