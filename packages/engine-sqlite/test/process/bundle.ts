import { mkdirSync, rmSync } from "node:fs"
import { basename, dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { Effect } from "effect"
import { buildSync } from "esbuild"

const here = dirname(fileURLToPath(import.meta.url))
/** Beside the package's dependencies, so that the native driver is found from there. */
const folder = join(here, "..", "..", "node_modules", ".cache", "children")
const requires = `import { createRequire as requireFrom } from "node:module"; const require = requireFrom(import.meta.url);`

/** A program of the tests as one file of JavaScript, which starts in a fraction of the time. It is gone with the scope. */
export const bundle = (entry: string) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      mkdirSync(folder, { recursive: true })
      const name = `${basename(entry, ".ts")}-${process.pid}-${process.hrtime.bigint()}.mjs`
      const outfile = join(folder, name)
      buildSync({
        entryPoints: [entry],
        outfile,
        bundle: true,
        platform: "node",
        format: "esm",
        target: "node20",
        external: ["libsql", "pg-native"],
        banner: { js: requires },
        logLevel: "error"
      })
      return outfile
    }),
    (outfile) => Effect.sync(() => rmSync(outfile, { force: true }))
  )
