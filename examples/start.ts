// The main job: restore a cluster from a backup, then scale its shards, with live progress.
import { NodeRuntime } from "@effect/platform-node"
import { type Outcome, Runs } from "@memstore-flows/engine"
import { RestoreThenScale } from "@memstore-flows/workflows"
import { Clock, Console, Effect, Exit, Fiber, Ref } from "effect"
import { CallLog } from "./support/CallLog.js"
import { environment, Target } from "./support/Environment.js"
import { restorable, sourceBackup } from "./support/Sandbox.js"
import { table, topologyTable } from "./support/Table.js"
import { follow } from "./support/Terminal.js"

const id = "restore-then-scale"

const undoReport = ({ notUndone, undone }: Outcome.UndoReport) =>
  Console.log(
    [
      undone.length === 0 ? "nothing was left to undo" : `undone: ${undone.join(", ")}`,
      ...notUndone.map(({ reason, step }) => `NOT undone: ${step}: ${reason.message}`)
    ].join("\n")
  )

const report = (outcome: Outcome.Outcome<RestoreThenScale.Result, unknown>, startedAt: number) =>
  Effect.gen(function* () {
    if (outcome._tag !== "Succeeded") {
      yield* Console.log(`\nthe run ended: ${outcome._tag}`)
      if (outcome._tag === "Failed") yield* Console.log(String(outcome.error))
      if (outcome._tag === "Died") yield* Console.log(outcome.defect.message)
      return yield* undoReport(outcome.undo)
    }
    const calls = [...(yield* Ref.get(yield* CallLog))].map(([call, times]) => [call, `${times}`])
    const took = ((yield* Clock.currentTimeMillis) - startedAt) / 1000
    yield* Console.log(`\ncluster ${outcome.value.clusterId}\n\n${topologyTable(outcome.value.shards)}\n`)
    yield* Console.log(`${table([["call", "times"], ...calls])}\n\ntook ${took.toFixed(1)} s`)
  })

const program = Effect.gen(function* () {
  yield* Console.log(`restore from a backup, then scale to 4 shards (${yield* Target})\n`)
  yield* sourceBackup(100_000)
  yield* Ref.set(yield* CallLog, new Map())
  const cluster = yield* restorable("restored")
  const startedAt = yield* Clock.currentTimeMillis
  yield* Runs.start(RestoreThenScale.flow, { id, payload: { cluster, shards: 4 } })
  const progress = yield* Effect.forkDaemon(follow(id))
  const outcome = yield* Runs.outcome(RestoreThenScale.flow, id).pipe(
    Effect.onInterrupt(() =>
      Effect.gen(function* () {
        yield* Runs.cancel(id)
        const cancelled = yield* Runs.outcome(RestoreThenScale.flow, id)
        yield* Fiber.join(progress)
        yield* report(cancelled, startedAt)
      }).pipe(Effect.orDie)
    )
  )
  yield* Fiber.join(progress)
  yield* report(outcome, startedAt)
  if (outcome._tag !== "Succeeded") return yield* Effect.fail(outcome._tag)
})

NodeRuntime.runMain(Effect.provide(program, environment), {
  disableErrorReporting: true,
  teardown: (exit, onExit) => onExit(Exit.isSuccess(exit) ? 0 : Exit.isInterrupted(exit) ? 130 : 1)
})
