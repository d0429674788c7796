/** `npm test`: everything CI checks. The last line is `N passed, N failed`. */
import { spawn } from "node:child_process"
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { ensureInstalled, root, typescript } from "./install.mjs"
import { ensurePostgres, startPostgres } from "./postgres.mjs"
import { ensureRedis } from "./redis.mjs"

ensureInstalled()
process.stdout.write(`Node ${process.versions.node}\n`)

const scratch = mkdtempSync(join(tmpdir(), "memstore-flows-test-"))
const bin = (name) => join(root, "node_modules", ".bin", name)
const packages = readdirSync(join(root, "packages"))
const examples = readdirSync(join(root, "examples")).filter((file) => file.endsWith(".ts"))
const total = { passed: 0, failed: 0, skipped: 0 }

const execute = (command, args, options = {}) =>
  new Promise((resolve) => {
    let output = ""
    const child = spawn(command, args, {
      cwd: root,
      stdio: ["ignore", "pipe", "pipe"],
      ...options,
      env: { ...process.env, FORCE_COLOR: "0", NO_COLOR: "1", ...options.env }
    })
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (chunk) => {
        output += chunk
      })
    }
    child.on("error", (error) => resolve({ code: 127, output: `${error}` }))
    child.on("close", (code) => resolve({ code: code ?? 1, output }))
  })

const report = (name, startedAt, { passed, failed, skipped = 0 }, output) => {
  total.passed += passed
  total.failed += failed
  total.skipped += skipped
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1)
  const skips = skipped > 0 ? `, ${skipped} skipped` : ""
  process.stdout.write(
    `${failed === 0 ? "ok  " : "FAIL"} ${name}: ${passed} passed, ${failed} failed${skips} (${seconds} s)\n`
  )
  if (failed > 0) process.stdout.write(`${output.trimEnd()}\n\n`)
}

/** A check that is one command: it passes with exit code 0. `count` may read finer figures. */
const check = async (name, command, args, { count, ...options } = {}) => {
  const startedAt = performance.now()
  const { code, output } = await execute(command, args, options)
  const single = code === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 }
  const counted = count?.(output, code) ?? single
  const honest = code !== 0 && counted.failed === 0 ? { ...counted, failed: 1 } : counted
  report(name, startedAt, honest, output)
  return code === 0
}

const countVitest = (file) => (_output, code) => {
  try {
    const { numPassedTests, numFailedTests, numPendingTests, numTotalTests, testResults } = JSON.parse(
      readFileSync(file, "utf8")
    )
    const brokenFiles = testResults.filter(
      (each) => each.status === "failed" && each.assertionResults.length === 0
    ).length
    if (numTotalTests === 0) return { passed: 0, failed: 1 }
    for (const { assertionResults, name } of testResults) {
      for (const { fullName, status } of assertionResults) {
        if (status !== "passed" && status !== "failed") process.stdout.write(`${status} ${name}: ${fullName}\n`)
      }
    }
    return { passed: numPassedTests, failed: numFailedTests + brokenFiles, skipped: numPendingTests }
  } catch {
    return { passed: 0, failed: code === 0 ? 1 : 0 }
  }
}

const countTypes = (output) => {
  const line = /^Tests:.*$/m.exec(output)?.[0] ?? ""
  const figure = (word) => Number(new RegExp(`(\\d+) ${word}`).exec(line)?.[1] ?? 0)
  return {
    passed: figure("passed"),
    failed: figure("failed") + (figure("passed") === 0 ? 1 : 0),
    skipped: figure("skipped")
  }
}

const packed = async (name) => {
  const cwd = join(root, "packages", name)
  const { packageManager } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"))
  const pack = [
    "exec",
    "--yes",
    "--loglevel=error",
    `--package=${packageManager}`,
    "--",
    "pnpm",
    "pack",
    "--pack-destination",
    scratch
  ]
  if (!(await check(`pack ${name}`, "npm", pack, { cwd }))) return
  const tarball = join(
    scratch,
    readdirSync(scratch).find((file) => file.startsWith(`memstore-flows-${name}-`))
  )
  await check(`publint ${name}`, bin("publint"), ["run", tarball, "--strict"])
  await check(`types resolve ${name}`, bin("attw"), [tarball, "--profile", "esm-only", "--no-emoji"])
}

const statics = async () => {
  await check("lint and formatting", bin("biome"), ["ci", "--colors=off", "--error-on-warnings", "."])
  await check("import circles and directions", bin("depcruise"), [
    "--config",
    ".dependency-cruiser.cjs",
    "packages",
    "examples",
    "bench"
  ])
  await check("hygiene", process.execPath, ["scripts/hygiene.mjs"])
  await check("types", bin("tsc"), ["--noEmit", "-p", "tsconfig.json"])
  await check("type tests", bin("tstyche"), [], { count: countTypes })
  await check("fault search, 2,000 trials", process.execPath, ["scripts/search.mjs", "--trials", "2000"])
  if (await check("build", bin("tsc"), ["-b", "tsconfig.build.json"])) for (const name of packages) await packed(name)
}

/** Two at a time: each is mostly the loading of one thread. Those that need PostgreSQL find it at `DATABASE_URL`. */
const programs = async () => {
  const postgres = await startPostgres().catch(() => undefined)
  const env = postgres === undefined ? {} : { DATABASE_URL: postgres.url }
  const waiting = examples.map((example) => () => {
    const [command, args] = typescript(join("examples", example))
    return check(`example ${example}`, command, args, { env })
  })
  waiting.push(() => check("README programs", process.execPath, ["scripts/readme.mjs"], { env }))
  const lane = async () => {
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) await next()
  }
  await Promise.all([lane(), lane()])
  await postgres?.stop()
}

/** Servers that tests run against, got before any test's time-out begins. */
const servers = [
  ["PostgreSQL", ensurePostgres],
  ["Redis", ensureRedis]
]

const requirements = () => {
  for (const [name, ensure] of servers) {
    const startedAt = performance.now()
    try {
      const found = ensure()
      const figures = found === undefined ? { passed: 0, failed: 0, skipped: 1 } : { passed: 1, failed: 0 }
      report(name, startedAt, figures, "")
    } catch (error) {
      report(name, startedAt, { passed: 0, failed: 1 }, `${error.message}`)
    }
  }
}

const tests = async () => {
  const results = join(scratch, "vitest.json")
  await check("tests", bin("vitest"), ["run", "--reporter=dot", "--reporter=json", `--outputFile.json=${results}`], {
    count: countVitest(results)
  })
}

const startedAt = performance.now()
requirements()
await Promise.all([statics(), tests().then(programs)])
rmSync(scratch, { recursive: true, force: true })
process.stdout.write(`\n${((performance.now() - startedAt) / 1000).toFixed(0)} s in all\n`)
const skips = total.skipped > 0 ? `, ${total.skipped} skipped` : ""
process.stdout.write(`${total.passed} passed, ${total.failed} failed${skips}\n`)
process.exitCode = total.failed > 0 ? 1 : 0
