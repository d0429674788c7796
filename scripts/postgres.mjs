/** Finds PostgreSQL, installs it where that is possible, and starts private servers that die with this process. */
import { spawn, spawnSync } from "node:child_process"
import {
  accessSync,
  chmodSync,
  chownSync,
  constants,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync
} from "node:fs"
import { connect, createServer } from "node:net"
import { tmpdir } from "node:os"
import { delimiter, join } from "node:path"

const executable = (file) => {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}

const versions = (folder) => {
  try {
    return readdirSync(folder).sort((a, b) => Number(b) - Number(a))
  } catch {
    return []
  }
}

const folders = () => [
  ...(process.env.POSTGRES_BIN ? [process.env.POSTGRES_BIN] : []),
  ...(process.env.PATH ?? "").split(delimiter),
  ...versions("/usr/lib/postgresql").map((version) => `/usr/lib/postgresql/${version}/bin`),
  ...versions("/opt/homebrew/opt")
    .filter((name) => name.startsWith("postgresql"))
    .map((name) => `/opt/homebrew/opt/${name}/bin`)
]

const find = () =>
  folders().find(
    (folder) => folder !== "" && executable(join(folder, "initdb")) && executable(join(folder, "postgres"))
  )

const isRoot = () => process.getuid?.() === 0

const install = () => {
  if (!isRoot() || !existsSync("/usr/bin/apt-get")) return
  process.stdout.write("Installing postgresql with apt-get\n")
  const policy = "/usr/sbin/policy-rc.d"
  const ours = !existsSync(policy)
  if (ours) writeFileSync(policy, "#!/bin/sh\nexit 101\n", { mode: 0o755 })
  try {
    const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" }
    const get = (...args) => spawnSync("apt-get", ["-qq", ...args], { env, stdio: ["ignore", "ignore", "inherit"] })
    const install = () => get("install", "-y", "--no-install-recommends", "postgresql")
    if (install().status !== 0) {
      get("update")
      install()
    }
  } finally {
    if (ours) rmSync(policy, { force: true })
  }
}

const missing =
  "PostgreSQL is missing: no `initdb` and `postgres` in POSTGRES_BIN, PATH or /usr/lib/postgresql/*/bin. " +
  "Install it (Debian: apt-get install postgresql; macOS: brew install postgresql), or set POSTGRES_BIN."

/**
 * The folder of the PostgreSQL programs, installed by apt-get if this is Debian and we are root. If there is none: one
 * line that says what is missing, and `undefined`; an error with `CI=true`.
 */
export const ensurePostgres = () => {
  const before = find()
  if (before) return before
  install()
  const after = find()
  if (after) return after
  if (process.env.CI === "true") throw new Error(missing)
  process.stdout.write(`${missing}\n`)
  return undefined
}

/** PostgreSQL refuses to run as root. */
const account = () => {
  if (!isRoot()) return {}
  const rows = readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .map((line) => line.split(":"))
  const row = rows.find(([name]) => name === "postgres") ?? rows.find(([name]) => name === "nobody")
  if (!row) throw new Error("PostgreSQL does not run as root, and there is no user `postgres` or `nobody`")
  return { uid: Number(row[2]), gid: Number(row[3]) }
}

const freePort = () =>
  new Promise((resolve, reject) => {
    const server = createServer()
    server.on("error", reject)
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address()
      server.close(() => resolve(port))
    })
  })

/** The first message of the protocol, version 3.0: who wants in, and where to. */
const hello = () => {
  const body = Buffer.from("\0\x03\0\0user\0postgres\0database\0postgres\0\0", "latin1")
  const head = Buffer.alloc(4)
  head.writeInt32BE(body.length + 4)
  return Buffer.concat([head, body])
}

/** A server that is still starting lets us connect, and answers with an error instead of `R`. */
const isReady = (port) =>
  new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1")
    socket.on("connect", () => socket.write(hello()))
    socket.on("data", (data) => {
      socket.destroy()
      resolve(data[0] === "R".charCodeAt(0))
    })
    socket.on("error", () => resolve(false))
    socket.on("close", () => resolve(false))
  })

/** Outlives us: when the pipe to us closes, however we died, it stops the server and removes its folder. */
const watchdog = (pid, folder) => {
  const script = `read _; kill -QUIT ${pid} 2>/dev/null; while kill -0 ${pid} 2>/dev/null; do sleep 0.1; done; rm -rf "$0"`
  const child = spawn("/bin/sh", ["-c", script, folder], { detached: true, stdio: ["pipe", "ignore", "ignore"] })
  child.unref()
  child.stdin.unref?.()
  return child
}

const settings = ({ durable, port }) =>
  Object.entries({
    listen_addresses: "127.0.0.1",
    port,
    unix_socket_directories: "",
    max_connections: 200,
    fsync: durable ? "on" : "off",
    synchronous_commit: durable ? "on" : "off",
    full_page_writes: durable ? "on" : "off",
    log_min_messages: "fatal"
  }).flatMap(([name, value]) => ["-c", `${name}=${value}`])

/**
 * Starts a server of our own on loopback, in a temporary folder. Resolves to `{ url, port, pid, stop }`, or `undefined`
 * where PostgreSQL is missing. `durable` (false) is for measurements: it syncs every commit to the disk.
 */
export const startPostgres = async ({ durable = false } = {}) => {
  const bin = ensurePostgres()
  if (bin === undefined) return undefined
  const owner = account()
  const folder = mkdtempSync(join(tmpdir(), "postgres-"))
  chmodSync(folder, 0o700)
  if (owner.uid !== undefined) chownSync(folder, owner.uid, owner.gid)
  const options = { cwd: folder, ...owner }
  const data = join(folder, "data")
  const made = spawnSync(
    join(bin, "initdb"),
    ["-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync"],
    { ...options, encoding: "utf8" }
  )
  if (made.status !== 0) {
    rmSync(folder, { recursive: true, force: true })
    throw new Error(`initdb: ${made.error ?? made.stderr}`)
  }
  const port = await freePort()
  let log = ""
  const server = spawn(join(bin, "postgres"), ["-D", data, ...settings({ durable, port })], {
    ...options,
    stdio: ["ignore", "ignore", "pipe"]
  })
  server.stderr.setEncoding("utf8").on("data", (chunk) => {
    log = (log + chunk).slice(-4_000)
  })
  server.stderr.unref?.()
  server.unref()
  const guard = watchdog(server.pid, folder)
  const ended = new Promise((resolve) => server.once("exit", resolve))
  const stop = async () => {
    const cleaned = new Promise((resolve) => guard.once("exit", resolve))
    guard.ref()
    guard.stdin.end()
    await Promise.all([ended, cleaned])
  }
  for (let left = 200; !(await isReady(port)); left--) {
    if (left === 0 || server.exitCode !== null) {
      await stop()
      throw new Error(`PostgreSQL did not start: ${log}`)
    }
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  return { url: `postgres://postgres@127.0.0.1:${port}/postgres`, port, pid: server.pid, stop }
}
