import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Queue from "effect/Queue"
import * as Schema from "effect/Schema"
import { AddReplica, AddReplicaPayload } from "../src/AddReplica.js"
import { AddShard, AddShardPayload } from "../src/AddShard.js"
import { CreateCluster, CreateClusterPayload } from "../src/CreateCluster.js"
import { DeleteCluster } from "../src/DeleteCluster.js"
import { DeleteNode } from "../src/DeleteNode.js"
import { DeleteShard } from "../src/DeleteShard.js"
import { GetNode } from "../src/GetNode.js"
import { GetShard } from "../src/GetShard.js"
import { version } from "../src/internal/version.js"
import { ListNodes } from "../src/ListNodes.js"
import { ListShards } from "../src/ListShards.js"
import * as MemStore from "../src/MemStore.js"
import { RestoreCluster } from "../src/RestoreCluster.js"
import { UpdateCluster, UpdateClusterPayload } from "../src/UpdateCluster.js"
import { rawServer } from "./support/RawServer.js"
import { cluster, clusterId, nodeId, page, restoreSource, shardId, subnetX, subnetY, token } from "./support/samples.js"

const c = `/v1/clusters/${clusterId}`
const s = `${c}/shards/${shardId}`
const n = `${s}/nodes/${nodeId}`
const assignment = { primary: subnetX, replicas: [subnetY, subnetY] }
const update = {
  clusterId,
  backupSchedule: { cron: "* 3 * * *", retentionLimit: 15 },
  description: "modify description",
  parameterGroupId: "bbbbcccc-1234-1234-5678-e705e91db2fb",
  securityGroups: [{ id: "ba9a0303-024a-47a4-b1c6-90ada7ca74fb" }, { id: "2133fb76-8dda-492f-afce-9a9bc5f1cb9f" }]
}

/** The request body the page shows, or none. `CreateCluster` leaves out the sample's misplaced `restoreSource`. */
const bodies: Record<string, () => unknown> = {
  CreateCluster: () => {
    const { restoreSource: _, ...rest } = JSON.parse(page("CreateCluster.request.json"))
    return rest
  },
  RestoreCluster: () => JSON.parse(page("RestoreCluster.request.json")),
  UpdateCluster: () => JSON.parse(page("UpdateCluster.request.json")),
  AddShard: () => JSON.parse(page("AddShard.request.json")),
  AddReplica: () => JSON.parse(page("AddReplica.request.json"))
}

const operations: Record<string, readonly [line: string, call: Effect.Effect<unknown, unknown, MemStore.Operations>]> =
  {
    CreateCluster: ["POST /v1/clusters", Effect.flatMap(CreateCluster, (call) => call(cluster))],
    RestoreCluster: [
      "POST /v1/clusters",
      Effect.flatMap(RestoreCluster, (call) => call({ ...cluster, restoreSource }))
    ],
    UpdateCluster: [`PATCH ${c}`, Effect.flatMap(UpdateCluster, (call) => call(update))],
    DeleteCluster: [
      `DELETE ${c}?keepAutomaticBackups=true`,
      Effect.flatMap(DeleteCluster, (call) => call({ clusterId, keepAutomaticBackups: true }))
    ],
    AddShard: [
      `POST ${c}/shards`,
      Effect.flatMap(AddShard, (call) => call({ clusterId, nodeCount: 3, subnetAssignments: assignment }))
    ],
    ListShards: [`GET ${c}/shards`, Effect.flatMap(ListShards, (call) => call({ clusterId }))],
    GetShard: [`GET ${s}`, Effect.flatMap(GetShard, (call) => call({ clusterId, shardId }))],
    DeleteShard: [`DELETE ${s}`, Effect.flatMap(DeleteShard, (call) => call({ clusterId, shardId }))],
    AddReplica: [
      `POST ${s}/nodes`,
      Effect.flatMap(AddReplica, (call) => call({ clusterId, shardId, subnet: subnetY }))
    ],
    ListNodes: [`GET ${s}/nodes`, Effect.flatMap(ListNodes, (call) => call({ clusterId, shardId }))],
    GetNode: [`GET ${n}`, Effect.flatMap(GetNode, (call) => call({ clusterId, shardId, nodeId }))],
    DeleteNode: [`DELETE ${n}`, Effect.flatMap(DeleteNode, (call) => call({ clusterId, shardId, nodeId }))]
  }

const curlOf = (operation: string): readonly [method: string, path: string] => {
  const match = /curl -X (\w+) "https:\/\/[^/]+([^"]+)"/.exec(page(`${operation}.curl.txt`))
  return [match?.[1] ?? "", match?.[2] ?? ""]
}

const filled = (path: string): string =>
  path
    .replace("{cluster-id}", clusterId)
    .replace("{shard-id}", shardId)
    .replace("{node-id}", nodeId)
    .replace("{keep-auto-backup}", "true")

/** The page's status line, its content type, a true length, and its body. */
const rawAnswer = (operation: string): string => {
  const [status, ...headers] = page(`${operation}.response.head.txt`).split("\n")
  const type = headers.find((header) => header.startsWith("content-type"))
  const body = page(`${operation}.response.json`)
  return `HTTP/1.1 ${status}\r\n${type}\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`
}

describe("the page's samples over a raw socket", () => {
  for (const [operation, [line, call]] of Object.entries(operations)) {
    it.scoped(`${operation} sends the page's request and reads the page's answer`, () =>
      Effect.gen(function* () {
        const server = yield* rawServer(() => rawAnswer(operation))
        const layer = MemStore.layer({ baseUrl: server.url, token }).pipe(Layer.provide(NodeHttpClient.layerUndici))
        const answer = yield* Effect.provide(call, layer)
        const request = yield* Queue.take(server.requests)

        assert.deepStrictEqual(answer, JSON.parse(page(`${operation}.response.json`)))
        assert.strictEqual(request.line, `${line} HTTP/1.1`)
        assert.strictEqual(line, curlOf(operation).map(filled).join(" "))
        assert.strictEqual(request.headers["x-auth-token"], "gAAAAA-token")
        assert.strictEqual(request.headers["content-type"], "application/json")
        assert.strictEqual(request.headers["user-agent"], `memstore-flows/${version}`)
        const body = bodies[operation]
        assert.deepStrictEqual(request.body === "" ? undefined : JSON.parse(request.body), body?.())
      })
    )
  }
})

describe("the wire contract reads the page's bodies", () => {
  const roundTrip =
    <A, I>(schema: Schema.Schema<A, I>) =>
    (sample: unknown): unknown =>
      Schema.encodeSync(schema)(Schema.decodeUnknownSync(schema)(sample))
  const payloads = {
    CreateCluster: roundTrip(CreateClusterPayload),
    RestoreCluster: roundTrip(CreateClusterPayload),
    UpdateCluster: roundTrip(UpdateClusterPayload),
    AddShard: roundTrip(AddShardPayload),
    AddReplica: roundTrip(AddReplicaPayload)
  }
  for (const [operation, readAndWrite] of Object.entries(payloads)) {
    it(`reads the body of ${operation} and writes it back unchanged`, () => {
      const sample = JSON.parse(page(`${operation}.request.json`))
      assert.deepStrictEqual(readAndWrite(sample), sample)
    })
  }

  it("the page prints two bodies as broken JSON", () => {
    assert.throws(() => JSON.parse(page("RestoreCluster.request.page.txt")))
    assert.throws(() => JSON.parse(page("UpdateCluster.request.page.txt")))
  })

  it("the curl of UpdateCluster carries the same body, unbroken", () => {
    const curl = page("UpdateCluster.curl.txt")
    const body = curl.slice(curl.indexOf("-d '") + 4, curl.lastIndexOf("'"))
    assert.deepStrictEqual(JSON.parse(body), JSON.parse(page("UpdateCluster.request.json")))
  })
})
