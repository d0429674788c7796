/**
 * The engine on many machines.
 *
 * @since 0.1.0
 */
import type { SocketServerError } from "@effect/platform/SocketServer"
import type { PgClient } from "@effect/sql-pg/PgClient"
import * as Engine from "@memstore-flows/engine/Engine"
import type * as Flow from "@memstore-flows/engine/Flow"
import type { JournalError } from "@memstore-flows/engine/Journal"
import type { Runs } from "@memstore-flows/engine/Runs"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Schema from "effect/Schema"
import * as member from "./internal/member.js"

/**
 * What every process of a cluster has to say alike.
 *
 * - `prefix` (`memstore_flows`) begins the names of the tables: lower-case letters, digits and underscores, at most 40
 * - `lease` (3 seconds, in whole seconds): a runner silent for so long loses its runs to the others
 *
 * @since 0.1.0
 * @category models
 */
export interface ClientOptions {
  readonly prefix?: string
  readonly lease?: Duration.DurationInput
}

/**
 * A runner. `host` and `port` are where the others reach it, and must be its own while it lives; `listenHost` is where it
 * listens, if that is not `host`.
 *
 * - `retention`: how long runs that have ended are kept
 * - `sweep` (2 seconds): how often a runner looks for runs that belong to it and that nobody told it of
 * - `messages` (1 hour): how long the cluster's own record of a cancel or a signal is kept after it was acted on
 *
 * @since 0.1.0
 * @category models
 */
export interface Options extends ClientOptions {
  readonly host: string
  readonly port: number
  readonly listenHost?: string
  readonly retention?: Engine.Retention
  readonly sweep?: Duration.DurationInput
  readonly messages?: Duration.DurationInput
}

const common = ({ lease = "3 seconds", prefix = "memstore_flows" }: ClientOptions) => ({
  prefix,
  lease: Duration.seconds(Math.max(1, Math.ceil(Duration.toSeconds(lease))))
})

/**
 * An engine that shares its runs with the other runners on the same database. Each run has one owner, found by
 * `@effect/cluster` from the id of the run; when the owner dies, or is silent for a lease, another one takes the run up.
 * Every runner must have the same flows registered. Closing it hands its runs over: what is under way is cut, nothing is
 * undone.
 *
 * `Runs` reaches every run of the cluster. `result` and `outcome` wait until it has ended, wherever that is; they fail with
 * `RunDetached` when this process leaves, or has not registered the flow. Two of the answers are the owner's own: `get` says
 * `steps`, `progress` and `wakeAt` of a run elsewhere if its owner answers within half a second; `list` says them only of runs
 * that are here.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (
  options: Options
): Layer.Layer<Engine.Engine | Runs, JournalError | SocketServerError, PgClient> => {
  const { host, listenHost, messages = "1 hour", port, retention, sweep = "2 seconds" } = options
  return member.layer({
    ...common(options),
    address: { host, port, listenHost },
    engine: Engine.layer({ ...(retention ? { retention } : {}), resume: "none" }),
    sweep: Duration.decode(sweep),
    messages: Duration.decode(messages)
  })
}

/**
 * A process that starts, watches, cancels and signals runs and runs none: a web backend, a controller. Register its flows
 * with `remote`, or with the layers the runners use, whose bodies are then never run here.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerClient = (options: ClientOptions = {}): Layer.Layer<Engine.Engine | Runs, JournalError, PgClient> =>
  member
    .layer({
      ...common(options),
      address: undefined,
      engine: Engine.layer({ resume: "none" }),
      sweep: Duration.infinity,
      messages: Duration.infinity
    })
    // A client listens on no port.
    .pipe(Layer.catchAll((error) => (error._tag === "JournalError" ? Layer.fail(error) : Layer.die(error))))

/**
 * Says to a client that a flow is implemented by the runners.
 *
 * @since 0.1.0
 * @category layers
 */
export const remote = <
  Name extends string,
  P extends Schema.Schema.All & { readonly Context: never },
  S extends Schema.Schema.All & { readonly Context: never },
  E extends Schema.Schema.All & { readonly Context: never }
>(
  flow: Flow.Flow<Name, P, S, E>
): Layer.Layer<Flow.Implemented<Name>, JournalError, Engine.Engine> => flow.toLayer(() => Effect.never)
