import { readFileSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Emulator } from "../src/Emulator.js"
import { EmulatorServer } from "../src/EmulatorServer.js"
import type { Body } from "./support/calls.js"
import { exchange, http } from "./support/raw.js"
import { cluster, credential } from "./support/samples.js"

const fixture = (name: string) =>
  readFileSync(new URL(`../../api/test/fixtures/page/${name}`, import.meta.url), "utf8").replace(/\n$/, "")

/** The method, path, headers and body that a sample of the page makes curl send. */
const sample = (name: string, values: Readonly<Record<string, string>>, body?: string): string => {
  const text = fixture(`${name}.curl.txt`)
  const [, method = "", url = ""] = /curl -X (\w+) "https:\/\/[^/]+([^"]*)"/.exec(text) ?? []
  const filled = (part: string) => part.replaceAll(/\{([^}]+)\}/g, (whole, key: string) => values[key] ?? whole)
  const headers = Object.fromEntries(
    [...text.matchAll(/-H "([^:]+): ([^"]*)"/g)].map(([, key = "", value = ""]) => [key.toLowerCase(), filled(value)])
  )
  const inline = /-d '([\s\S]*)'$/.exec(text)?.[1]
  const sent = inline === undefined || inline === "{Body}" ? body : inline
  const typed = sent === undefined ? {} : { "content-type": "application/x-www-form-urlencoded" }
  return http(method, filled(url), { ...typed, ...headers }, sent)
}

const served = EmulatorServer.layer().pipe(Layer.provideMerge(Emulator.layer({ latencies: "instant" })))

const prepare = Effect.gen(function* () {
  const { port } = yield* EmulatorServer
  const call = (text: string) => Effect.map(exchange(port, text), (answer) => answer ?? assert.fail("no answer"))
  const issued = yield* call(
    http("POST", "/identity/v3/auth/tokens", { "content-type": "application/json" }, JSON.stringify(credential()))
  )
  const token = /x-subject-token: (\S+)/i.exec(issued.head)?.[1] ?? ""
  const plain = (method: string, path: string, body?: unknown) =>
    Effect.map(
      call(http(method, path, { "x-auth-token": token }, body === undefined ? "" : JSON.stringify(body))),
      ({ body: text }): Body => JSON.parse(text)
    )
  const source: string = (yield* plain("POST", "/v1/clusters", cluster())).objectId
  return { call, plain, source, token }
})

const restorable = Effect.tap(prepare, ({ plain, source }) =>
  plain("POST", "/v1/backups", { clusterId: source, name: "{restore-source-backup-name-env}" })
)

const head = (answer: string) => answer.toLowerCase()

const accepted = (name: string, answer: { readonly head: string; readonly body: string }, id: string) => {
  const [status = "", ...headers] = fixture(`${name}.response.head.txt`).split("\n")
  assert.isTrue(answer.head.startsWith(`HTTP/1.1 ${status}`), answer.head)
  for (const line of headers) assert.include(head(answer.head), head(line))
  assert.deepStrictEqual(JSON.parse(answer.body), { objectId: id })
}

const shaped = (name: string, answer: { readonly body: string }) => {
  const keys = (value: Body): Body =>
    Array.isArray(value)
      ? keys(value[0])
      : typeof value === "object" && value !== null
        ? Object.entries(value).map(([key, inner]) => [key, keys(inner)])
        : typeof value
  assert.deepStrictEqual(keys(JSON.parse(answer.body)), keys(JSON.parse(fixture(`${name}.response.json`))))
}

describe("the samples of the vendor's page, as they are", () => {
  it.live("create, whose body names a backup, and restore, whose JSON is repaired", () =>
    Effect.gen(function* () {
      const { call, plain, token } = yield* restorable
      for (const name of ["CreateCluster", "RestoreCluster"]) {
        const body = fixture(`${name}.request.json`)
        const answer = yield* call(sample(name, { "token-id": token }, body))
        const made = (yield* plain("GET", "/v1/clusters")).clusters.find((each: Body) => each.name === "test-cluster")
        accepted(name, answer, made.id)
        yield* plain("DELETE", `/v1/clusters/${made.id}`)
      }
    }).pipe(Effect.provide(served))
  )

  it.live("update: the curl works, the table's broken JSON does not", () =>
    Effect.gen(function* () {
      const { call, source, token } = yield* prepare
      const values = { "token-id": token, "cluster-id": source }
      accepted("UpdateCluster", yield* call(sample("UpdateCluster", values)), source)
      const broken = yield* call(
        http("PATCH", `/v1/clusters/${source}`, { "x-auth-token": token }, fixture("UpdateCluster.request.page.txt"))
      )
      assert.strictEqual(broken.status, 400)
      const comma = yield* call(
        http("POST", "/v1/clusters", { "x-auth-token": token }, fixture("RestoreCluster.request.page.txt"))
      )
      assert.strictEqual(comma.status, 400)
    }).pipe(Effect.provide(served))
  )

  it.live("shards and nodes: add, list, get, delete", () =>
    Effect.gen(function* () {
      const { call, plain, source, token } = yield* prepare
      const values = { "token-id": token, "cluster-id": source, "shard-id": "001" }
      accepted("AddShard", yield* call(sample("AddShard", values, fixture("AddShard.request.json"))), source)
      accepted("AddReplica", yield* call(sample("AddReplica", values, fixture("AddReplica.request.json"))), source)
      shaped("ListShards", yield* call(sample("ListShards", values)))
      shaped("GetShard", yield* call(sample("GetShard", values)))
      shaped("ListNodes", yield* call(sample("ListNodes", values)))
      const { nodes } = yield* plain("GET", `/v1/clusters/${source}/shards/001/nodes`)
      const replica: string = nodes.find((node: Body) => node.role === "replica").id
      const node = { ...values, "node-id": replica }
      shaped("GetNode", yield* call(sample("GetNode", node)))
      accepted("DeleteNode", yield* call(sample("DeleteNode", node)), source)
      accepted("DeleteShard", yield* call(sample("DeleteShard", values)), source)
    }).pipe(Effect.provide(served))
  )

  it.live("delete cluster", () =>
    Effect.gen(function* () {
      const { call, source, token } = yield* prepare
      const values = { "token-id": token, "cluster-id": source, "keep-auto-backup": "true" }
      accepted("DeleteCluster", yield* call(sample("DeleteCluster", values)), source)
      assert.strictEqual((yield* call(sample("DeleteCluster", values))).status, 404)
    }).pipe(Effect.provide(served))
  )
})
