import type { ListShards } from "@memstore-flows/api/ListShards"
import type { Shard } from "@memstore-flows/api/Shard"
import * as Step from "@memstore-flows/engine/Step"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { type CallError, HandoverFailed, LeftInPlace } from "../FlowError.js"
import { Handover, Move, type Side } from "../Handover.js"
import * as Observe from "../Observe.js"
import { undoRetry } from "./undoRetry.js"

/** Where clients are. Each replay changes it in place, for the undo of what comes before to see. */
export interface Clients {
  at: "old" | "new"
}

/** One end of a handover, from the shards of its cluster. */
export const sideOf = (clusterId: string, shards: ReadonlyArray<Shard>, port: number | null): Side => ({
  clusterId,
  endpoints: shards.flatMap(({ nodes }) => nodes.map(({ endpoint }) => endpoint)).filter((each) => each !== ""),
  port
})

/** Whether a cluster is gone, or on its way. */
const isGoing = (clusterId: string): Effect.Effect<boolean, CallError, ListShards> =>
  Observe.topology(clusterId).pipe(
    Effect.map(({ shards }) => shards.some(({ status }) => status === "Deleting")),
    Effect.catchTag("NotFound", () => Effect.succeed(true))
  )

const goBack = (clients: Clients, move: Move) =>
  Effect.gen(function* () {
    const { from, to } = move
    clients.at = "new"
    if (yield* isGoing(from.clusterId)) {
      const reason = `clients stay with cluster ${to.clusterId}: cluster ${from.clusterId} is gone, or being deleted`
      return yield* new LeftInPlace({ reason })
    }
    yield* Effect.flatMap(Handover, ({ back }) => back(move))
    clients.at = "old"
  })

/** The step that points clients to the new cluster; undone, to the old one, while that is there. */
export const handOver = (clients: Clients, move: Move) =>
  Step.withIntent("hand over", {
    intent: Move,
    error: HandoverFailed,
    prepare: Effect.succeed(move),
    run: (move) => Effect.flatMap(Handover, ({ forward }) => forward(move)),
    undo: (move) => goBack(clients, move),
    undoRetry
  }).pipe(
    Effect.tap(() => {
      clients.at = "new"
    })
  )

/** Why the new cluster may not be deleted: clients are with it, or the old one is no more. */
export const spare = (clients: Clients, oldId: string): Effect.Effect<Option.Option<string>, CallError, ListShards> =>
  Effect.map(isGoing(oldId), (going) => {
    if (going) return Option.some(`cluster ${oldId} is gone, or being deleted`)
    return clients.at === "new" ? Option.some("clients could not be handed back") : Option.none()
  })
