/** What no other tool checks: the lockfile and npm settings name no registry host; source files stay small. */
import { execFileSync } from "node:child_process"
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { root } from "./install.mjs"

const faults = []
for (const file of ["pnpm-lock.yaml", ".npmrc", "pnpm-workspace.yaml"]) {
  const path = join(root, file)
  if (existsSync(path) && /https?:\/\//.test(readFileSync(path, "utf8"))) faults.push(`${file} names a host`)
}

const files = execFileSync("git", ["ls-files", "packages/*/src/*.ts", "examples/*.ts", "bench/*.ts"], {
  cwd: root,
  encoding: "utf8"
})
for (const file of files.split("\n").filter((each) => each !== "" && existsSync(join(root, each)))) {
  const lines = readFileSync(join(root, file), "utf8").split("\n").length
  if (lines > 350) faults.push(`${file} has ${lines} lines; 350 is the most`)
}

for (const fault of faults) process.stderr.write(`${fault}\n`)
process.exitCode = faults.length > 0 ? 1 : 0
