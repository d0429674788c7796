import { Effect } from "effect"

/** Repeats per second: the median of some rounds after one to warm up, and the least and the most of them. */
export interface Rate {
  readonly median: number
  readonly least: number
  readonly most: number
  /** Per second of this process's CPU, garbage collection included: what a busy machine does not change much. */
  readonly perCpu: number
}

export const rounds = 5

const sorted = (numbers: ReadonlyArray<number>) => [...numbers].sort((a, b) => a - b)

/** The number that `part` of them do not exceed. */
export const quantile = (numbers: ReadonlyArray<number>, part: number): number =>
  sorted(numbers)[Math.min(numbers.length - 1, Math.floor(numbers.length * part))] ?? Number.NaN

export const median = (numbers: ReadonlyArray<number>): number => quantile(numbers, 0.5)

const tidy = (number: number) => (number < 10 ? Math.round(number * 10) / 10 : Math.round(number))

export const shownRate = ({ least, median, most }: Rate): string => `${tidy(median)} (${tidy(least)}-${tidy(most)})`

export const range = (numbers: ReadonlyArray<number>): string =>
  `${tidy(median(numbers))} (${tidy(Math.min(...numbers))}-${tidy(Math.max(...numbers))})`

export const high = (numbers: ReadonlyArray<number>): string =>
  `${tidy(quantile(numbers, 0.99))} (p50 ${tidy(median(numbers))})`

export const perSecond = <E, R>(count: number, effect: Effect.Effect<unknown, E, R>): Effect.Effect<Rate, E, R> =>
  Effect.gen(function* () {
    const rates: Array<number> = []
    const perCpu: Array<number> = []
    for (let round = 0; round <= rounds; round++) {
      const cpu = process.cpuUsage()
      const begun = performance.now()
      yield* effect
      const lasted = performance.now() - begun
      const { system, user } = process.cpuUsage(cpu)
      if (round === 0) continue
      rates.push((count * 1_000) / lasted)
      perCpu.push((count * 1_000_000) / (user + system))
    }
    return { median: median(rates), least: Math.min(...rates), most: Math.max(...rates), perCpu: median(perCpu) }
  })

export const fiftyAtOnce = <E, R>(count: number, run: Effect.Effect<unknown, E, R>) =>
  Effect.forEach(Array.from({ length: count }), () => run, { concurrency: 50, discard: true })
