/**
 * What one call costs over loopback: ours against bare `undici.request` with JSON.
 *
 * Beside the two stand others, so that the table says where the rest goes: `Effect` is the bare call as two
 * `Effect.tryPromise`, `HttpClient` the platform's client with its spans off, `ours on it` our calls through that client
 * instead of `UndiciHttpClient`, and `HttpApiClient` the platform's derived client as it comes, which neither validates,
 * nor limits time, nor counts, nor retries.
 *
 * The server runs in a process of its own and answers from memory. All take turns in the same run, so that they share
 * the machine's moods; each number is the median over the rounds. `wall` is the time of a call, `cpu` the processor time
 * the client spends on it.
 */
import { spawn } from "node:child_process"
import { once } from "node:events"
import * as Http from "node:http"
import * as HttpApiClient from "@effect/platform/HttpApiClient"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { AddReplica, GetNode, ListShards, MemStore, MemStoreApi } from "@memstore-flows/api"
import * as UndiciHttpClient from "@memstore-flows/api/UndiciHttpClient"
import { Context, Effect, Layer, Redacted } from "effect"
import { Agent, request } from "undici"

const cluster = "qwerqwer-7347-4d87-a49f-e705e91db2fb"
const subnet = { id: "yyyyyyyy-0a69-4f8b-b56d-59ce12b4d55b" }

const node = (shard: number, ordinal: number) => ({
  id: `aaaaaaaa-c12e-46f9-81a0-60ab1950a4${shard}${ordinal}`,
  name: `test-cluster-00${shard}-00${ordinal}`,
  subnet,
  endpoint: `10.184.${shard}.${ordinal}`,
  role: ordinal === 1 ? "primary" : "replica",
  status: "Running",
  createdAt: "2024-03-06T02:35:13Z"
})

const shard = (ordinal: number) => ({
  id: `00${ordinal}`,
  name: `test-cluster-00${ordinal}`,
  slots: ordinal === 1 ? "0-8191" : "8192-16383",
  nodes: [node(ordinal, 1), node(ordinal, 2), node(ordinal, 3)],
  status: "Running",
  createdAt: "2024-03-06T02:35:13Z"
})

const serve = () => {
  const reply = (status: number, body: unknown) => ({ status, bytes: Buffer.from(JSON.stringify(body)) })
  const answers = {
    node: reply(200, node(1, 1)),
    shards: reply(200, { shards: [shard(1), shard(2)] }),
    accepted: reply(201, { objectId: cluster })
  }
  const server = Http.createServer((incoming, outgoing) => {
    const { bytes, status } =
      incoming.method === "POST" ? answers.accepted : incoming.url?.endsWith("shards") ? answers.shards : answers.node
    incoming.resume()
    incoming.on("end", () => {
      outgoing.writeHead(status, { "content-type": "application/json", "content-length": bytes.length })
      outgoing.end(bytes)
    })
  })
  server.listen(0, "127.0.0.1", () => {
    const address = server.address()
    process.stdout.write(`${typeof address === "object" && address !== null ? address.port : 0}\n`)
  })
  process.stdin.resume().on("end", () => process.exit(0))
}

interface Contender {
  readonly name: string
  readonly calls: Readonly<Record<string, () => Promise<unknown>>>
}

const paths = {
  GetNode: ["GET", `/v1/clusters/${cluster}/shards/001/nodes/n1`],
  ListShards: ["GET", `/v1/clusters/${cluster}/shards`],
  AddReplica: ["POST", `/v1/clusters/${cluster}/shards/001/nodes`]
} as const

type Send = (method: "GET" | "POST", path: string, body: string | undefined) => Promise<unknown>

const through = (name: string, send: Send): Contender => ({
  name,
  calls: Object.fromEntries(
    Object.entries(paths).map(([operation, [method, path]]) => [
      operation,
      () => send(method, path, method === "POST" ? JSON.stringify({ subnet }) : undefined)
    ])
  )
})

const headers = { "x-auth-token": "token", "content-type": "application/json", accept: "application/json" }

const bare = (url: string): Contender => {
  const dispatcher = new Agent()
  return through("undici", async (method, path, body = "") => {
    const answer = await request(`${url}${path}`, { dispatcher, method, headers, ...(body === "" ? {} : { body }) })
    return await answer.body.json()
  })
}

const effectOnly = (url: string): Contender => {
  const dispatcher = new Agent()
  return through("Effect", (method, path, body = "") =>
    run(
      Effect.tryPromise((signal) =>
        request(`${url}${path}`, { dispatcher, method, headers, signal, ...(body === "" ? {} : { body }) })
      ).pipe(Effect.flatMap((answer) => Effect.tryPromise(() => answer.body.json())))
    )
  )
}

const platformOnly = (url: string) =>
  Effect.map(HttpClient.HttpClient, (client) => {
    const untraced = HttpClient.withTracerDisabledWhen(client, () => true)
    return through("HttpClient", (method, path, body) => {
      const empty = HttpClientRequest.make(method)(`${url}${path}`, { headers })
      const full = body === undefined ? empty : HttpClientRequest.bodyText(empty, body, "application/json")
      return run(
        untraced.execute(full).pipe(
          Effect.flatMap((answer) => answer.text),
          Effect.map((text) => JSON.parse(text))
        )
      )
    })
  })

const run = <A, E>(effect: Effect.Effect<A, E>) => Effect.runPromise(effect)

const ours = (name: string, url: string, http: Layer.Layer<HttpClient.HttpClient>) =>
  Effect.map(
    Layer.build(Layer.provide(MemStore.layer({ baseUrl: url, token: Redacted.make("token") }), http)),
    (context): Contender => {
      const getNode = Context.get(context, GetNode)
      const listShards = Context.get(context, ListShards)
      const addReplica = Context.get(context, AddReplica)
      return {
        name,
        calls: {
          GetNode: () => run(getNode({ clusterId: cluster, shardId: "001", nodeId: "n1" })),
          ListShards: () => run(listShards({ clusterId: cluster })),
          AddReplica: () => run(addReplica({ clusterId: cluster, shardId: "001", subnet }))
        }
      }
    }
  )

const asItComes = (url: string) =>
  Effect.gen(function* () {
    const client = yield* HttpApiClient.make(MemStoreApi, {
      baseUrl: url,
      transformClient: HttpClient.mapRequest(HttpClientRequest.setHeader("x-auth-token", "token"))
    })
    const path = { clusterId: cluster, shardId: "001" }
    return {
      name: "HttpApiClient",
      calls: {
        GetNode: () => run(client.nodes.getNode({ path: { ...path, nodeId: "n1" } })),
        ListShards: () => run(client.shards.listShards({ path })),
        AddReplica: () => run(client.nodes.addReplica({ path, payload: { subnet } }))
      }
    } satisfies Contender
  })

const median = (numbers: ReadonlyArray<number>): number =>
  [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN

interface Cost {
  readonly wall: number
  readonly cpu: number
}

/** Microseconds for one call, `width` at a time. */
const measure = async (call: () => Promise<unknown>, calls: number, width: number): Promise<Cost> => {
  const lane = async () => {
    for (let index = 0; index < calls / width; index++) await call()
  }
  const began = performance.now()
  const cpu = process.cpuUsage()
  await Promise.all(Array.from({ length: width }, lane))
  const { system, user } = process.cpuUsage(cpu)
  return { wall: ((performance.now() - began) * 1000) / calls, cpu: (user + system) / calls }
}

const cell = (own: number, least: number): string =>
  `${own.toFixed(0).padStart(5)} us ${(own / least).toFixed(2).padStart(5)}x`

const main = async () => {
  const server = spawn(process.execPath, [...process.execArgv, process.argv[1] ?? "", "serve"], {
    stdio: ["pipe", "pipe", "inherit"]
  })
  const [line] = await once(server.stdout, "data")
  const url = `http://127.0.0.1:${String(line).trim()}`
  const program = Effect.gen(function* () {
    const contenders: ReadonlyArray<Contender> = [
      bare(url),
      effectOnly(url),
      yield* platformOnly(url),
      yield* ours("ours", url, UndiciHttpClient.layer),
      yield* ours("ours on it", url, NodeHttpClient.layerUndici),
      yield* asItComes(url)
    ]
    const rounds = Number(process.env["ROUNDS"] ?? 9)
    const calls = Number(process.env["CALLS"] ?? 320)
    for (const width of [1, 16]) {
      for (const operation of Object.keys(paths)) {
        const costs = contenders.map((): Array<Cost> => [])
        for (let round = -3; round < rounds; round++) {
          for (const [index, { calls: known }] of contenders.entries()) {
            const call = known[operation]
            if (call === undefined) continue
            const cost = yield* Effect.promise(() => measure(call, calls, width))
            if (round >= 0) costs[index]?.push(cost)
          }
        }
        console.log(`\n${operation}, ${width} at a time`)
        const walls = costs.map((each) => median(each.map(({ wall }) => wall)))
        const cpus = costs.map((each) => median(each.map(({ cpu }) => cpu)))
        for (const [index, { name }] of contenders.entries()) {
          const wall = cell(walls[index] ?? Number.NaN, walls[0] ?? 1)
          console.log(`  ${name.padEnd(14)} wall ${wall}   cpu ${cell(cpus[index] ?? Number.NaN, cpus[0] ?? 1)}`)
        }
      }
    }
  })
  await Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(NodeHttpClient.layerUndici)))
  server.stdin.end()
}

if (process.argv[2] === "serve") serve()
else await main()
