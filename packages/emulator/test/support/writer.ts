import { ListShards } from "@memstore-flows/api"
import * as Effect from "effect/Effect"
import { Cluster } from "ioredis"

/** What a writer wrote and had acknowledged, and what it finds when it reads all of it back. */
export interface Count {
  readonly acknowledged: number
  readonly lost: ReadonlyArray<string>
  readonly errors: ReadonlyArray<string>
}

const kinds = ["string", "hash", "sorted", "stream", "expiring"] as const

const put = (cluster: Cluster, kind: (typeof kinds)[number], key: string, value: string): Promise<unknown> => {
  switch (kind) {
    case "string":
      return cluster.set(key, value)
    case "hash":
      return cluster.hset(key, "field", value)
    case "sorted":
      return cluster.zadd(key, Number(value), "member")
    case "stream":
      return cluster.xadd(key, "*", "field", value)
    case "expiring":
      return cluster.set(key, value, "EX", 3600)
  }
}

const get = async (cluster: Cluster, kind: (typeof kinds)[number], key: string): Promise<string | null | undefined> => {
  switch (kind) {
    case "hash":
      return cluster.hget(key, "field")
    case "sorted":
      return cluster.zscore(key, "member")
    case "stream":
      return (await cluster.xrevrange(key, "+", "-", "COUNT", 1))[0]?.[1][1]
    case "expiring":
      return (await cluster.ttl(key)) > 0 ? cluster.get(key) : null
    default:
      return cluster.get(key)
  }
}

/** Writes without pause, two at a time, until it is told to count. */
export const writer = (seeds: ReadonlyArray<string>, port: number) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const cluster = new Cluster(
        seeds.map((host) => ({ host, port })),
        {
          maxRedirections: 200,
          retryDelayOnFailover: 20,
          retryDelayOnClusterDown: 20,
          redisOptions: { connectTimeout: 1000 }
        }
      )
      cluster.on("error", () => undefined)
      const written = new Map<string, { readonly kind: (typeof kinds)[number]; readonly value: string }>()
      const errors: Array<string> = []
      let on = true
      const lane = async (number: number): Promise<void> => {
        for (let turn = 0; on; turn++) {
          const kind = kinds[turn % kinds.length] ?? "string"
          const key = `${kind}:${number}:${turn % 5000}`
          const value = `${turn}`
          try {
            await put(cluster, kind, key, value)
            written.set(key, { kind, value })
          } catch (error) {
            errors.push(`${key}: ${String(error)}`)
          }
        }
      }
      const lanes = Promise.all((process.env["PLANE_POINTS"] === "all" ? [0, 1] : [0]).map(lane))
      const count = async (): Promise<Count> => {
        on = false
        await lanes
        const lost: Array<string> = []
        await Promise.all(
          [...written].map(async ([key, { kind, value }]) => {
            const found = await get(cluster, kind, key)
            if (found !== value) lost.push(`${key}: ${value} became ${found}`)
          })
        )
        return { acknowledged: written.size, lost, errors }
      }
      return {
        count: Effect.promise(count),
        end: () => {
          on = false
          cluster.disconnect()
        }
      }
    }),
    ({ end }) => Effect.sync(end)
  )

/** The addresses of all nodes of a cluster. */
export const endpoints = (clusterId: string) =>
  Effect.gen(function* () {
    const { shards } = yield* (yield* ListShards)({ clusterId })
    return shards.flatMap(({ nodes }) => nodes.map(({ endpoint }) => endpoint))
  })
