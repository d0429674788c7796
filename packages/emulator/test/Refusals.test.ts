import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { Emulator } from "../src/Emulator.js"
import { bodyLimit } from "../src/internal/front.js"
import { inMemory, send, session, withCluster } from "./support/calls.js"
import { assignment, cluster, subnetA } from "./support/samples.js"

const unknown = "00000000-0000-4000-8000-000000000000"
const shard = (nodeCount = 3) => ({ nodeCount, subnetAssignments: assignment(nodeCount - 1) })

describe("what does not exist", () => {
  it.effect("unknown clusters, shards and nodes are 404 for every call", () =>
    Effect.gen(function* () {
      const { at, del, get, patch, post } = yield* withCluster
      const nowhere = `/v1/clusters/${unknown}`
      const replica = { subnet: { id: subnetA } }
      const answers = yield* Effect.all([
        get(nowhere),
        get(`${nowhere}/shards`),
        get(`${nowhere}/shards/001`),
        get(`${nowhere}/shards/001/nodes`),
        get(`${nowhere}/shards/001/nodes/${unknown}`),
        patch(nowhere, { description: "x" }),
        del(nowhere),
        post(`${nowhere}/shards`, shard()),
        del(`${nowhere}/shards/001`),
        post(`${nowhere}/shards/001/nodes`, replica),
        del(`${nowhere}/shards/001/nodes/${unknown}`),
        post("/v1/backups", { clusterId: unknown, name: "b" }),
        get(`${at}/shards/009`),
        get(`${at}/shards/009/nodes`),
        get(`${at}/shards/001/nodes/${unknown}`),
        del(`${at}/shards/009`),
        post(`${at}/shards/009/nodes`, replica),
        del(`${at}/shards/001/nodes/${unknown}`)
      ])
      for (const { body, status } of answers) {
        assert.strictEqual(status, 404)
        assert.isNotEmpty(body.message)
      }
      assert.deepStrictEqual(yield* Effect.flatMap(Emulator, ({ writes }) => writes), { CreateCluster: 1 })
    }).pipe(Effect.provide(inMemory()))
  )

  it.effect("unknown paths are 404, and a wrong method is told what the path answers", () =>
    Effect.gen(function* () {
      for (const path of ["/", "/v2/clusters", "/v1", "/v1/clusters/a/b", "/v1/clusters/%zz", "/_emulator/nothing"]) {
        const answer = yield* send("POST", path, { body: {} })
        assert.strictEqual(answer.status, 404, path)
        assert.isNotEmpty(answer.body.message)
      }
      const wrong = yield* send("PATCH", "/v1/clusters/x/shards")
      assert.deepStrictEqual([wrong.status, wrong.headers["allow"]], [404, "GET, POST"])
      assert.deepStrictEqual(wrong.body, { message: "/v1/clusters/x/shards answers GET, POST, not PATCH" })
      assert.strictEqual((yield* send("POST", "/openapi.json")).headers["allow"], "GET")
      assert.strictEqual((yield* send("HEAD", "/v1/redis/flavors")).status, 404)
    }).pipe(Effect.provide(inMemory()))
  )
})

describe("bodies", () => {
  it.effect("what is not JSON, not an object, empty or too large is 400", () =>
    Effect.gen(function* () {
      const { token } = yield* session
      for (const text of ['{"name"', "nonsense", "", "[]", "null", "7", `"${"x".repeat(bodyLimit)}"`]) {
        const answer = yield* send("POST", "/v1/clusters", { text, token })
        assert.strictEqual(answer.status, 400, text.slice(0, 20))
        assert.isNotEmpty(answer.body.message)
      }
    }).pipe(Effect.provide(inMemory()))
  )

  it.effect("every fault is named, and no secret is repeated", () =>
    Effect.gen(function* () {
      const { post } = yield* session
      const answer = yield* post(
        "/v1/clusters",
        cluster({ port: 80, version: 6, shardCount: 13, user: { name: "u", password: 12345 }, subnets: [{}] })
      )
      assert.strictEqual(answer.status, 400)
      for (const place of ["port:", "version:", "shardCount:", "user.password:", "subnets[0].id:"]) {
        assert.include(answer.body.message, place)
      }
      assert.notInclude(answer.body.message, "12345")
    }).pipe(Effect.provide(inMemory()))
  )

  it.effect("a token is asked for before the body is looked at", () =>
    Effect.gen(function* () {
      assert.strictEqual((yield* send("POST", "/v1/clusters", { text: "{" })).status, 401)
    }).pipe(Effect.provide(inMemory()))
  )

  it.effect("keepAutomaticBackups must be a boolean", () =>
    Effect.gen(function* () {
      const { at, del } = yield* withCluster
      const answer = yield* del(`${at}?keepAutomaticBackups=perhaps`)
      assert.strictEqual(answer.status, 400)
      assert.match(answer.body.message, /^keepAutomaticBackups: /)
      assert.strictEqual((yield* del(`${at}?keepAutomaticBackups=true`)).status, 200)
    }).pipe(Effect.provide(inMemory()))
  )

  it.effect("a body needs no content type, or has curl's", () =>
    Effect.gen(function* () {
      const { token } = yield* session
      const text = JSON.stringify(cluster())
      const contentType = "application/x-www-form-urlencoded"
      assert.strictEqual((yield* send("POST", "/v1/clusters", { text, token, contentType })).status, 201)
    }).pipe(Effect.provide(inMemory()))
  )
})

describe("rules", () => {
  it.effect("a name is taken once, and a busy cluster takes no second operation", () =>
    Effect.gen(function* () {
      const { at, post } = yield* withCluster
      assert.strictEqual((yield* post("/v1/clusters", cluster())).status, 409)
      const busy = yield* post(`${at}/shards`, shard())
      assert.strictEqual(busy.status, 409)
      assert.match(busy.body.message, /Init|Creating/)
    }).pipe(Effect.provide(inMemory({ model: { settings: {} }, latencies: { ...slow } })))
  )

  it.effect("primaries, last replicas and last shards stay", () =>
    Effect.gen(function* () {
      const { at, del, get, post } = yield* withCluster
      const { nodes } = (yield* get(`${at}/shards/001/nodes`)).body
      assert.strictEqual((yield* del(`${at}/shards/001/nodes/${nodes[0].id}`)).status, 400)
      assert.strictEqual((yield* del(`${at}/shards/001/nodes/${nodes[1].id}`)).status, 200)
      assert.strictEqual((yield* del(`${at}/shards/001/nodes/${nodes[2].id}`)).status, 400)
      assert.strictEqual((yield* del(`${at}/shards/001`)).status, 200)
      assert.strictEqual((yield* del(`${at}/shards/002`)).status, 400)
      assert.strictEqual((yield* post(`${at}/shards`, { ...shard(), nodeCount: 4 })).status, 400)
    }).pipe(Effect.provide(inMemory()))
  )

  it.effect("a project has 60 nodes and a shard 5", () =>
    Effect.gen(function* () {
      const { at, post } = yield* withCluster
      assert.strictEqual((yield* post("/v1/clusters", cluster({ name: "large-cluster" }, 12, 5))).status, 422)
      for (const expected of [201, 201, 400]) {
        const answer = yield* post(`${at}/shards/001/nodes`, { subnet: { id: subnetA } })
        assert.strictEqual(answer.status, expected)
      }
    }).pipe(Effect.provide(inMemory()))
  )

  it.effect("a restore needs its backup, as many shards, and no older version", () =>
    Effect.gen(function* () {
      const { id, post } = yield* withCluster
      yield* post("/v1/backups", { clusterId: id, name: "b" })
      const restoreSource = { backupName: "b" }
      for (const body of [
        cluster({ name: "other", restoreSource: { backupName: "none" } }),
        cluster({ name: "other", restoreSource }, 3)
      ]) {
        assert.strictEqual((yield* post("/v1/clusters", body)).status, 422)
      }
      assert.strictEqual((yield* post("/v1/backups", { clusterId: id, name: "b" })).status, 409)
    }).pipe(Effect.provide(inMemory()))
  )
})

const slow = {
  init: 1000,
  create: 1000,
  restore: 0,
  modify: 0,
  remove: 0,
  addNodes: 0,
  removeNodes: 0,
  slotsPerSecond: 1000,
  sync: 0,
  clusterVisibility: 0,
  visibility: 0,
  detect: 0,
  replace: 0,
  backupPending: 0,
  backup: 0
}
