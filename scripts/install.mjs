/** Installs the workspace once per lockfile, with the pnpm that package.json pins. Needs Node and npm only. */
import { spawnSync } from "node:child_process"
import { createHash } from "node:crypto"
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

export const root = dirname(dirname(fileURLToPath(import.meta.url)))
const stamp = join(root, "node_modules", ".installed-lockfile")

const fingerprint = () => {
  const hash = createHash("sha256").update(process.version)
  for (const file of ["pnpm-lock.yaml", "pnpm-workspace.yaml", "package.json"])
    hash.update(readFileSync(join(root, file)))
  return hash.digest("hex")
}

const checkNode = () => {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number)
  if (major > 20 || (major === 20 && minor >= 19)) return
  process.stderr.write(`Node 20.19 or newer is needed; this is ${process.versions.node}.\n`)
  process.exit(1)
}

/** Runs a command in the workspace's root and gives its exit code and output. */
export const run = (command, args, options = {}) =>
  spawnSync(command, args, { cwd: root, encoding: "utf8", shell: process.platform === "win32", ...options })

export const ensureInstalled = () => {
  checkNode()
  const wanted = fingerprint()
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return
  const { packageManager } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"))
  process.stderr.write(`Installing with ${packageManager} ...\n`)
  const { status, stdout, stderr, error } = run("npm", [
    ...["exec", "--yes", "--loglevel=error", `--package=${packageManager}`, "--"],
    ...["pnpm", "install", "--frozen-lockfile", "--config.confirm-modules-purge=false"]
  ])
  if (status !== 0) {
    process.stderr.write(`${stdout ?? ""}${stderr ?? ""}${error ? `${error}\n` : ""}The install failed.\n`)
    process.exit(1)
  }
  mkdirSync(dirname(stamp), { recursive: true })
  writeFileSync(stamp, wanted)
}

/** The command that runs a TypeScript file of the workspace. */
export const typescript = (file, args = []) => [
  process.execPath,
  ["--import", join(root, "node_modules", "tsx", "dist", "esm", "index.mjs"), join(root, file), ...args]
]
