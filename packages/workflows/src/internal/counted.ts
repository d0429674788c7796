import type { ListClusters } from "@memstore-flows/api/ListClusters"
import type { ListShards } from "@memstore-flows/api/ListShards"
import type { Shard } from "@memstore-flows/api/Shard"
import * as Run from "@memstore-flows/engine/Run"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { CallError, ClusterFailed, Refused, WaitTimedOut } from "../FlowError.js"
import { clusters, inService } from "../Preflight.js"
import * as Waiter from "../Waiter.js"
import { WaitPolicy } from "../WaitPolicy.js"

type Shards = ReadonlyArray<Shard>

/** In one short text which nodes seem to be missing, told how many the cluster itself says a shard has: 0 for no word. */
export type Missing = (shards: Shards, said: number) => string | undefined

const most = (shards: Shards): number => shards.reduce((sum, { nodes }) => Math.max(sum, nodes.length), 0)

/** The cluster says that it has shards with more nodes than any of them shows. */
export const unseen: Missing = (shards, said) =>
  said > most(shards) ? `no shard shows ${said} nodes, as the cluster says` : undefined

/** One of some shards has fewer nodes than another shard, or than the cluster says. */
export const unlike =
  (some: (shards: Shards) => Shards): Missing =>
  (shards, said) => {
    const wanted = Math.max(said, most(shards))
    const short = some(shards).find(({ nodes }) => nodes.length < wanted)
    return short && `shard ${short.id} has ${short.nodes.length} nodes where others have ${wanted}`
  }

/** As `unseen`; where the cluster does not say, or less than a shard shows, its largest shard does. */
export const unseenOrUneven: Missing = (shards, said) =>
  said < most(shards) ? unlike((all) => all)(shards, said) : unseen(shards, said)

const look = Effect.fnUntraced(function* (clusterId: string, during: string) {
  const known = Option.getOrUndefined(yield* clusters)?.find(({ id }) => id === clusterId)
  return { shards: yield* inService(clusterId, during), said: known?.nodeCountPerShard ?? 0 }
})

/**
 * The shards of a cluster in service, for one who counts their nodes. A node that died is missing until its replacement
 * shows: where something tells of it, it is waited for, at most `WaitPolicy.heal`. What is there then is taken for what is
 * meant to be.
 */
export const counted: (
  clusterId: string,
  during: string,
  missing: Missing
) => Effect.Effect<Shards, CallError | ClusterFailed | WaitTimedOut | Refused, Run.Run | ListClusters | ListShards> =
  Effect.fnUntraced(function* (clusterId: string, during: string, missing: Missing) {
    const run = yield* Run.Run
    const { heal, scale } = yield* WaitPolicy
    let since: number | undefined
    return yield* Waiter.until({
      what: `cluster ${clusterId} to show all its nodes`,
      read: look(clusterId, during),
      deadline: yield* Waiter.deadlineIn(Duration.sum(scale, heal)),
      onPending: (message) => Effect.provideService(Run.progress({ message, subject: clusterId }), Run.Run, run),
      judge: ({ said, shards }, now): Waiter.Verdict<Shards> => {
        const state = missing(shards, said)
        since ??= now
        return state === undefined || now - since >= Duration.toMillis(heal)
          ? Waiter.done(shards)
          : Waiter.pending(state)
      }
    })
  })
