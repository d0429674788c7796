import type { Node } from "@memstore-flows/api/Node"
import type { Shard } from "@memstore-flows/api/Shard"
import { format } from "@memstore-flows/api/Slots"
import type { KnownStatus } from "@memstore-flows/api/Status"
import type { ClusterState, NodeState } from "../ClusterState.js"
import type { State } from "../State.js"
import { slotsAt, statusOf } from "./clusters.js"
import { rfc3339 } from "./rfc3339.js"

export const node = (each: NodeState, status: KnownStatus): Node => ({
  id: each.id,
  name: each.name,
  subnet: { id: each.subnetId },
  endpoint: each.readyAt === null ? "" : each.endpoint,
  role: each.role,
  status,
  createdAt: rfc3339(each.createdAt)
})

/** Every shard as the API shows it; `visible: false` shows those too that reads do not show yet. */
export const shards = (
  state: State,
  cluster: ClusterState,
  now: number,
  options: { readonly visible: boolean }
): ReadonlyArray<Shard> => {
  const status = statusOf(state, cluster)
  const slots = slotsAt(cluster, now)
  const seen = ({ visibleAt }: { readonly visibleAt: number }): boolean => !options.visible || visibleAt <= now
  return cluster.shards.filter(seen).map((shard) => ({
    id: shard.id,
    name: shard.name,
    slots: format(slots.get(shard.id) ?? []),
    nodes: shard.nodes.filter(seen).map((each) => node(each, status)),
    status,
    createdAt: rfc3339(shard.createdAt)
  }))
}
