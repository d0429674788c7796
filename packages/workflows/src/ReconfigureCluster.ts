/**
 * The flow "change the settings of a cluster".
 *
 * @since 0.1.0
 */
import type { ListBackups } from "@memstore-flows/api/ListBackups"
import type { ListClusters } from "@memstore-flows/api/ListClusters"
import type { ListShards } from "@memstore-flows/api/ListShards"
import { ResourceId } from "@memstore-flows/api/ResourceId"
import type { UpdateCluster } from "@memstore-flows/api/UpdateCluster"
import * as Flow from "@memstore-flows/engine/Flow"
import type * as Run from "@memstore-flows/engine/Run"
import * as Step from "@memstore-flows/engine/Step"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Checks from "./Checks.js"
import { fieldsOf, patch, previousOf, Settings, SettingsError, settingsFindings } from "./internal/settings.js"

/**
 * - `change`: the settings to change (page: "Update cluster information"); at least one
 * - `previous`: the values to go back to, where they cannot be read; what is given counts before what is read
 * - `onUndo`: whether the previous values are restored (default) when the run fails or is cancelled, or the change kept
 *
 * @since 0.1.0
 * @category schemas
 */
export const Payload = Schema.Struct({
  clusterId: ResourceId,
  change: Settings.pipe(Schema.filter((change) => fieldsOf(change).length > 0 || "must change at least one setting")),
  previous: Schema.optionalWith(Settings, { exact: true }),
  onUndo: Schema.optionalWith(Schema.Literal("restore", "keep"), { exact: true }),
  ...Checks.payloadFields
}).annotations({ identifier: "ReconfigureClusterPayload" })

/**
 * @since 0.1.0
 * @category models
 */
export type Payload = typeof Payload.Type

/**
 * - `changed`: the names of the settings; `previous`: what is known of their values before
 *
 * @since 0.1.0
 * @category schemas
 */
export const Result = Schema.Struct({
  clusterId: Schema.String,
  changed: Schema.Array(Schema.String),
  previous: Settings
}).annotations({ identifier: "ReconfigureClusterResult" })

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
export const ReconfigureError = SettingsError

/**
 * @since 0.1.0
 * @category errors
 */
export type ReconfigureError = typeof ReconfigureError.Type

/**
 * What this flow calls, and nothing else.
 *
 * @since 0.1.0
 * @category models
 */
export type Requirements = ListBackups | ListClusters | ListShards | UpdateCluster

/**
 * The contract. It locks the cluster.
 *
 * @since 0.1.0
 * @category contracts
 */
export const flow = Flow.make({
  name: "ReconfigureCluster",
  version: 1,
  payload: Payload,
  success: Result,
  error: ReconfigureError,
  resource: ({ clusterId }) => `cluster/${clusterId}`
})

const Previous = Schema.Struct({ previous: Settings, readable: Schema.Boolean })

/**
 * The flow as a plain Effect, to be built into others.
 *
 * The previous values are given by the caller or read where they can be; refused when they could not be restored. The
 * change is done when the cluster shows it, or, where it shows none of it, when the call is answered and the cluster in
 * service again. A change of parameters asks for a fresh backup. Undone, the previous values are sent.
 *
 * @since 0.1.0
 * @category constructors
 */
export const body = (payload: Payload): Effect.Effect<Result, ReconfigureError, Requirements | Run.Run> =>
  Effect.gen(function* () {
    const { change, clusterId, onUndo: undo = "restore" } = payload
    const wanted = { clusterId, settings: change, previous: payload.previous, undo }
    const what = {
      what: `change ${fieldsOf(change).join(", ")}`,
      clusterId,
      destructive: change.parameterGroupId !== undefined,
      irreversible: undo === "keep" ? ["change"] : ["what the new parameters did to data meanwhile"]
    }
    yield* Checks.guard("checks", what, ({ clusters }) => settingsFindings(wanted, clusters))
    const { previous } = yield* Step.make("previous", {
      success: Previous,
      error: SettingsError,
      run: previousOf(wanted)
    })
    yield* patch("change", wanted)
    return { clusterId, changed: fieldsOf(change), previous }
  }).pipe(Checks.without(payload.checksOff))

/**
 * Makes the flow known to the engine.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = flow.toLayer(body)
