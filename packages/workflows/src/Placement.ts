/**
 * Where new nodes go: pure functions over the shards there are.
 *
 * @since 0.1.0
 */
import type { Shard } from "@memstore-flows/api/Shard"
import type { SubnetAssignment } from "@memstore-flows/api/Subnet"

const countIn = (shard: Shard, subnetId: string): number =>
  shard.nodes.filter(({ subnet }) => subnet.id === subnetId).length

const subnetsOf = ({ nodes }: Shard) => {
  const primary = nodes.find(({ role }) => role === "primary") ?? nodes[0]
  return {
    primary: { id: primary?.subnet.id ?? "" },
    replicas: nodes.filter(({ id }) => id !== primary?.id).map(({ subnet }) => ({ id: subnet.id }))
  }
}

/**
 * A new shard placed as an existing one is: that of the `n`-th, counted from 1, taken in turn.
 *
 * @since 0.1.0
 * @category constructors
 */
export const like = (shards: ReadonlyArray<Shard>, n: number): SubnetAssignment => {
  const shard = shards[(n - 1) % Math.max(1, shards.length)]
  return shard === undefined ? { primary: { id: "" }, replicas: [] } : subnetsOf(shard)
}

/**
 * The subnet for one more replica of a shard: the one of `pool` with the fewest of its nodes, not the primary's where
 * that leaves a choice; `undefined` when the pool is empty.
 *
 * @since 0.1.0
 * @category constructors
 */
export const forReplica = (shard: Shard, pool: ReadonlyArray<string>): string | undefined => {
  const primary = subnetsOf(shard).primary.id
  const weight = (id: string): number => 2 * countIn(shard, id) + (id === primary ? 1 : 0)
  return [...pool].sort((a, b) => weight(a) - weight(b) || pool.indexOf(a) - pool.indexOf(b))[0]
}

/**
 * The replica that leaves a shard with the least harm: of the subnet with most of its nodes, the newest first, and never
 * one without which all nodes would stand in one subnet, where that leaves a choice. `undefined` when there is no replica.
 *
 * @since 0.1.0
 * @category constructors
 */
export const leastNeeded = (shard: Shard): string | undefined => {
  const primary = subnetsOf(shard).primary.id
  const weight = ({ subnet }: { readonly subnet: { readonly id: string } }): number =>
    2 * countIn(shard, subnet.id) + (subnet.id === primary ? 1 : 0)
  const byNeed = shard.nodes
    .filter(({ role }) => role === "replica")
    .sort((a, b) => weight(b) - weight(a) || (a.createdAt < b.createdAt ? 1 : -1) || (a.id < b.id ? 1 : -1))
  return byNeed[0]?.id
}

/**
 * A shard placed as an existing one is, but for the nodes in `from`: these go to the subnet of `to` with the fewest.
 * `undefined` when `to` is empty.
 *
 * @since 0.1.0
 * @category constructors
 */
export const outOf = (shard: Shard, from: string, to: ReadonlyArray<string>): SubnetAssignment | undefined => {
  if (to.length === 0) return undefined
  const { primary, replicas } = subnetsOf(shard)
  const taken = new Map<string, number>()
  const take = (id: string): { readonly id: string } => {
    taken.set(id, (taken.get(id) ?? 0) + 1)
    return { id }
  }
  for (const { id } of [primary, ...replicas]) if (id !== from) take(id)
  const place = ({ id }: { readonly id: string }) => {
    if (id !== from) return { id }
    const count = (each: string): number => taken.get(each) ?? 0
    return take([...to].sort((a, b) => count(a) - count(b) || to.indexOf(a) - to.indexOf(b))[0] ?? "")
  }
  return { primary: place(primary), replicas: replicas.map(place) }
}
