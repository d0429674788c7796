/** Time on the wall and on the processors. */
import { readdirSync, readFileSync } from "node:fs"

/** `cpu`: seconds that this process and the servers it started have taken; 0 where there is no `/proc`. */
export interface Cost {
  readonly ms: number
  readonly cpu: number
}

const ticksOf = (pid: string): number => {
  try {
    if (!readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("[cluster]")) return 0
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? []
    return Number(fields[1]) === process.pid ? Number(fields[11]) + Number(fields[12]) : 0
  } catch {
    return 0
  }
}

const processors = (): number => {
  const { system, user } = process.cpuUsage()
  const pids = process.platform === "linux" ? readdirSync("/proc").filter((name) => /^\d+$/.test(name)) : []
  return (system + user) / 1e6 + pids.reduce((sum, pid) => sum + ticksOf(pid), 0) / 100
}

/** What some work costs. */
export const of = async (work: () => Promise<unknown>): Promise<Cost> => {
  const before = { at: performance.now(), cpu: processors() }
  await work()
  return { ms: performance.now() - before.at, cpu: processors() - before.cpu }
}

/** The middle one of several. */
export const median = (all: ReadonlyArray<Cost>): Cost =>
  [...all].sort((a, b) => a.ms - b.ms)[Math.floor(all.length / 2)] ?? { ms: 0, cpu: 0 }
