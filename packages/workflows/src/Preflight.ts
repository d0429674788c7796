/**
 * Looks at everything first, and refuses with every reason at once.
 *
 * @since 0.1.0
 */

import type { Cluster } from "@memstore-flows/api/Cluster"
import { ListClusters } from "@memstore-flows/api/ListClusters"
import type { ListShards } from "@memstore-flows/api/ListShards"
import { isRefusal, isTransient } from "@memstore-flows/api/MemStoreError"
import type { Shard } from "@memstore-flows/api/Shard"
import * as Run from "@memstore-flows/engine/Run"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { Finding } from "./Finding.js"
import { type CallError, type ClusterFailed, Refused, type WaitTimedOut } from "./FlowError.js"
import * as Observe from "./Observe.js"
import * as Waiter from "./Waiter.js"
import { WaitPolicy } from "./WaitPolicy.js"

/**
 * Fails with `Refused`, naming the flow, when there is any finding.
 *
 * @since 0.1.0
 * @category constructors
 */
export const refuseIf = (findings: ReadonlyArray<Finding>): Effect.Effect<void, Refused, Run.Run> => {
  const [first, ...rest] = findings
  if (first === undefined) return Effect.void
  return Effect.flatMap(Run.Run, ({ flow }) => new Refused({ flow, findings: [first, ...rest] }))
}

/**
 * Waits until the cluster is in service, then refuses on findings: the check before every write.
 *
 * @since 0.1.0
 * @category constructors
 */
export const inService: (
  clusterId: string,
  during: string,
  check?: (shards: ReadonlyArray<Shard>) => ReadonlyArray<Finding>
) => Effect.Effect<ReadonlyArray<Shard>, CallError | ClusterFailed | WaitTimedOut | Refused, Run.Run | ListShards> =
  Effect.fnUntraced(function* (
    clusterId: string,
    during: string,
    check: (shards: ReadonlyArray<Shard>) => ReadonlyArray<Finding> = () => []
  ) {
    const run = yield* Run.Run
    const { scale } = yield* WaitPolicy
    const { shards } = yield* Observe.settled({
      clusterId,
      during,
      deadline: yield* Waiter.deadlineIn(scale),
      onPending: (state) =>
        Effect.provideService(Run.progress({ message: `waiting: ${state}`, subject: clusterId }), Run.Run, run)
    })
    yield* refuseIf(check(shards))
    return shards
  })

const isAbsent = (error: CallError): boolean =>
  error._tag === "Forbidden" || error._tag === "DecodeError" || (isRefusal(error) && !isTransient(error))

/**
 * The clusters of the project, or none when the call is not there: its path is a guess. An outage is no such sign, and
 * fails.
 *
 * @since 0.1.0
 * @category constructors
 */
export const clusters: Effect.Effect<Option.Option<ReadonlyArray<Cluster>>, CallError, ListClusters> = Effect.flatMap(
  ListClusters,
  (listClusters) =>
    listClusters({}).pipe(
      Effect.map(({ clusters }) => Option.some(clusters)),
      Effect.catchIf(isAbsent, () => Effect.succeedNone)
    )
)

/**
 * How many nodes the project's clusters have, when each says so.
 *
 * @since 0.1.0
 * @category destructors
 */
export const projectNodes = (clusters: Option.Option<ReadonlyArray<Cluster>>): number | undefined => {
  if (Option.isNone(clusters)) return undefined
  let sum = 0
  for (const { nodeCountPerShard, shardCount } of clusters.value) {
    if (nodeCountPerShard === undefined || shardCount === undefined) return undefined
    sum += nodeCountPerShard * shardCount
  }
  return sum
}
