/**
 * How busy and how full the nodes are, which the API does not tell.
 *
 * @since 0.1.0
 */
import type { Shard } from "@memstore-flows/api/Shard"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Option from "effect/Option"

/**
 * What a probe saw of one node; what it cannot see is left out.
 *
 * - `cpu`: share of the CPU in use, 0-1; `cores`: how many the node has
 * - `usedMemory`, `maxMemory`: bytes
 *
 * @since 0.1.0
 * @category models
 */
export interface NodeLoad {
  readonly nodeId: string
  readonly cpu?: number | undefined
  readonly cores?: number | undefined
  readonly usedMemory?: number | undefined
  readonly maxMemory?: number | undefined
}

/**
 * A probe of the nodes' load: one look, quick, without failing; `None` when it cannot look.
 *
 * By default there is none, and the checks that need it (`memoryHeadroom`, `load`) say in their report that they could
 * not be made.
 *
 * @since 0.1.0
 * @category tags
 */
export class LoadProbe extends Context.Reference<LoadProbe>()("@memstore-flows/workflows/LoadProbe", {
  defaultValue: (): {
    readonly look: (cluster: {
      readonly clusterId: string
      readonly shards: ReadonlyArray<Shard>
    }) => Effect.Effect<Option.Option<ReadonlyArray<NodeLoad>>>
  } => ({ look: () => Effect.succeedNone })
}) {}
