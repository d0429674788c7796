import type { Shard } from "@memstore-flows/api/Shard"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import { specOf } from "../support/Fixture.js"

/** A number from `min` to `max`, both included. */
export const between = (min: number, max: number) => Random.nextIntBetween(min, max + 1)

/** One of some, all as likely. */
export const oneOf = <A>(items: readonly [A, ...Array<A>]): Effect.Effect<A> =>
  Effect.map(Random.nextIntBetween(0, items.length), (index) => items[index] ?? items[0])

const subnets = ["subnet-x", "subnet-y", "subnet-z"] as const

/** A subnet. */
export const pick = Effect.map(oneOf(subnets), (id) => ({ id }))

/** Where the nodes of a shard go. */
export const assignment = (nodes: number) =>
  Effect.all({ primary: pick, replicas: Effect.replicateEffect(pick, nodes - 1) })

/** A cluster of some shards and nodes, placed at random. */
export const spec = Effect.gen(function* () {
  const shardCount = yield* between(1, 4)
  const nodeCountPerShard = yield* between(2, 4)
  const subnetAssignments = yield* Effect.replicateEffect(assignment(nodeCountPerShard), shardCount)
  return { ...specOf(shardCount), nodeCountPerShard, subnetAssignments }
})

export type Spec = Effect.Effect.Success<typeof spec>

/** A cluster in service. */
export interface Standing {
  readonly clusterId: string
  readonly shards: ReadonlyArray<Shard>
}

/** What a payload is made from; `others`: the other clusters of the project; `user`: the one of a new cluster, if any. */
export interface Given extends Standing {
  readonly spec: Spec
  readonly others: ReadonlyArray<Standing>
  readonly user?: { readonly name: string }
}
