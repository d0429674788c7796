/**
 * The proof that a replica has caught up, from the nodes themselves.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import type * as ConfigError from "effect/ConfigError"
import type * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { ReplicaSync, type SyncQuestion, type SyncState } from "../ReplicaSync.js"
import * as RedisAccess from "./RedisAccess.js"
import { CommandFailed, type NodeUnreachable, type RedisError } from "./RedisError.js"
import * as RedisNode from "./RedisNode.js"
import * as ReplicationInfo from "./ReplicationInfo.js"

/**
 * How the nodes are reached, and what counts as caught up; all of it has a default.
 *
 * - `access`: one for all clusters, or each cluster's own; by default port 6379 without user or TLS
 * - `lag`: how many bytes may be missing of what the primary had when it was asked, default 0
 * - `catchUp`: how long one look waits for the replica to come to that point, default 1 second
 * - `patience`: for each connection and each answer, default 1 second
 * - `required`: an unreachable primary is `Behind`, not `Unproven`, so that a flow fails in the end rather than go on
 *   without proof; default false
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  readonly access?:
    | RedisAccess.RedisAccess
    | ((clusterId: string) => Effect.Effect<RedisAccess.RedisAccess>)
    | undefined
  readonly lag?: number | undefined
  readonly catchUp?: Duration.DurationInput | undefined
  readonly patience?: Duration.DurationInput | undefined
  readonly required?: boolean | undefined
}

const read = (node: RedisNode.RedisNode): Effect.Effect<ReplicationInfo.ReplicationInfo, RedisError> =>
  Effect.flatMap(node.call("INFO", "replication"), (text) =>
    Option.match(ReplicationInfo.parse(String(text)), {
      onNone: () => new CommandFailed({ command: "INFO", code: "", detail: "an answer of unknown form" }),
      onSome: Effect.succeed
    })
  )

/** Asks the replica until it has come to where the primary was, which a stream of writes would else put off for ever. */
const caughtUp = (
  primary: ReplicationInfo.ReplicationInfo,
  replica: RedisNode.RedisNode,
  lag: number,
  deadline: number
): Effect.Effect<SyncState, RedisError> =>
  Effect.gen(function* () {
    const seen = yield* read(replica)
    const state = ReplicationInfo.judge(primary, seen, lag)
    const onItsWay = seen._tag === "Replica" && seen.linkUp && !seen.syncing
    if (state._tag === "InSync" || !onItsWay || (yield* Clock.currentTimeMillis) >= deadline) return state
    return yield* Effect.delay(caughtUp(primary, replica, lag, deadline), "20 millis")
  })

/**
 * One look at both nodes. Fails only when the primary cannot be reached; a replica that does not answer is `Behind`,
 * for where its primary can be reached, so can it.
 *
 * @since 0.1.0
 * @category constructors
 */
export const look = (question: SyncQuestion, options: Options = {}): Effect.Effect<SyncState, NodeUnreachable> =>
  Effect.gen(function* () {
    const { access = RedisAccess.make(), catchUp = "1 second", lag = 0, patience } = options
    const reach = typeof access === "function" ? yield* access(question.clusterId) : access
    const connect = (host: string) => RedisNode.connect({ host, access: reach, patience })
    const node = yield* connect(question.primary.endpoint)
    const primary = yield* read(node)
    const deadline = (yield* Clock.currentTimeMillis) + Duration.toMillis(catchUp)
    return yield* Effect.flatMap(connect(question.replica.endpoint), (replica) =>
      caughtUp(primary, replica, lag, deadline)
    ).pipe(
      Effect.catchTag("NodeUnreachable", ({ message }) =>
        Effect.succeed<SyncState>({ _tag: "Behind", detail: message })
      )
    )
  }).pipe(
    Effect.scoped,
    Effect.catchTag("CommandFailed", ({ message }) => Effect.succeed<SyncState>({ _tag: "Behind", detail: message }))
  )

/**
 * The probe over the Redis protocol: `INFO replication` of the primary and then of the replica.
 *
 * It needs a way to the nodes' private IPs, and a user that may call `INFO`. When the primary cannot be reached it
 * says why in a warning, and the flow goes on without proof, unless `required`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (options: Options = {}): Context.Tag.Service<typeof ReplicaSync> => ({
  look: (question) =>
    Effect.catchTag(look(question, options), "NodeUnreachable", (error) =>
      options.required === true
        ? Effect.succeed<SyncState>({ _tag: "Behind", detail: error.message })
        : Effect.as(Effect.logWarning(`the replica's sync cannot be proven: ${error.message}`), {
            _tag: "Unproven"
          } satisfies SyncState)
    )
})

/**
 * Has every flow prove its new replicas over the Redis protocol.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (options?: Options): Layer.Layer<never> => Layer.succeed(ReplicaSync, make(options))

/**
 * The same with the access of `RedisAccess.config`.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerConfig = (options?: Omit<Options, "access">): Layer.Layer<never, ConfigError.ConfigError> =>
  Layer.effect(
    ReplicaSync,
    Effect.map(RedisAccess.config, (access) => make({ ...options, access }))
  )
