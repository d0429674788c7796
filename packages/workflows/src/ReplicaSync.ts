/**
 * The proof that a replica has caught up, which the API cannot give: `Running` is the cluster's word, not the node's.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"

/**
 * `InSync` and `Behind` are what a probe saw, `Unproven` is what one says that cannot look.
 *
 * @since 0.1.0
 * @category models
 */
export type SyncState =
  | { readonly _tag: "InSync" }
  | { readonly _tag: "Behind"; readonly detail: string }
  | { readonly _tag: "Unproven" }

/**
 * Whose sync is asked for. Endpoints are private IPs; the port is the cluster's.
 *
 * @since 0.1.0
 * @category models
 */
export interface SyncQuestion {
  readonly clusterId: string
  readonly shardId: string
  readonly primary: { readonly nodeId: string; readonly endpoint: string }
  readonly replica: { readonly nodeId: string; readonly endpoint: string }
}

/**
 * A probe of a replica's sync: one look, quick, without failing; `Behind` is asked again until `WaitPolicy.sync`.
 *
 * By default nothing can be proven, and a flow goes by the status alone and says so in its result.
 *
 * @since 0.1.0
 * @category tags
 */
export class ReplicaSync extends Context.Reference<ReplicaSync>()("@memstore-flows/workflows/ReplicaSync", {
  defaultValue: (): { readonly look: (question: SyncQuestion) => Effect.Effect<SyncState> } => ({
    look: () => Effect.succeed({ _tag: "Unproven" })
  })
}) {}
