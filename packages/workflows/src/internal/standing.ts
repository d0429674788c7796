import type { Shard } from "@memstore-flows/api/Shard"
import * as Effect from "effect/Effect"
import { WaitPolicy } from "../WaitPolicy.js"
import { counted, unlike, unseen } from "./counted.js"
import { type Sizes, whole } from "./whole.js"

/** The subnet to empty; `replaceShard`: shards with their primary there are placed elsewhere, with all their nodes. */
interface Emptied {
  readonly clusterId: string
  readonly subnetId: string
  readonly primaries?: "report" | "replaceShard"
}

/**
 * What moves have come to: `sizes`: how many nodes each shard had at the start; `crossed`: the shards with a move that did
 * not end, the latest last; `hasEnded`: whether the last move did.
 */
export interface Past {
  readonly sizes: Sizes
  readonly crossed: ReadonlyArray<string>
  readonly hasEnded: boolean
}

const headedIn =
  (subnetId: string) =>
  (shards: ReadonlyArray<Shard>): ReadonlyArray<Shard> =>
    shards.filter(({ nodes }) => nodes.some(({ role, subnet }) => role === "primary" && subnet.id === subnetId))

/** Gives auto-heal a while to bring a node in the place of one that died in mid-move: it is one too many then. */
const healed = (clusterId: string, during: string, shardId: string, sizes: Sizes) =>
  Effect.flatMap(WaitPolicy, ({ settle }) =>
    Effect.catchTag(
      whole(clusterId, during, new Map([[shardId, (sizes.get(shardId) ?? 0) + 1]]), settle),
      "WaitTimedOut",
      () => Effect.void
    )
  )

/** The shards before the first move. */
export const standingFirst = (during: string, { clusterId, primaries, subnetId }: Emptied) =>
  counted(clusterId, during, primaries === "replaceShard" ? unlike(headedIn(subnetId)) : unseen)

/** The shards after a move. */
export const standingAfter = (during: string, { clusterId }: Emptied, { crossed, hasEnded, sizes }: Past) => {
  const last = crossed.at(-1)
  const shards = whole(clusterId, during, sizes)
  return hasEnded || last === undefined ? shards : Effect.zipRight(healed(clusterId, during, last, sizes), shards)
}
