/** Checks and runs the program of each README: its first `ts` block that imports something, as a reader would paste it. */
import { spawnSync } from "node:child_process"
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { basename, join } from "node:path"
import { compile } from "./compile.mjs"
import { root } from "./install.mjs"

const readmes = ["README.md", ...readdirSync(join(root, "packages")).map((name) => join("packages", name, "README.md"))]
const folder = join("examples", ".readme")
mkdirSync(join(root, folder), { recursive: true })
writeFileSync(join(root, folder, "tsconfig.json"), '{ "extends": "../../tsconfig.json", "include": ["*.mts"] }')
const programs = []
let failed = 0

for (const readme of readmes.filter((file) => existsSync(join(root, file)))) {
  const blocks = [...readFileSync(join(root, readme), "utf8").matchAll(/^```ts\n([\s\S]*?)^```$/gm)]
  const program = blocks.map((match) => match[1]).find((code) => /^import /m.test(code))
  if (program === undefined) {
    process.stderr.write(`${readme} has no program\n`)
    failed += 1
    continue
  }
  const file = join(folder, `${readme.replaceAll(/[\\/.]/g, "-")}.mts`)
  writeFileSync(join(root, file), program)
  programs.push({ readme, file })
}

const types = spawnSync(
  process.execPath,
  [join(root, "node_modules/typescript/bin/tsc"), "--noEmit", "-p", join(root, folder)],
  {
    cwd: root,
    encoding: "utf8"
  }
)
if (types.status !== 0) {
  process.stderr.write(types.stdout)
  failed += 1
}

for (const { file, readme } of programs) {
  if (process.env.DATABASE_URL === undefined && readFileSync(join(root, file), "utf8").includes("DATABASE_URL")) {
    process.stdout.write(`${readme}: typed, not run: it needs PostgreSQL at DATABASE_URL\n`)
    continue
  }
  const compiled = await compile(join(root, file), join(root, "bench/node_modules/.cache", `${basename(file)}.mjs`))
  const { status, stdout, stderr } = spawnSync(process.execPath, [compiled], {
    cwd: root,
    encoding: "utf8",
    timeout: 60_000
  })
  if (status !== 0) {
    process.stderr.write(`${readme}: its program ended with ${status}\n${stdout}${stderr}\n`)
    failed += 1
  }
}

rmSync(join(root, folder), { recursive: true, force: true })
process.exitCode = failed > 0 ? 1 : 0
