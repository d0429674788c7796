/** `npm run evidence -- NAME [...]`: evidence that takes too long for `npm test`. Prints what it found. */
import { spawnSync } from "node:child_process"
import { join } from "node:path"
import { ensureInstalled, root } from "./install.mjs"

const kinds = {
  kill: {
    about: "kills a process at every journal write and around every API call of the flows",
    files: [
      "packages/workflows/test/crash/Kill",
      "packages/engine-cluster/test/Kill",
      "packages/engine-cluster/test/EngineCluster.contract"
    ],
    env: { KILL_POINTS: "all" }
  },
  flows: {
    about: "runs every flow on real servers under a writer, undisturbed and with its fault, and counts what was kept",
    files: ["packages/workflows/test/redis/Catalogue"],
    env: { MEMSTORE_FLOWS: "all" }
  },
  plane: {
    about: "stops planned work at every step, and kills nodes, servers and the emulator at all kinds of steps",
    files: [
      "packages/emulator/test/crash",
      ...["Large", "NodeFaults", "Operations", "Restarts"].map((name) => `packages/workflows/test/redis/${name}`)
    ],
    env: { PLANE_POINTS: "all" }
  }
}

const wanted = process.argv.slice(2)
const unknown = wanted.filter((name) => !(name in kinds))
if (wanted.length === 0 || unknown.length > 0) {
  const known = Object.entries(kinds).map(([name, { about }]) => `  ${name}: ${about}\n`)
  process.stderr.write(`Which evidence? There is:\n${known.join("")}`)
  process.exit(2)
}
ensureInstalled()
for (const name of wanted) {
  const { env, files } = kinds[name]
  const { status } = spawnSync(
    process.execPath,
    [join(root, "node_modules", "vitest", "vitest.mjs"), "run", ...files],
    {
      cwd: root,
      stdio: "inherit",
      env: { ...process.env, ...env }
    }
  )
  if (status !== 0) process.exitCode = 1
}
