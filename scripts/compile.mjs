/**
 * Compiles a program with the workspace's packages in it; dependencies stay outside.
 *
 * What a user runs is compiled code. The loader that runs TypeScript elsewhere in this workspace keeps the names of
 * functions by a call for every closure made, which a benchmark would measure too, and takes seconds to load a program.
 */
import { build } from "esbuild"

const outside = {
  name: "dependencies stay outside",
  setup: ({ onResolve }) =>
    onResolve({ filter: /^[^.]/ }, ({ kind, path }) =>
      kind === "entry-point" || path.startsWith("@memstore-flows/") ? undefined : { path, external: true }
    )
}

/**
 * Writes `source`, compiled, to `outfile`, which stands where the dependencies can be found, and resolves to it.
 * `whole`: with the dependencies in it, too.
 */
export const compile = async (source, outfile, { whole = false } = {}) => {
  await build({
    entryPoints: [source],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    sourcemap: true,
    logLevel: "error",
    plugins: whole ? [] : [outside]
  })
  return outfile
}
