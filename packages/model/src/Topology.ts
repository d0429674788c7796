/**
 * A cluster as a list of shards showed it at one moment, and what changed between two such moments.
 *
 * @since 0.1.0
 */
import { isPrimary, isReplica, type Node } from "@memstore-flows/api/Node"
import type { Shard } from "@memstore-flows/api/Shard"
import * as Slots from "@memstore-flows/api/Slots"
import { classify } from "@memstore-flows/api/Status"
import * as Either from "effect/Either"
import type { Layout } from "./SlotPlan.js"
import * as SlotPlan from "./SlotPlan.js"

/**
 * The shards by id.
 *
 * @since 0.1.0
 * @category models
 */
export interface Topology {
  readonly shards: ReadonlyArray<Shard>
}

const byId = (a: { readonly id: string }, b: { readonly id: string }): number =>
  a.id < b.id ? -1 : a.id > b.id ? 1 : 0

/**
 * A snapshot of what `ListShards` answered; the order of the answer does not matter.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (shards: Iterable<Shard>): Topology => ({ shards: [...shards].sort(byId) })

/**
 * A node and the shard it stands in.
 *
 * @since 0.1.0
 * @category models
 */
export interface Placed {
  readonly shardId: string
  readonly node: Node
}

/**
 * Every node with its shard.
 *
 * @since 0.1.0
 * @category getters
 */
export const nodes = (topology: Topology): ReadonlyArray<Placed> =>
  topology.shards.flatMap((shard) => shard.nodes.map((node) => ({ shardId: shard.id, node })))

/**
 * @since 0.1.0
 * @category getters
 */
export const nodeCount = (topology: Topology): number => nodes(topology).length

/**
 * @since 0.1.0
 * @category getters
 */
export const findShard = (topology: Topology, shardId: string): Shard | undefined =>
  topology.shards.find(({ id }) => id === shardId)

/**
 * @since 0.1.0
 * @category getters
 */
export const findNode = (topology: Topology, nodeId: string): Placed | undefined =>
  nodes(topology).find(({ node }) => node.id === nodeId)

/**
 * What each shard holds. A shard whose `slots` text cannot be read counts as holding none; `coverage` names it.
 *
 * @since 0.1.0
 * @category slots
 */
export const layout = (topology: Topology): Layout =>
  topology.shards.map(({ id, slots }) => ({ id, slots: Either.getOrElse(Slots.parse(slots), () => []) }))

/**
 * Which slots no shard holds and which several do; `unreadable`: the shards whose `slots` text is of no known form.
 *
 * @since 0.1.0
 * @category slots
 */
export const coverage = (topology: Topology): Slots.Coverage & { readonly unreadable: ReadonlyArray<string> } => {
  const read = topology.shards.map(({ id, slots }) => ({ id, slots: Slots.parse(slots) }))
  return {
    ...Slots.coverage(read.map(({ slots }) => Either.getOrElse(slots, () => []))),
    unreadable: read.flatMap(({ id, slots }) => (Either.isLeft(slots) ? [id] : []))
  }
}

/**
 * Whether every slot is held exactly once.
 *
 * @since 0.1.0
 * @category slots
 */
export const isCovered = (topology: Topology): boolean => {
  const { missing, overlapping, unreadable } = coverage(topology)
  return missing.length === 0 && overlapping.length === 0 && unreadable.length === 0
}

/**
 * The least and the most slots a shard holds: even when they differ by at most one.
 *
 * @since 0.1.0
 * @category slots
 */
export const extent = (topology: Topology): { readonly min: number; readonly max: number } =>
  SlotPlan.extent(layout(topology))

/**
 * Why a cluster has not come to rest.
 *
 * - `NoShards`: the list is empty, as it is for a moment after creation
 * - `NotInService`: a status other than `Running`, of a shard or (with `nodeId`) of a node
 * - `SlotsMissing`, `SlotsOverlapping`, `SlotsUnreadable`: slots not held exactly once
 * - `NoSlots`: a shard that holds none yet
 * - `Primaries`: a shard with no primary, or with several
 * - `NoReplicas`: a shard without replica
 * - `NoEndpoint`: a node without address
 *
 * @since 0.1.0
 * @category models
 */
export type Unstable =
  | { readonly _tag: "NoShards" }
  | { readonly _tag: "NotInService"; readonly shardId: string; readonly nodeId?: string; readonly status: string }
  | { readonly _tag: "SlotsMissing"; readonly slots: string }
  | { readonly _tag: "SlotsOverlapping"; readonly slots: string }
  | { readonly _tag: "SlotsUnreadable"; readonly shardId: string; readonly slots: string }
  | { readonly _tag: "NoSlots"; readonly shardId: string }
  | { readonly _tag: "Primaries"; readonly shardId: string; readonly count: number }
  | { readonly _tag: "NoReplicas"; readonly shardId: string }
  | { readonly _tag: "NoEndpoint"; readonly shardId: string; readonly nodeId: string }

const unsettled = (shard: Shard): ReadonlyArray<Unstable> => [
  ...(classify(shard.status) === "Stable"
    ? []
    : [{ _tag: "NotInService" as const, shardId: shard.id, status: shard.status }]),
  ...shard.nodes.flatMap(
    (node): ReadonlyArray<Unstable> =>
      classify(node.status) === "Stable"
        ? []
        : [{ _tag: "NotInService", shardId: shard.id, nodeId: node.id, status: node.status }]
  )
]

const misshapen = (shard: Shard): ReadonlyArray<Unstable> => {
  const primaries = shard.nodes.filter(isPrimary).length
  return [
    ...(shard.slots.trim() === "" ? [{ _tag: "NoSlots" as const, shardId: shard.id }] : []),
    ...(primaries === 1 ? [] : [{ _tag: "Primaries" as const, shardId: shard.id, count: primaries }]),
    ...(shard.nodes.some(isReplica) ? [] : [{ _tag: "NoReplicas" as const, shardId: shard.id }]),
    ...shard.nodes.flatMap(
      (node): ReadonlyArray<Unstable> =>
        node.endpoint === "" ? [{ _tag: "NoEndpoint", shardId: shard.id, nodeId: node.id }] : []
    )
  ]
}

const uncovered = (topology: Topology): ReadonlyArray<Unstable> => {
  const { missing, overlapping, unreadable } = coverage(topology)
  return [
    ...unreadable.map((shardId): Unstable => {
      const slots = findShard(topology, shardId)?.slots ?? ""
      return { _tag: "SlotsUnreadable", shardId, slots }
    }),
    ...(missing.length === 0 ? [] : [{ _tag: "SlotsMissing" as const, slots: Slots.format(missing) }]),
    ...(overlapping.length === 0 ? [] : [{ _tag: "SlotsOverlapping" as const, slots: Slots.format(overlapping) }])
  ]
}

/**
 * Every reason why the cluster has not come to rest; none means it has.
 *
 * At rest says nothing about replication: a replica of a `Running` cluster may still lack data.
 *
 * @since 0.1.0
 * @category stability
 */
export const unstable = (topology: Topology): ReadonlyArray<Unstable> =>
  topology.shards.length === 0
    ? [{ _tag: "NoShards" }]
    : [...topology.shards.flatMap(unsettled), ...uncovered(topology), ...topology.shards.flatMap(misshapen)]

/**
 * @since 0.1.0
 * @category stability
 */
export const isStable = (topology: Topology): boolean => unstable(topology).length === 0

/**
 * What is different in the later of two snapshots. All lists are empty when nothing is, statuses aside.
 *
 * - `nodesAdded`, `nodesRemoved`: by node id, those of added and removed shards included
 * - `rolesChanged`: of nodes that are in both
 * - `slotsChanged`: of shards that are in both, as the API writes them
 * - `endpointsAdded`, `endpointsRemoved`: addresses clients must learn or forget
 *
 * @since 0.1.0
 * @category models
 */
export interface Diff {
  readonly shardsAdded: ReadonlyArray<Shard>
  readonly shardsRemoved: ReadonlyArray<Shard>
  readonly nodesAdded: ReadonlyArray<Placed>
  readonly nodesRemoved: ReadonlyArray<Placed>
  readonly rolesChanged: ReadonlyArray<{
    readonly shardId: string
    readonly nodeId: string
    readonly before: string
    readonly after: string
  }>
  readonly slotsChanged: ReadonlyArray<{ readonly shardId: string; readonly before: string; readonly after: string }>
  readonly endpointsAdded: ReadonlyArray<string>
  readonly endpointsRemoved: ReadonlyArray<string>
}

const without = <A>(self: ReadonlyArray<A>, that: ReadonlyArray<A>, key: (value: A) => string): ReadonlyArray<A> => {
  const known = new Set(that.map(key))
  return self.filter((each) => !known.has(key(each)))
}

const shardsWithout = (self: Topology, that: Topology): ReadonlyArray<Shard> =>
  without(self.shards, that.shards, ({ id }) => id)

const nodesWithout = (self: Topology, that: Topology): ReadonlyArray<Placed> =>
  without(nodes(self), nodes(that), ({ node }) => node.id)

const endpoints = (topology: Topology): ReadonlyArray<string> =>
  [...new Set(nodes(topology).map(({ node }) => node.endpoint))].filter((endpoint) => endpoint !== "").sort()

const endpointsWithout = (self: Topology, that: Topology): ReadonlyArray<string> =>
  without(endpoints(self), endpoints(that), (endpoint) => endpoint)

/**
 * Compares two snapshots.
 *
 * @since 0.1.0
 * @category comparisons
 */
export const diff = (before: Topology, after: Topology): Diff => {
  const roles = new Map(nodes(before).map(({ node }) => [node.id, node.role]))
  return {
    shardsAdded: shardsWithout(after, before),
    shardsRemoved: shardsWithout(before, after),
    nodesAdded: nodesWithout(after, before),
    nodesRemoved: nodesWithout(before, after),
    rolesChanged: nodes(after).flatMap(({ node, shardId }) => {
      const role = roles.get(node.id)
      return role === undefined || role === node.role
        ? []
        : [{ shardId, nodeId: node.id, before: role, after: node.role }]
    }),
    slotsChanged: after.shards.flatMap(({ id, slots }) => {
      const earlier = findShard(before, id)?.slots
      return earlier === undefined || earlier === slots ? [] : [{ shardId: id, before: earlier, after: slots }]
    }),
    endpointsAdded: endpointsWithout(after, before),
    endpointsRemoved: endpointsWithout(before, after)
  }
}

/**
 * The answer to "which one is mine?": the API never names what it made, and the service makes nodes of its own.
 *
 * - `Found`: the only one that fits
 * - `Ambiguous`: several fit, oldest first; nobody can tell which is ours, so nothing may be deleted by this answer
 * - `Missing`: none fits, or none yet: new objects may show late
 *
 * @since 0.1.0
 * @category models
 */
export type Identified<A> =
  | { readonly _tag: "Found"; readonly value: A }
  | { readonly _tag: "Ambiguous"; readonly candidates: ReadonlyArray<A> }
  | { readonly _tag: "Missing" }

const identified = <A extends { readonly createdAt: string }>(candidates: ReadonlyArray<A>): Identified<A> => {
  const [first, ...others] = [...candidates].sort((a, b) => (a.createdAt < b.createdAt ? -1 : 1))
  if (first === undefined) return { _tag: "Missing" }
  return others.length === 0 ? { _tag: "Found", value: first } : { _tag: "Ambiguous", candidates: [first, ...others] }
}

const notOlder = (createdAt: string, since: string | undefined): boolean => since === undefined || createdAt >= since

/**
 * The replica that a call to add one made: in that shard and subnet, not there `before`, a replica now, and made at
 * `since` or later. `since`: RFC 3339 in UTC with whole seconds, as the API writes it; default: any time.
 *
 * @since 0.1.0
 * @category comparisons
 */
export const newNode = (input: {
  readonly before: Topology
  readonly after: Topology
  readonly shardId: string
  readonly subnetId: string
  readonly since?: string | undefined
}): Identified<Node> =>
  identified(
    nodesWithout(input.after, input.before)
      .filter(({ shardId }) => shardId === input.shardId)
      .map(({ node }) => node)
      .filter((node) => isReplica(node) && node.subnet.id === input.subnetId)
      .filter(({ createdAt }) => notOlder(createdAt, input.since))
  )

/**
 * The shard that a call to add one made: not there `before`, and made at `since` or later.
 *
 * @since 0.1.0
 * @category comparisons
 */
export const newShard = (input: {
  readonly before: Topology
  readonly after: Topology
  readonly since?: string | undefined
}): Identified<Shard> =>
  identified(shardsWithout(input.after, input.before).filter(({ createdAt }) => notOlder(createdAt, input.since)))
