import type { Match } from "@memstore-flows/emulator/Faults"
import * as Faults from "@memstore-flows/emulator/Faults"
import type { Stage } from "./Stage.js"

type Place = { readonly shardId: string; readonly clusterId?: string }

/** The answer of a call is lost after it was carried out. */
export const answerLost = (operation: Faults.OperationName) => ({
  what: `the answer of ${operation} is lost`,
  of: () => [{ match: { operation }, do: Faults.loseAnswer }]
})

/** The primary of a shard is killed, at a step of work on its cluster or at a request. */
export const primaryDies = (what: string, match: Match, { clusterId, shardId }: Place) => ({
  what: `the primary of shard ${shardId} is killed ${what}`,
  of: (stage: Stage) => [
    {
      match,
      do: Faults.disturb({ _tag: "FailNode", clusterId: clusterId ?? stage.clusterId, shardId, role: "primary" })
    }
  ]
})

/** The primary of a shard stops answering. */
export const primaryHangs = (what: string, match: Match, shardId: string) => ({
  what: `the primary of shard ${shardId} hangs ${what}`,
  of: ({ clusterId }: Stage) => [
    { match, do: Faults.disturb({ _tag: "HangNode", clusterId, shardId, role: "primary" }) }
  ]
})

/** A replica of a shard is killed. */
export const replicaDies = (what: string, match: Match, shardId: string) => ({
  what: `a replica of shard ${shardId} is killed ${what}`,
  of: ({ clusterId }: Stage) => [
    { match, do: Faults.disturb({ _tag: "FailNode", clusterId, shardId, role: "replica" }) }
  ]
})
