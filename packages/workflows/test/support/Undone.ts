import { Emulator } from "@memstore-flows/emulator/Emulator"
import type { JournalEntry } from "@memstore-flows/emulator/JournalEntry"
import * as Outcome from "@memstore-flows/engine/Outcome"
import * as Effect from "effect/Effect"
import { shardsOf } from "./Cloud.js"

/** What the outcome says was undone. */
export const reportOf = (outcome: Outcome.Outcome<unknown, unknown>): Outcome.UndoReport =>
  outcome._tag === "Succeeded" ? Outcome.nothingUndone : outcome.undo

/** The ids of a cluster's nodes. */
export const nodesLeft = (clusterId: string) =>
  Effect.map(shardsOf(clusterId), (shards) => shards.flatMap(({ nodes }) => nodes.map(({ id }) => id)).sort())

/** The names of the clusters that are there, those that are leaving included. */
export const clustersLeft = Effect.map(
  Effect.flatMap(Emulator, (emulator) => emulator.state),
  ({ clusters }) => Object.values(clusters).map(({ name }) => name)
)

/** The writes among the requests after the first `asked` that only go forward: all but taking away what was made. */
export const forwardAfter = (
  journal: ReadonlyArray<JournalEntry>,
  asked: number,
  nodesBefore: ReadonlyArray<string>
): ReadonlyArray<string> =>
  journal
    .slice(asked)
    .filter(({ method, operation }) => method !== "GET" && operation !== "CreateToken" && operation !== "DeleteCluster")
    .filter(({ operation, path }) => operation !== "DeleteNode" || nodesBefore.some((id) => path.includes(id)))
    .map(({ operation, path }) => `${operation} ${path}`)
