/**
 * How busy and how full the nodes are, from the nodes themselves.
 *
 * @since 0.1.0
 */
import type { Shard } from "@memstore-flows/api/Shard"
import * as Clock from "effect/Clock"
import type * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { LoadProbe, type NodeLoad } from "../LoadProbe.js"
import * as RedisAccess from "./RedisAccess.js"
import type { RedisError } from "./RedisError.js"
import * as RedisNode from "./RedisNode.js"

/**
 * How the nodes are reached, and how long they are watched; all of it has a default.
 *
 * - `access`: one for all clusters, or each cluster's own; by default port 6379 without user or TLS
 * - `sample`: for how long CPU is measured, default 200 milliseconds
 * - `patience`: for each connection and each answer, default 1 second
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  readonly access?:
    | RedisAccess.RedisAccess
    | ((clusterId: string) => Effect.Effect<RedisAccess.RedisAccess>)
    | undefined
  readonly sample?: Duration.DurationInput | undefined
  readonly patience?: Duration.DurationInput | undefined
}

const numberIn = (text: string, field: string): number | undefined => {
  const found = new RegExp(`^${field}:([\\d.]+)`, "m").exec(text)?.[1]
  return found === undefined ? undefined : Number(found)
}

/** Seconds of CPU that a server has used, and when it said so, in milliseconds. */
const cpuTime = (node: RedisNode.RedisNode) =>
  Effect.gen(function* () {
    const text = String(yield* node.call("INFO", "cpu"))
    const used = (numberIn(text, "used_cpu_sys") ?? 0) + (numberIn(text, "used_cpu_user") ?? 0)
    return { used, at: yield* Clock.currentTimeMillis }
  })

const loadOf = (nodeId: string, node: RedisNode.RedisNode, sample: Duration.DurationInput) =>
  Effect.gen(function* () {
    const memory = String(yield* node.call("INFO", "memory"))
    const first = yield* cpuTime(node)
    const last = yield* Effect.delay(cpuTime(node), sample)
    const maxMemory = numberIn(memory, "maxmemory")
    return {
      nodeId,
      cpu: Math.min(1, (last.used - first.used) / (Math.max(1, last.at - first.at) / 1000)),
      usedMemory: numberIn(memory, "used_memory"),
      ...(maxMemory === undefined || maxMemory === 0 ? {} : { maxMemory })
    } satisfies NodeLoad
  })

/**
 * One look at every node: memory and its limit by `INFO memory`, and by `INFO cpu` how much of one core is in use, which
 * is all that the one thread of a server can use. A node that does not answer is left out.
 *
 * @since 0.1.0
 * @category constructors
 */
export const look = (
  cluster: { readonly clusterId: string; readonly shards: ReadonlyArray<Shard> },
  options: Options = {}
): Effect.Effect<Option.Option<ReadonlyArray<NodeLoad>>> =>
  Effect.gen(function* () {
    const { access = RedisAccess.make(), patience, sample = "200 millis" } = options
    const reach = typeof access === "function" ? yield* access(cluster.clusterId) : access
    const nodes = cluster.shards.flatMap(({ nodes }) => nodes)
    const seen = yield* Effect.forEach(
      nodes,
      ({ endpoint, id }) =>
        RedisNode.connect({ host: endpoint, access: reach, patience }).pipe(
          Effect.flatMap((node) => loadOf(id, node, sample)),
          Effect.scoped,
          Effect.tapError((error: RedisError) =>
            Effect.logWarning(`the load of node ${id} is unknown: ${error.message}`)
          ),
          Effect.option
        ),
      { concurrency: "unbounded" }
    )
    const loads = seen.flatMap(Option.toArray)
    return loads.length === 0 ? Option.none() : Option.some(loads)
  })

/**
 * The probe over the Redis protocol. It needs a way to the nodes' private IPs, and a user that may call `INFO`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (options: Options = {}): Context.Tag.Service<typeof LoadProbe> => ({
  look: (cluster) => look(cluster, options)
})

/**
 * Has the safety checks `memoryHeadroom` and `load` look at the nodes.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (options?: Options): Layer.Layer<never> => Layer.succeed(LoadProbe, make(options))
