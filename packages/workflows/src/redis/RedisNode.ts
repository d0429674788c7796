/**
 * A connection to one node of a cluster.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { Redis } from "ioredis"
import { connectionOptions, errorOf } from "../internal/ioredis.js"
import type { RedisAccess } from "./RedisAccess.js"
import { NodeUnreachable, type RedisError } from "./RedisError.js"

/**
 * - `call`: sends one command to this very node, without following any redirection
 *
 * @since 0.1.0
 * @category models
 */
export interface RedisNode {
  readonly endpoint: string
  readonly call: (command: string, ...args: ReadonlyArray<string | number>) => Effect.Effect<unknown, RedisError>
}

/**
 * Where, how, and how long to wait for the connection and for each answer, 1 second by default.
 *
 * @since 0.1.0
 * @category models
 */
export interface RedisNodeOptions {
  readonly host: string
  readonly access: RedisAccess
  readonly patience?: Duration.DurationInput | undefined
}

const open = ({ access, host, patience = "1 second" }: RedisNodeOptions) =>
  new Redis({
    ...connectionOptions(access),
    host,
    port: access.port,
    lazyConnect: true,
    connectTimeout: Duration.toMillis(patience),
    enableOfflineQueue: false,
    enableReadyCheck: false,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null
  })

/**
 * Connects to a node; the connection ends with the scope, also when it is interrupted.
 *
 * @since 0.1.0
 * @category constructors
 */
export const connect = (options: RedisNodeOptions): Effect.Effect<RedisNode, NodeUnreachable, Scope.Scope> =>
  Effect.gen(function* () {
    const { access, host, patience = "1 second" } = options
    const endpoint = `${host}:${access.port}`
    const late = () => new NodeUnreachable({ endpoint, reason: "TimedOut", detail: "no answer in time" })
    let trouble: unknown
    const client = yield* Effect.acquireRelease(
      Effect.sync(() => open(options).on("error", (error) => (trouble = error))),
      (redis) => Effect.sync(() => redis.disconnect())
    )
    const unreachable = (error: unknown) => {
      const found = errorOf(endpoint, "connect", error)
      return found._tag === "NodeUnreachable"
        ? found
        : new NodeUnreachable({ endpoint, reason: "NoConnection", detail: found.detail })
    }
    const inTime = Effect.timeoutFail({ duration: patience, onTimeout: late })
    yield* inTime(Effect.tryPromise({ try: () => client.connect(), catch: (error) => unreachable(trouble ?? error) }))
    return {
      endpoint,
      call: (command, ...args) =>
        inTime(
          Effect.tryPromise({
            try: () => client.call(command, ...args),
            catch: (error) =>
              errorOf(
                endpoint,
                command,
                error instanceof Error && error.name === "ReplyError" ? error : (trouble ?? error)
              )
          })
        )
    }
  })
