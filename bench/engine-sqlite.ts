/** Steps and runs per second on the journal in a file, waiting for the disk or not, beside the disk's single commits. */
import { Effect } from "effect"
import { shownRate } from "./engine/Measure.js"
import * as Roles from "./engine/Roles.js"
import * as Sqlite from "./engine/Sqlite.js"
import { print } from "./engine/Table.js"

const column = (synchronous: "FULL" | "NORMAL") =>
  Effect.map(Sqlite.rates(synchronous), ({ commits, runs, steps }) => ({
    "single commits/s": shownRate(commits),
    "steps/s in one run": shownRate(steps),
    "steps per single commit": String(Math.round((steps.median / commits.median) * 100) / 100),
    "runs/s of 5 steps, 50 at once": shownRate(runs)
  }))

const main = Effect.gen(function* () {
  yield* print({ FULL: yield* column("FULL"), NORMAL: yield* column("NORMAL") })
})

await Roles.run(main)
