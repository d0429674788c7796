/**
 * The flow "prove that a backup can be restored".
 *
 * @since 0.1.0
 */
import * as Flow from "@memstore-flows/engine/Flow"
import type * as Run from "@memstore-flows/engine/Run"
import * as Step from "@memstore-flows/engine/Step"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Checks from "./Checks.js"
import { VerificationFailed } from "./FlowError.js"
import { gated } from "./internal/gate.js"
import { verifyRestored } from "./internal/verifyCluster.js"
import { removeCluster } from "./RemoveCluster.js"
import * as Restore from "./Restore.js"

/**
 * `cluster`: the throw-away cluster; its name must be free.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Payload = Schema.Struct({ cluster: Restore.RestoreSpec, ...Checks.payloadFields }).annotations({
  identifier: "RestoreDrillPayload"
})

/**
 * @since 0.1.0
 * @category models
 */
export type Payload = typeof Payload.Type

/**
 * The report of a drill that went well; one that did not fails with `VerificationFailed` or with the error of the
 * restore.
 *
 * - `restoredMillis`: from the call until the cluster was in service: what a real recovery takes at least
 * - `data`: whether `DataProbe` proved the data, and what it said
 *
 * @since 0.1.0
 * @category schemas
 */
export const Result = Schema.Struct({
  backupName: Schema.String,
  clusterId: Schema.String,
  shards: Schema.Number,
  nodes: Schema.Number,
  restoredMillis: Schema.Number,
  data: Schema.Literal("proven", "unproven"),
  detail: Schema.String
}).annotations({ identifier: "RestoreDrillResult" })

/**
 * @since 0.1.0
 * @category models
 */
export type Result = typeof Result.Type

/**
 * Every way this flow can fail.
 *
 * @since 0.1.0
 * @category errors
 */
export const DrillError = Schema.Union(...Restore.RestoreError.members, VerificationFailed)

/**
 * @since 0.1.0
 * @category errors
 */
export type DrillError = typeof DrillError.Type

/**
 * What this flow calls, and nothing else.
 *
 * @since 0.1.0
 * @category models
 */
export type Requirements = Restore.Requirements

/**
 * The contract. It locks the name of the throw-away cluster.
 *
 * @since 0.1.0
 * @category contracts
 */
export const flow = Flow.make({
  name: "RestoreDrill",
  version: 1,
  payload: Payload,
  success: Result,
  error: DrillError,
  resource: ({ cluster }) => `cluster-name/${cluster.name}`
})

const time = (name: string) => Step.make(name, { success: Schema.Number, run: Clock.currentTimeMillis })

/**
 * The flow as a plain Effect, to be built into others.
 *
 * The backup is restored under a throw-away name; shards, nodes, slots and, by `DataProbe`, the data are verified; the
 * cluster is always deleted: at the end, and by the undo when the run fails or is cancelled.
 *
 * @since 0.1.0
 * @category constructors
 */
export const body = ({ checksOff = [], cluster }: Payload): Effect.Effect<Result, DrillError, Requirements | Run.Run> =>
  Effect.gen(function* () {
    const { backupName } = cluster.restoreSource
    const began = yield* time("began")
    const { clusterId, shards } = yield* Restore.restore(cluster, { onUndo: "delete" })
    const ended = yield* time("restored")
    const verdict = yield* verifyRestored(clusterId, shards, { ...cluster, backupName })
    yield* gated("delete")(Step.make("delete", { error: DrillError, run: removeCluster(clusterId) }))
    return {
      backupName,
      clusterId,
      shards: shards.length,
      nodes: shards.reduce((sum, { nodes }) => sum + nodes.length, 0),
      restoredMillis: ended - began,
      ...verdict
    }
  }).pipe(Checks.without([...checksOff, { check: "subnetSpread", reason: "a throw-away cluster" }]))

/**
 * Makes the flow known to the engine.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = flow.toLayer(body)
