import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import type * as Scope from "effect/Scope"
import { kindOf, nameOf, type Point } from "./Points.js"
import { type Job, jobs, run, type Under } from "./Trial.js"

const seed = process.env["KILL_SEED"] ?? "memstore"
const every = process.env["KILL_POINTS"] === "all"

/** Points of every kind, or so many of them, chosen by the seed; or every point. */
const chosen = (points: ReadonlyArray<readonly [Job, Point]>, most: number) =>
  Effect.gen(function* () {
    if (every) return points
    const shuffled = [...(yield* Random.shuffle(points))]
    const kinds = new Map(shuffled.map((each) => [kindOf(each[1]), each]))
    return [...kinds.values()].slice(0, most)
  }).pipe(Effect.withRandom(Random.make(seed)))

/**
 * A run killed anywhere makes, in the end, exactly the changes it makes when it is left alone. `most` points are tried,
 * unless all are.
 */
export const proves = (
  title: string,
  prepared: Effect.Effect<Under, never, Scope.Scope>,
  most = Number.POSITIVE_INFINITY
) => {
  const sample = most === Number.POSITIVE_INFINITY ? "a point of every kind" : `${most} points`
  describe(`exactly one change: ${title}`, () => {
    it.scopedLive(
      `a process killed at ${every ? "any point" : sample} leaves nothing done twice and nothing undone`,
      () =>
        Effect.gen(function* () {
          const under = yield* prepared
          const calm = new Map(
            yield* Effect.forEach(jobs, (job) => Effect.map(run(under, job), (ended) => [job, ended] as const), {
              concurrency: 2
            })
          )
          const points = [...calm].flatMap(([job, ended]) => ended.points.map((point) => [job, point] as const))
          const trials = yield* chosen(points, most)
          const differences = yield* Effect.forEach(
            trials,
            ([job, point]) =>
              Effect.gen(function* () {
                const { clusters, outcome, writes } = yield* run(under, job, point)
                const expected = calm.get(job)
                try {
                  assert.deepStrictEqual(writes, expected?.writes)
                  assert.deepStrictEqual(clusters, expected?.clusters)
                  assert.deepInclude(outcome, { _tag: "Succeeded" })
                  return []
                } catch (error) {
                  return [`${job.title}, killed at ${nameOf(point)}: ${error} ${JSON.stringify({ writes, outcome })}`]
                }
              }),
            { concurrency: 2 }
          )
          for (const [, ended] of calm) assert.deepInclude(ended.outcome, { _tag: "Succeeded" })
          assert.deepStrictEqual(differences.flat(), [], `KILL_SEED=${seed}`)
          if (every)
            process.stdout.write(`${title}: killed at each of ${points.length} points; none made another change\n`)
        }),
      every ? 1_800_000 : 120_000
    )
  })
}
