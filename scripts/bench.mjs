/** `npm run bench [-- NAME ...]`: runs bench/NAME.ts, by default each of them. */
import { spawnSync } from "node:child_process"
import { readdirSync } from "node:fs"
import { join } from "node:path"
import { ensureInstalled, root } from "./install.mjs"

ensureInstalled()
const { compile } = await import("./compile.mjs")
const known = readdirSync(join(root, "bench"))
  .filter((file) => file.endsWith(".ts"))
  .map((file) => file.slice(0, -".ts".length))
const wanted = process.argv.slice(2).length > 0 ? process.argv.slice(2) : known
const unknown = wanted.filter((name) => !known.includes(name))
if (unknown.length > 0) {
  process.stderr.write(`No benchmark named ${unknown.join(", ")}; there are: ${known.join(", ")}\n`)
  process.exit(2)
}
const compiled = (name) =>
  compile(join(root, "bench", `${name}.ts`), join(root, "bench", "node_modules", ".cache", `${name}.mjs`))

for (const name of wanted) {
  const { status } = spawnSync(process.execPath, [await compiled(name)], { cwd: root, stdio: "inherit" })
  if (status !== 0) process.exitCode = 1
}
