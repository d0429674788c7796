/**
 * How clients are pointed from one cluster to another, which only the caller knows.
 *
 * @since 0.1.0
 */
import { ResourceId } from "@memstore-flows/api/ResourceId"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { HandoverFailed } from "./FlowError.js"

/**
 * One end of a handover: `endpoints` are private IPs of all nodes, `port` is `null` where the old cluster's is not known.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Side = Schema.Struct({
  clusterId: ResourceId,
  endpoints: Schema.Array(Schema.String),
  port: Schema.NullOr(Schema.Number)
}).annotations({ identifier: "HandoverSide" })

/**
 * @since 0.1.0
 * @category models
 */
export type Side = typeof Side.Type

/**
 * Which cluster clients leave, and which they go to.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Move = Schema.Struct({ from: Side, to: Side }).annotations({ identifier: "HandoverMove" })

/**
 * @since 0.1.0
 * @category models
 */
export type Move = typeof Move.Type

/**
 * The caller's hook, for example a change of DNS or of a configuration that clients watch.
 *
 * - `ready`: whether a handover is possible; asked before anything is made, and changes nothing
 * - `forward`: points clients to the new cluster; `back`: to the old one again, when the run is undone
 *
 * Each may be run again after a crash, so doing it twice must be the same as doing it once.
 *
 * @since 0.1.0
 * @category models
 */
export interface Hook {
  readonly ready: (clusterId: string) => Effect.Effect<void, HandoverFailed>
  readonly forward: (move: Move) => Effect.Effect<void, HandoverFailed>
  readonly back: (move: Move) => Effect.Effect<void, HandoverFailed>
}

const detail = "no Handover was provided"

/**
 * Points clients from one cluster to another. By default there is no way to, and a flow that needs one fails with
 * `HandoverFailed` before it sends anything.
 *
 * @since 0.1.0
 * @category tags
 */
export class Handover extends Context.Reference<Handover>()("@memstore-flows/workflows/Handover", {
  defaultValue: (): Hook => ({
    ready: (clusterId) => new HandoverFailed({ from: clusterId, to: "a new cluster", detail }),
    forward: ({ from, to }) => new HandoverFailed({ from: from.clusterId, to: to.clusterId, detail }),
    back: ({ from, to }) => new HandoverFailed({ from: to.clusterId, to: from.clusterId, detail })
  })
}) {}

/**
 * A hook that does nothing, for a rehearsal and for clients that find their cluster by themselves.
 *
 * @since 0.1.0
 * @category constructors
 */
export const nothing: Hook = { ready: () => Effect.void, forward: () => Effect.void, back: () => Effect.void }
