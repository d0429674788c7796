/** `npm run search -- --trials N --seed S`: the fault search, compiled, in a process of its own. */
import { spawnSync } from "node:child_process"
import { join } from "node:path"
import { ensureInstalled, root } from "./install.mjs"

ensureInstalled()
const { compile } = await import("./compile.mjs")
const workflows = join(root, "packages", "workflows")
const program = await compile(
  join(workflows, "test", "rehearsal", "search", "main.ts"),
  join(workflows, "node_modules", ".cache", "search.mjs"),
  { whole: true }
)
// Every trial is garbage when it is over: with little room, much of it would be copied before that. One core is enough
// for a search; another search may have the others.
const flags = ["--max-semi-space-size=64", "--single-threaded-gc"]
const { status } = spawnSync(process.execPath, [...flags, program, ...process.argv.slice(2)], {
  cwd: root,
  stdio: "inherit"
})
process.exitCode = status ?? 1
