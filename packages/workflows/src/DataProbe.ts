/**
 * Whether the data of a cluster is what it should be, which the API cannot tell.
 *
 * @since 0.1.0
 */
import type { Shard } from "@memstore-flows/api/Shard"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"

/**
 * `Good` and `Bad` are what a probe saw, `Unproven` is what one says that cannot look.
 *
 * @since 0.1.0
 * @category models
 */
export type DataState =
  | { readonly _tag: "Good"; readonly detail: string }
  | { readonly _tag: "Bad"; readonly detail: string }
  | { readonly _tag: "Unproven" }

/**
 * Whose data is asked for. `source` is the cluster it came from, when that is known; `port` is the new cluster's.
 *
 * @since 0.1.0
 * @category models
 */
export interface DataQuestion {
  readonly clusterId: string
  readonly port: number
  readonly shards: ReadonlyArray<Shard>
  readonly backupName: string
  readonly source?: string | undefined
}

/**
 * A probe of a restored cluster's data, for example a few known keys or a count: one look, without failing.
 *
 * By default nothing can be proven, and a flow says so in its result.
 *
 * @since 0.1.0
 * @category tags
 */
export class DataProbe extends Context.Reference<DataProbe>()("@memstore-flows/workflows/DataProbe", {
  defaultValue: (): { readonly verify: (question: DataQuestion) => Effect.Effect<DataState> } => ({
    verify: () => Effect.succeed({ _tag: "Unproven" })
  })
}) {}
