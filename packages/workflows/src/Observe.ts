/**
 * What a flow sees of a cluster.
 *
 * @since 0.1.0
 */
import { ListShards, type ListShardsError } from "@memstore-flows/api/ListShards"
import { NotFound } from "@memstore-flows/api/MemStoreError"
import * as Slots from "@memstore-flows/api/Slots"
import { classify } from "@memstore-flows/api/Status"
import * as Topology from "@memstore-flows/model/Topology"
import * as Effect from "effect/Effect"
import { ClusterFailed, type WaitTimedOut } from "./FlowError.js"
import * as Waiter from "./Waiter.js"

/**
 * The shards and nodes of a cluster as they are now. One call.
 *
 * @since 0.1.0
 * @category constructors
 */
export const topology = (clusterId: string): Effect.Effect<Topology.Topology, ListShardsError, ListShards> =>
  Effect.flatMap(ListShards, (listShards) =>
    Effect.map(listShards({ clusterId }), ({ shards }) => Topology.make(shards))
  )

/** The first status, of a shard or of a node, that is as wanted. */
const firstStatus = ({ shards }: Topology.Topology, isWanted: (status: string) => boolean): string | undefined => {
  for (const { nodes, status } of shards) {
    const found = isWanted(status) ? status : nodes.find((node) => isWanted(node.status))?.status
    if (found !== undefined) return found
  }
  return undefined
}

/**
 * Whether any part of the cluster shows `Failed`.
 *
 * @since 0.1.0
 * @category guards
 */
export const hasFailed = (seen: Topology.Topology): boolean =>
  firstStatus(seen, (status) => classify(status) === "Failed") !== undefined

/**
 * In one short text why a cluster is not in service with every slot covered once, `undefined` when it is.
 *
 * @since 0.1.0
 * @category destructors
 */
export const unsettled = (seen: Topology.Topology): string | undefined => {
  if (seen.shards.length === 0) return "no shards yet"
  const busy = firstStatus(seen, (status) => classify(status) !== "Stable")
  if (busy !== undefined) return busy
  const { missing, overlapping, unreadable } = Topology.coverage(seen)
  if (unreadable.length > 0) return "slots unreadable"
  if (missing.length > 0) return `slots ${Slots.format(missing)} uncovered`
  if (overlapping.length > 0) return `slots ${Slots.format(overlapping)} claimed twice`
  const headless = seen.shards.find((shard) => shard.nodes.filter(({ role }) => role === "primary").length !== 1)
  return headless === undefined ? undefined : `shard ${headless.id} has no single primary`
}

/**
 * - `during`: what is going on, for errors
 * - `deadline`: milliseconds of the epoch
 * - `appearing`: the cluster was made just now, and 404 means "not yet"
 *
 * @since 0.1.0
 * @category models
 */
export interface SettledOptions<R> {
  readonly clusterId: string
  readonly during: string
  readonly deadline: number
  readonly appearing?: boolean
  readonly onPending?: (state: string) => Effect.Effect<void, never, R>
}

/**
 * Waits until the cluster is in service, every slot is covered once and every shard has one primary.
 *
 * Fails with `ClusterFailed` at once when it shows `Failed`, with `WaitTimedOut` at the deadline.
 *
 * @since 0.1.0
 * @category constructors
 */
export const settled = <R = never>({
  appearing,
  clusterId,
  deadline,
  during,
  onPending
}: SettledOptions<R>): Effect.Effect<
  Topology.Topology,
  ListShardsError | ClusterFailed | WaitTimedOut,
  ListShards | R
> =>
  Waiter.until({
    what: `cluster ${clusterId} to be in service`,
    read: topology(clusterId),
    deadline,
    tolerate: (error) => appearing === true && error instanceof NotFound,
    judge: (seen): Waiter.Verdict<Topology.Topology, ClusterFailed> => {
      if (hasFailed(seen)) return Waiter.broken(new ClusterFailed({ clusterId, during }))
      const state = unsettled(seen)
      return state === undefined ? Waiter.done(seen) : Waiter.pending(state)
    },
    ...(onPending ? { onPending: (state: string) => onPending(state) } : {})
  })
