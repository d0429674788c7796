// Restore drill every Sunday 03:00 Asia/Seoul: restore a backup under a throw-away name, verify, always delete.
import { NodeRuntime } from "@effect/platform-node"
import { Engine, Journal, Runs, Schedule } from "@memstore-flows/engine"
import { RestoreDrill } from "@memstore-flows/workflows"
import { Console, DateTime, Effect, Layer } from "effect"
import { cloud } from "./support/Environment.js"
import { restorable, sourceBackup } from "./support/Sandbox.js"

const timeZone = "Asia/Seoul"

const local = (at: number) => DateTime.formatIsoZoned(DateTime.unsafeMakeZoned(at, { timeZone }))

const program = Effect.gen(function* () {
  yield* sourceBackup(10_000)

  // Kept in the journal: told again at the next start, it stays as it is. Each time is fired once.
  yield* Schedule.cron(RestoreDrill.flow, {
    name: "restore-drill",
    cron: "0 3 * * SUN",
    timeZone,
    payload: { cluster: yield* restorable("drill") },
    overlap: "skip", // a drill that is still going is not disturbed
    catchUp: "last" // after a downtime, one drill for the latest time missed
  })
  const next = yield* Schedule.next("restore-drill", 3)
  yield* Console.log(`next drills\n  ${next.map(local).join("\n  ")}\n`)

  // Nobody waits for Sunday here.
  const turn = yield* Schedule.trigger("restore-drill")
  if (turn._tag !== "Fired") return yield* Effect.dieMessage(turn._tag)
  const report = yield* Runs.result(RestoreDrill.flow, turn.run)
  const seconds = (report.restoredMillis / 1000).toFixed(1)
  yield* Console.log(`${turn.run}\n  restored in ${seconds} s, ${report.shards} shards, data ${report.data}`)
})

// `SqliteJournal.layer` in the place of `Journal.layerMemory` keeps the schedule over restarts.
const layers = Schedule.layer(RestoreDrill.flow).pipe(
  Layer.provideMerge(RestoreDrill.layer),
  Layer.provideMerge(Engine.layer()),
  Layer.provide(Journal.layerMemory),
  Layer.provideMerge(cloud)
)
NodeRuntime.runMain(Effect.provide(program, layers))
