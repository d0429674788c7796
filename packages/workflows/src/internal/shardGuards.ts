import type { SubnetAssignment } from "@memstore-flows/api/Subnet"
import * as Duration from "effect/Duration"
import * as Checks from "../Checks.js"
import type { Finding } from "../Finding.js"
import type { Facts } from "../Invariant.js"
import { shardTakes } from "./expected.js"

/** The checks before the first of these shards is added; they look at all of them. */
export const guardAdding = (
  name: string,
  clusterId: string,
  placements: ReadonlyArray<SubnetAssignment>,
  own: (facts: Facts) => ReadonlyArray<Finding> = () => []
) =>
  Checks.guard(
    name,
    {
      what: `add ${placements.length} shards`,
      clusterId,
      destructive: false,
      addsShards: placements.length,
      addsNodes: placements.reduce((sum, { replicas }) => sum + 1 + replicas.length, 0),
      placements,
      takes: Duration.times(shardTakes, placements.length),
      tellsEndpoints: true
    },
    own
  )

/** The checks before the first of these shards is removed, which cannot be undone. */
export const guardRemoving = (
  clusterId: string,
  leaving: readonly [string, ...ReadonlyArray<string>],
  own: (facts: Facts) => ReadonlyArray<Finding> = () => []
) =>
  Checks.guard(
    `checks before removing shard ${leaving[0]}`,
    {
      what: `remove shards ${leaving.join(", ")}`,
      clusterId,
      destructive: true,
      irreversible: leaving.map((id) => `remove shard ${id}`),
      removesShards: leaving,
      takes: Duration.times(shardTakes, leaving.length),
      tellsEndpoints: true
    },
    own
  )
