// Restore a backup into a new cluster, then scale it to three shards: one typed call.
import { NodeRuntime } from "@effect/platform-node"
import { Runs } from "@memstore-flows/engine"
import { RestoreThenScale } from "@memstore-flows/workflows"
import { Console, Effect } from "effect"
import { environment } from "./support/Environment.js"
import { restorable, sourceBackup } from "./support/Sandbox.js"
import { topologyTable } from "./support/Table.js"

const program = Effect.gen(function* () {
  yield* sourceBackup(10_000)

  // Everything is checked before the first write. A refusal names every reason at once.
  const cluster = yield* restorable("restored")
  const { clusterId, shards } = yield* Runs.execute(RestoreThenScale.flow, {
    id: "restore-of-monday", // the same id again gives the same run, never a second cluster
    payload: { cluster, shards: 3, onUndo: "delete" }
  })

  yield* Console.log(`cluster ${clusterId}\n${topologyTable(shards)}`)
}).pipe(
  // Errors are data: each is handled by its tag, and the compiler knows them all.
  Effect.catchTags({
    Refused: (refusal) => Console.error(refusal.message),
    Busy: ({ holder }) => Console.error(`run ${holder.run} works on that cluster`),
    RunCancelled: ({ undo }) => Console.error(`cancelled; undone: ${undo.undone.join(", ")}`)
  })
)

NodeRuntime.runMain(Effect.provide(program, environment))
