import type { ListShards } from "@memstore-flows/api/ListShards"
import type { Shard } from "@memstore-flows/api/Shard"
import * as Run from "@memstore-flows/engine/Run"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { CallError, ClusterFailed, Refused, WaitTimedOut } from "../FlowError.js"
import { inService } from "../Preflight.js"
import * as Waiter from "../Waiter.js"
import { WaitPolicy } from "../WaitPolicy.js"

/** How many nodes shards are known to have had, by id. */
export type Sizes = ReadonlyMap<string, number>

export const sizesOf = (shards: ReadonlyArray<Shard>): Sizes =>
  new Map(shards.map(({ id, nodes }) => [id, nodes.length]))

/** A node that auto-heal has yet to put in the place of a dead one, in words. */
export const lacking = (shards: ReadonlyArray<Shard>, sizes: Sizes): string | undefined => {
  const short = shards.find(({ id, nodes }) => nodes.length < (sizes.get(id) ?? 0))
  return short && `shard ${short.id} has ${short.nodes.length} of ${sizes.get(short.id)} nodes`
}

/**
 * Waits until a cluster is in service, and each shard that is still there has as many nodes as it is known to have had:
 * what auto-heal brings would else be taken for what is added next. `atMost`: `WaitPolicy.scale` unless given.
 */
export const whole: (
  clusterId: string,
  during: string,
  sizes: Sizes,
  atMost?: Duration.Duration
) => Effect.Effect<ReadonlyArray<Shard>, CallError | ClusterFailed | WaitTimedOut | Refused, Run.Run | ListShards> =
  Effect.fnUntraced(function* (clusterId: string, during: string, sizes: Sizes, atMost?: Duration.Duration) {
    const run = yield* Run.Run
    const { scale } = yield* WaitPolicy
    return yield* Waiter.until({
      what: `cluster ${clusterId} to have the nodes that auto-heal brings`,
      read: inService(clusterId, during),
      deadline: yield* Waiter.deadlineIn(atMost ?? scale),
      onPending: (message) => Effect.provideService(Run.progress({ message, subject: clusterId }), Run.Run, run),
      judge: (shards): Waiter.Verdict<ReadonlyArray<Shard>> => {
        const state = lacking(shards, sizes)
        return state === undefined ? Waiter.done(shards) : Waiter.pending(state)
      }
    })
  })
