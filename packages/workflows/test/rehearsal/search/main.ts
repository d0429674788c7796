/** `npm run search -- --trials N --seed S`: tries the seeds from S on, and tells those that fail. One alone is told whole. */
import { parseArgs } from "node:util"
import * as Effect from "effect/Effect"
import { type Found, make } from "./Search.js"

const { values } = parseArgs({
  options: { trials: { type: "string", default: "2000" }, seed: { type: "string", default: "0" } }
})
const trials = Number(values.trials)
const first = Number(values.seed)
if (!Number.isSafeInteger(trials) || trials < 1 || !Number.isSafeInteger(first) || first < 0) {
  process.stderr.write("--trials is a number from 1, --seed one from 0\n")
  process.exit(2)
}

// Errors are part of most trials, and nobody reads where in the code they were made.
Error.stackTraceLimit = trials === 1 ? 10 : 0

const say = (line: string) => process.stdout.write(`${line}\n`)

const tell = ({ flow, seed, what, wrong }: Found) => {
  say(`seed ${seed}, ${flow}: ${what()}`)
  for (const each of wrong) say(`  ${each}`)
  say(`  again: npm run search -- --trials 1 --seed ${seed}`)
}

const tellWhole = ({ flow, lived, seed, what, wrong }: Found) => {
  say(`seed ${seed}, ${flow}: ${what()}`)
  for (const { at, exit, kind, name, run, value } of lived?.entries ?? []) {
    say(`  ${new Date(at).toISOString()} ${run}: ${kind} ${name} ${exit} ${value ?? ""}`)
  }
  for (const { operation, path, undo } of lived?.accepted ?? []) say(`  ${operation} ${path}${undo ? " (undo)" : ""}`)
  for (const { id, outcome } of lived?.records ?? []) say(`  ${id}: ${outcome ?? "has not ended"}`)
  say(wrong.length === 0 ? "  nothing is wrong" : wrong.map((each) => `  WRONG: ${each}`).join("\n"))
}

const search = make()
const ends = new Map<string, number>()
const failed: Array<number> = []
const began = performance.now()
const every = 20_000

const tally = (done: number) => {
  const { system, user } = process.cpuUsage()
  const seconds = (performance.now() - began) / 1000
  const rates = [done / ((user + system) / 1e6), done / seconds].map((rate) => Math.round(rate))
  const told = [...ends].sort().map(([end, count]) => `${end} ${count}`)
  say(`${done} trials, ${failed.length} failed, in ${seconds.toFixed(0)} s: ${told.join(", ")}`)
  say(`${rates[0]} a second of processor time, ${rates[1]} a second by the clock`)
}

for (let seed = first; seed < first + trials; seed++) {
  const found = await Effect.runPromise(search(seed))
  const { lived, wrong } = found
  const end = lived === undefined ? "no end" : `${lived.outcome._tag}${lived.engines > 1 ? " after a restart" : ""}`
  ends.set(end, (ends.get(end) ?? 0) + 1)
  if (wrong.length > 0) failed.push(seed)
  if (trials === 1) tellWhole(found)
  else if (wrong.length > 0 && failed.length <= 20) tell(found)
  const done = seed - first + 1
  if (done % every === 0 && done < trials) tally(done)
}
tally(trials)
if (failed.length > 0) say(`failed: ${failed.slice(0, 1000).join(" ")}`)
process.exitCode = failed.length > 0 ? 1 : 0
