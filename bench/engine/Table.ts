import { Console, Effect } from "effect"
import type { Figures } from "./Figures.js"
import { high, median, quantile, range, rounds, shownRate } from "./Measure.js"

/** What a journal is to reach: at least so much a second, at most so many megabytes and milliseconds. */
export interface Bars {
  readonly steps: number
  /** Where the disk commits less often, one after the other, than `steps` a second, that often is enough. */
  readonly orCommits?: boolean
  readonly runs: number
  readonly megabytes: number
  readonly resumed: number | undefined
  readonly cut: number
  readonly undo: number
}

const atLeast = (shown: string, value: number, bar: number) => `${shown} ${value >= bar ? ">=" : "BELOW"} ${bar}`
const atMost = (shown: string, value: number, bar: number) => `${shown} ${value <= bar ? "<=" : "ABOVE"} ${bar}`

/** One column: each figure beside its bar. */
export const column = (
  { commits, cut, megabytes, resumed, runs, steps, undo }: Figures,
  bars: Bars
): Readonly<Record<string, string>> => ({
  "steps/s in one run": atLeast(
    shownRate(steps),
    steps.median,
    bars.orCommits && commits ? Math.round(Math.min(bars.steps, commits.median)) : bars.steps
  ),
  "steps per s of CPU": String(Math.round(steps.perCpu)),
  "runs/s of 5 steps, 50 at once": atLeast(shownRate(runs), runs.median, bars.runs),
  "runs per s of CPU": String(Math.round(runs.perCpu)),
  "MB with 10,000 runs asleep": atMost(String(megabytes), megabytes, bars.megabytes),
  "ms from kill -9 to the busy step":
    resumed && bars.resumed !== undefined ? atMost(range(resumed), median(resumed), bars.resumed) : "",
  "ms from cancel to the step cut, p99": atMost(high(cut), quantile(cut, 0.99), bars.cut),
  "ms from cancel to the first undo, p99": atMost(high(undo), quantile(undo, 0.99), bars.undo),
  "single commits/s beside": commits ? shownRate(commits) : ""
})

export const note = `a rate is the median (least-most) of ${rounds} rounds after one to warm up, beside its bar`

/** Prints columns as a table whose rows are the figures. */
export const print = (columns: Readonly<Record<string, Readonly<Record<string, string>>>>): Effect.Effect<void> => {
  const figures = new Set(Object.values(columns).flatMap((column) => Object.keys(column)))
  const rows = Array.from(figures, (figure) => [
    figure,
    Object.fromEntries(Object.entries(columns).map(([name, column]) => [name, column[figure] ?? ""]))
  ])
  return Effect.zipRight(
    Effect.sync(() => console.table(Object.fromEntries(rows))),
    Console.log(note)
  )
}
