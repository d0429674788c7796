// The main job: restore a cluster from a backup, then scale its shards, with live progress.
import { NodeRuntime } from "@effect/platform-node"
import { type Outcome, Runs } from "@memstore-flows/engine"
import { RestoreThenScale } from "@memstore-flows/workflows"
import { Clock, Console, Effect, Exit, Fiber, Option, Ref } from "effect"
import { CallLog } from "./support/CallLog.js"
import { environmentOnServers, Target } from "./support/Environment.js"
import { Plane } from "./support/Plane.js"
import { restorable, sourceBackup, writtenBackup } from "./support/Sandbox.js"
import { table, topologyTable } from "./support/Table.js"
import { follow } from "./support/Terminal.js"
import { census, holdings, isWhole, type Testimony, witness } from "./support/Witness.js"

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

/** What the servers hold in the end, and whether every acknowledged write is among it. */
const dataReport = (outcome: Outcome.Outcome<RestoreThenScale.Result, unknown>, testimony: Testimony) =>
  Effect.gen(function* () {
    if (outcome._tag !== "Succeeded") return
    yield* Console.log(`\n${yield* holdings(outcome.value.shards)}\n\n${census(testimony)}`)
    if (!isWhole(testimony)) return yield* Effect.fail("acknowledged writes are missing")
  })

const cluster = restorable("restored")

/** Shows the run until it ends; interrupted, it is cancelled, and its undo shown. */
const shown = (startedAt: number) =>
  Effect.gen(function* () {
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
    return outcome
  })

const program = Effect.gen(function* () {
  const { notice, servers } = yield* Plane
  const shards = 4
  yield* Console.log(`restore from a backup, then scale to ${shards} shards (${yield* Target})\n${notice}\n`)
  const before = servers ? yield* writtenBackup(14_000) : yield* Effect.as(sourceBackup(100_000), [])
  yield* Ref.set(yield* CallLog, new Map())
  const startedAt = yield* Clock.currentTimeMillis
  yield* Runs.start(RestoreThenScale.flow, { id, payload: { cluster: yield* cluster, shards } })
  const { testimony, value: outcome } = servers
    ? yield* witness({ run: id, name: "restored", before }, shown(startedAt))
    : { value: yield* shown(startedAt), testimony: Option.none() }
  yield* report(outcome, startedAt)
  if (Option.isSome(testimony)) yield* dataReport(outcome, testimony.value)
  return outcome._tag === "Succeeded" ? 0 : 1
})

NodeRuntime.runMain(Effect.provide(program, environmentOnServers), {
  teardown: (exit, onExit) => onExit(Exit.isSuccess(exit) ? Number(exit.value) : Exit.isInterrupted(exit) ? 130 : 1)
})
