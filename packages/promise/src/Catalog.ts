/**
 * The flows that can be called by name.
 *
 * @since 0.1.0
 */
import type * as MemStore from "@memstore-flows/api/MemStore"
import type * as Engine from "@memstore-flows/engine/Engine"
import type * as Flow from "@memstore-flows/engine/Flow"
import type * as Run from "@memstore-flows/engine/Run"
import type * as Runs from "@memstore-flows/engine/Runs"
import * as AuditTopology from "@memstore-flows/workflows/AuditTopology"
import * as AwaitHealthy from "@memstore-flows/workflows/AwaitHealthy"
import * as BackupNow from "@memstore-flows/workflows/BackupNow"
import * as DecommissionCluster from "@memstore-flows/workflows/DecommissionCluster"
import * as EvacuateSubnet from "@memstore-flows/workflows/EvacuateSubnet"
import type { FlowModule } from "@memstore-flows/workflows/FlowModule"
import * as InWindow from "@memstore-flows/workflows/InWindow"
import * as ProvisionCluster from "@memstore-flows/workflows/ProvisionCluster"
import * as ReconfigureCluster from "@memstore-flows/workflows/ReconfigureCluster"
import * as ReplaceReplica from "@memstore-flows/workflows/ReplaceReplica"
import * as ReplaceShard from "@memstore-flows/workflows/ReplaceShard"
import * as RestoreCluster from "@memstore-flows/workflows/RestoreCluster"
import * as RestoreDrill from "@memstore-flows/workflows/RestoreDrill"
import * as RestoreThenScale from "@memstore-flows/workflows/RestoreThenScale"
import * as RollOut from "@memstore-flows/workflows/RollOut"
import * as ScaleIn from "@memstore-flows/workflows/ScaleIn"
import * as ScaleOut from "@memstore-flows/workflows/ScaleOut"
import * as ScaleTo from "@memstore-flows/workflows/ScaleTo"
import * as SetReplicaCount from "@memstore-flows/workflows/SetReplicaCount"
import * as UpgradeCluster from "@memstore-flows/workflows/UpgradeCluster"
import * as Layer from "effect/Layer"
import type * as Schema from "effect/Schema"

/**
 * A schema that needs no services.
 *
 * @since 0.1.0
 * @category models
 */
export type PureSchema = Schema.Schema.All & { readonly Context: never }

/**
 * Any flow's contract, apart from how it is implemented.
 *
 * @since 0.1.0
 * @category models
 */
export type AnyFlow = Omit<Flow.Flow<string, PureSchema, PureSchema, PureSchema>, "toLayer">

/**
 * A flow and its implementation, which may call all of MemStore. The modules of `@memstore-flows/workflows` are such.
 *
 * @since 0.1.0
 * @category models
 */
export interface Entry {
  readonly flow: AnyFlow
  readonly layer: Layer.Layer<never, unknown, Engine.Engine | Runs.Runs | MemStore.MemStore>
}

const entry = <F extends AnyFlow>({ flow, layer }: { readonly flow: F; readonly layer: Entry["layer"] }) => ({
  flow,
  layer
})

/**
 * A flow that works inside maintenance windows, made of any: `flows: { "InWindow/ScaleOut": inWindow(ScaleOut) }`. It takes
 * `{ windows, payload }`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const inWindow = <Name extends string, P extends PureSchema, S extends PureSchema, E extends PureSchema>(
  module: FlowModule<Name, P, S, E, MemStore.Operations | Run.Run>
) => {
  const { body, flow } = InWindow.of(module)
  return entry({ flow, layer: flow.toLayer(body) })
}

/**
 * A flow over many clusters, made of any: `flows: { "RollOut/BackupNow": rollOut(BackupNow) }`. It takes `{ name, targets }`,
 * each with a name and a payload, and gives what came of each.
 *
 * @since 0.1.0
 * @category constructors
 */
export const rollOut = <Name extends string, P extends PureSchema, S extends PureSchema, E extends PureSchema>(
  module: FlowModule<Name, P, S, E, MemStore.Operations | Run.Run> & {
    readonly layer: Layer.Layer<Flow.Implemented<Name>, unknown, Engine.Engine | MemStore.Operations>
  }
) => {
  const { body, flow } = RollOut.of(module)
  return entry({ flow, layer: flow.toLayer(body).pipe(Layer.provide(module.layer)) })
}

/**
 * The flows of `@memstore-flows/workflows` by name.
 *
 * @since 0.1.0
 * @category constants
 */
export const library = {
  AuditTopology: entry(AuditTopology),
  AwaitHealthy: entry(AwaitHealthy),
  BackupNow: entry(BackupNow),
  DecommissionCluster: entry(DecommissionCluster),
  ProvisionCluster: entry(ProvisionCluster),
  ReplaceReplica: entry(ReplaceReplica),
  RestoreCluster: entry(RestoreCluster),
  RestoreDrill: entry(RestoreDrill),
  EvacuateSubnet: entry(EvacuateSubnet),
  ReconfigureCluster: entry(ReconfigureCluster),
  ReplaceShard: entry(ReplaceShard),
  ScaleIn: entry(ScaleIn),
  ScaleOut: entry(ScaleOut),
  ScaleTo: entry(ScaleTo),
  SetReplicaCount: entry(SetReplicaCount),
  RestoreThenScale: entry(RestoreThenScale),
  UpgradeCluster: entry(UpgradeCluster)
}

/**
 * @since 0.1.0
 * @category models
 */
export type Library = typeof library

/**
 * Flows by name.
 *
 * @since 0.1.0
 * @category models
 */
export type Catalog = { readonly [name: string]: Entry }

/**
 * What a flow takes: plain JSON, such as the body of a request.
 *
 * @since 0.1.0
 * @category models
 */
export type PayloadOf<E extends Entry> = E["flow"]["payload"]["Encoded"]

/**
 * What a flow returns.
 *
 * @since 0.1.0
 * @category models
 */
export type SuccessOf<E extends Entry> = E["flow"]["success"]["Type"]

/**
 * What a flow fails with: tagged errors, told apart by their `_tag`.
 *
 * @since 0.1.0
 * @category models
 */
export type ErrorOf<E extends Entry> = E["flow"]["error"]["Type"]
