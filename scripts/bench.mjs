/** `npm run bench [-- NAME ...]`: runs bench/NAME.ts, by default each of them. */
import { spawnSync } from "node:child_process"
import { readdirSync } from "node:fs"
import { join } from "node:path"
import { ensureInstalled, root } from "./install.mjs"

ensureInstalled()
const { build } = await import("esbuild")
const known = readdirSync(join(root, "bench"))
  .filter((file) => file.endsWith(".ts"))
  .map((file) => file.slice(0, -".ts".length))
const wanted = process.argv.slice(2).length > 0 ? process.argv.slice(2) : known
const unknown = wanted.filter((name) => !known.includes(name))
if (unknown.length > 0) {
  process.stderr.write(`No benchmark named ${unknown.join(", ")}; there are: ${known.join(", ")}\n`)
  process.exit(2)
}
/**
 * What a user runs is compiled code. The loader that runs TypeScript elsewhere in this workspace keeps the names of
 * functions by a call for every closure made, which would be measured with it.
 */
const compiled = async (name) => {
  const outfile = join(root, "bench", "node_modules", ".cache", `${name}.mjs`)
  await build({
    entryPoints: [join(root, "bench", `${name}.ts`)],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    sourcemap: true,
    logLevel: "error",
    plugins: [
      {
        name: "dependencies stay outside",
        setup: ({ onResolve }) =>
          onResolve({ filter: /^[^.]/ }, ({ kind, path }) =>
            kind === "entry-point" || path.startsWith("@memstore-flows/") ? undefined : { path, external: true }
          )
      }
    ]
  })
  return outfile
}

for (const name of wanted) {
  const { status } = spawnSync(process.execPath, [await compiled(name)], { cwd: root, stdio: "inherit" })
  if (status !== 0) process.exitCode = 1
}
