/** `npm run search -- --trials N --seed S`: the fault search, compiled, in a process of its own. */
import { spawnSync } from "node:child_process"
import { join } from "node:path"
import { ensureInstalled, root } from "./install.mjs"

ensureInstalled()
const { compile } = await import("./compile.mjs")
const workflows = join(root, "packages", "workflows")
const program = await compile(
  join(workflows, "test", "rehearsal", "search", "main.ts"),
  join(workflows, "node_modules", ".cache", "search.mjs")
)
// Every trial is garbage when it is over: with little room, much of it would be copied before that.
const { status } = spawnSync(process.execPath, ["--max-semi-space-size=64", program, ...process.argv.slice(2)], {
  cwd: root,
  stdio: "inherit"
})
process.exitCode = status ?? 1
