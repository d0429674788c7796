/**
 * A client of a whole cluster: it finds the primary of a key's slot and follows redirections.
 *
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import { Cluster } from "ioredis"
import { connectionOptions, errorOf, outlivingAsking } from "../internal/ioredis.js"
import type { RedisAccess } from "./RedisAccess.js"
import { NodeUnreachable, type RedisError } from "./RedisError.js"

/**
 * One command with its arguments.
 *
 * @since 0.1.0
 * @category models
 */
export type Command = readonly [name: string, ...args: ReadonlyArray<string | number>]

/**
 * - `call`: one command on the keys of one slot
 * - `transact`: several between MULTI and EXEC, all on keys of one slot. It is sent again as long as the slot is on its
 *   way to another node, which has it refused as a whole
 *
 * @since 0.1.0
 * @category models
 */
export interface RedisCluster {
  readonly call: (...command: Command) => Effect.Effect<unknown, RedisError>
  readonly transact: (commands: ReadonlyArray<Command>) => Effect.Effect<void, RedisError>
}

/**
 * - `endpoints`: private IPs of some nodes; the others are found through them
 * - `connectWithin`: default 5 seconds
 * - `answerWithin`: for a command with all its redirections, default 30 seconds
 *
 * @since 0.1.0
 * @category models
 */
export interface RedisClusterOptions {
  readonly endpoints: ReadonlyArray<string>
  readonly access: RedisAccess
  readonly connectWithin?: Duration.DurationInput | undefined
  readonly answerWithin?: Duration.DurationInput | undefined
}

/** Patient enough for a failover: a command is tried for some ten seconds, and a dead node is given up after one. */
const open = ({ access, endpoints }: RedisClusterOptions) =>
  new Cluster(
    endpoints.map((host) => ({ host, port: access.port })),
    {
      lazyConnect: true,
      maxRedirections: 200,
      retryDelayOnFailover: 50,
      retryDelayOnClusterDown: 50,
      retryDelayOnTryAgain: 10,
      slotsRefreshTimeout: 2000,
      clusterRetryStrategy: () => 100,
      redisOptions: { ...connectionOptions(access), connectTimeout: 1000, maxRetriesPerRequest: 0 }
    }
  )

/** What `connect` gives never settles when the cluster comes into service only after the first look at it. */
const ready = (client: Cluster): Promise<void> =>
  Promise.race([client.connect(), new Promise<void>((resolve) => client.once("ready", () => resolve()))])

const refusedAsAWhole = new Set(["TRYAGAIN", "EXECABORT", "ASK", "MOVED", "CLUSTERDOWN"])

/**
 * Connects to a cluster; its connections end with the scope.
 *
 * @since 0.1.0
 * @category constructors
 */
export const connect = (options: RedisClusterOptions): Effect.Effect<RedisCluster, NodeUnreachable, Scope.Scope> =>
  Effect.gen(function* () {
    const { access, answerWithin = "30 seconds", connectWithin = "5 seconds", endpoints } = options
    const endpoint = `${endpoints[0]}:${access.port}`
    let trouble: unknown = new Error("no answer in time")
    const client = yield* Effect.acquireRelease(
      Effect.sync(() =>
        outlivingAsking(open(options))
          .on("error", (error) => (trouble = error))
          .on("node error", (error) => (trouble = error))
      ),
      (cluster) => Effect.sync(() => cluster.disconnect())
    )
    const within = (duration: Duration.DurationInput) =>
      Effect.timeoutFail({
        duration,
        onTimeout: () => new NodeUnreachable({ endpoint, reason: "TimedOut", detail: String(trouble) })
      })
    const sent = <A>(name: string, send: () => PromiseLike<A>) =>
      within(answerWithin)(Effect.tryPromise({ try: send, catch: (error) => errorOf(endpoint, name, error) }))
    yield* Effect.tryPromise({ try: () => ready(client), catch: () => errorOf(endpoint, "connect", trouble) }).pipe(
      Effect.mapError((error) =>
        error._tag === "NodeUnreachable"
          ? error
          : new NodeUnreachable({ endpoint, reason: "NoConnection", detail: error.detail })
      ),
      within(connectWithin)
    )
    return {
      call: (name, ...args) => sent(name, () => client.call(name, ...args)),
      transact: (commands) =>
        sent("multi", () => client.multi(commands.map((command) => [...command])).exec()).pipe(
          Effect.retry({
            while: (error) => error._tag === "CommandFailed" && refusedAsAWhole.has(error.code),
            schedule: Schedule.spaced("10 millis")
          }),
          within(answerWithin),
          Effect.asVoid
        )
    }
  })
