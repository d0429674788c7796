import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/TestClock"
import { Emulator } from "../src/Emulator.js"
import { type Body, inMemory, send, session, token, withCluster } from "./support/calls.js"
import { assignment, cluster, credential, subnetA } from "./support/samples.js"

const tokens = "/identity/v3/auth/tokens"

describe("the token call", () => {
  it.effect("gives a token in X-Subject-Token and its times in the body", () =>
    Effect.gen(function* () {
      const answer = yield* send("POST", tokens, { body: credential(), base: "https://iam.kakaocloud.com" })
      assert.strictEqual(answer.status, 201)
      assert.isNotEmpty(answer.headers["x-subject-token"])
      assert.deepStrictEqual(answer.body, {
        token: { issued_at: "1970-01-01T00:00:00Z", expires_at: "1970-01-01T12:00:00Z" }
      })
    }).pipe(Effect.provide(inMemory()))
  )

  it.effect("accepts an access key by name and user", () =>
    Effect.gen(function* () {
      const application_credential = { name: "emulator", secret: "emulator", user: { id: "emulator" } }
      const body = { auth: { identity: { methods: ["application_credential"], application_credential } } }
      assert.strictEqual((yield* send("POST", tokens, { body })).status, 201)
      const other = { ...application_credential, user: { id: "other" } }
      const refused = { auth: { identity: { methods: ["application_credential"], application_credential: other } } }
      assert.strictEqual((yield* send("POST", tokens, { body: refused })).status, 401)
    }).pipe(Effect.provide(inMemory()))
  )

  it.effect("refuses other access keys as Keystone does", () =>
    Effect.gen(function* () {
      const answer = yield* send("POST", tokens, { body: credential("emulator", "wrong") })
      assert.strictEqual(answer.status, 401)
      assert.strictEqual(answer.body.error.code, 401)
      assert.strictEqual(answer.body.error.title, "Unauthorized")
      assert.isUndefined(answer.headers["x-subject-token"])
    }).pipe(Effect.provide(inMemory()))
  )

  it.effect("gives no token without a JSON content type, nor for a body of another shape", () =>
    Effect.gen(function* () {
      const text = JSON.stringify(credential())
      const untyped = yield* send("POST", tokens, { text, contentType: "application/x-www-form-urlencoded" })
      assert.strictEqual(untyped.status, 400)
      assert.match(untyped.body.error.message, /Content-Type/)
      const shapeless = yield* send("POST", tokens, { body: { auth: { identity: { secret: 5 } } } })
      assert.strictEqual(shapeless.status, 400)
      assert.strictEqual(shapeless.body.error.title, "Bad Request")
    }).pipe(Effect.provide(inMemory()))
  )

  it.effect("tokens hold for 12 hours of the caller's clock", () =>
    Effect.gen(function* () {
      const { get } = yield* session
      yield* TestClock.adjust("11 hours")
      assert.strictEqual((yield* get("/v1/redis/flavors")).status, 200)
      yield* TestClock.adjust("1 hour")
      const late = yield* get("/v1/redis/flavors")
      assert.strictEqual(late.status, 401)
      assert.deepStrictEqual(late.body, { message: "The token has expired" })
    }).pipe(Effect.provide(inMemory()))
  )

  it.effect("no route of MemStore answers without a token or with an unknown one", () =>
    Effect.gen(function* () {
      for (const [method, path] of [
        ["GET", "/v1/clusters/x/shards"],
        ["DELETE", "/v1/clusters/x"],
        ["POST", "/v1/backups"],
        ["GET", "/v1/redis/versions"]
      ] as const) {
        assert.strictEqual((yield* send(method, path)).status, 401)
        assert.strictEqual((yield* send(method, path, { token: "gAAAAAother" })).status, 401)
      }
    }).pipe(Effect.provide(inMemory()))
  )
})

describe("the operations", () => {
  it.effect("all of them change what the reads show, and answer the id of the cluster", () =>
    Effect.gen(function* () {
      const { at, del, get, id, patch, post } = yield* withCluster
      const before = yield* get(`${at}/shards`)
      assert.deepStrictEqual(
        before.body.shards.map((shard: Body) => [shard.id, shard.slots, shard.status, shard.nodes.length]),
        [
          ["001", "0-8191", "Running", 3],
          ["002", "8192-16383", "Running", 3]
        ]
      )
      const added = yield* post(`${at}/shards`, { nodeCount: 3, subnetAssignments: assignment() })
      assert.deepStrictEqual([added.status, added.body], [201, { objectId: id }])
      assert.strictEqual((yield* get(`${at}/shards`)).body.shards.length, 3)

      const replica = yield* post(`${at}/shards/001/nodes`, { subnet: { id: subnetA } })
      assert.deepStrictEqual([replica.status, replica.body], [201, { objectId: id }])
      const { nodes } = (yield* get(`${at}/shards/001/nodes`)).body
      assert.strictEqual(nodes.length, 4)
      const one = yield* get(`${at}/shards/001/nodes/${nodes[3].id}`)
      assert.deepStrictEqual([one.body.role, one.body.subnet.id], ["replica", subnetA])
      assert.strictEqual((yield* get(`${at}/shards/001`)).body.nodes.length, 4)

      const gone = yield* del(`${at}/shards/001/nodes/${nodes[3].id}`)
      assert.deepStrictEqual([gone.status, gone.body], [200, { objectId: id }])
      assert.strictEqual((yield* get(`${at}/shards/001/nodes/${nodes[3].id}`)).status, 404)

      const changed = yield* patch(at, { description: "changed" })
      assert.deepStrictEqual([changed.status, changed.body], [200, { objectId: id }])
      const shown = yield* get(at)
      assert.strictEqual(shown.body.description, "changed")
      assert.match(shown.headers["x-emulator-guess"] ?? "", /guess/)

      assert.deepStrictEqual((yield* del(`${at}/shards/003`)).body, { objectId: id })
      assert.strictEqual((yield* get(`${at}/shards/003`)).status, 404)
      assert.deepStrictEqual((yield* del(at)).body, { objectId: id })
      assert.strictEqual((yield* get(`${at}/shards`)).status, 404)
      assert.deepStrictEqual((yield* get("/v1/clusters")).body, { clusters: [] })
    }).pipe(Effect.provide(inMemory()))
  )

  it.effect("a backup is listed by both filters and can be restored by either spelling", () =>
    Effect.gen(function* () {
      const { get, id, post } = yield* withCluster
      const emulator = yield* Emulator
      yield* emulator.loadKeys({ clusterId: id, count: 5000 })
      const made = yield* post("/v1/backups", { clusterId: id, name: "nightly" })
      assert.strictEqual(made.status, 201)
      for (const filter of ["", `?clusterId=${id}`, "?clusterName=source-cluster"]) {
        const { backups } = (yield* get(`/v1/backups${filter}`)).body
        assert.deepStrictEqual(
          backups.map((each: Body) => [each.id, each.name, each.clusterId, each.status]),
          [[made.body.objectId, "nightly", id, "Available"]]
        )
      }
      assert.deepStrictEqual((yield* get("/v1/backups?clusterName=other")).body, { backups: [] })
      for (const [name, restoreSource] of [
        ["one", { backupName: "nightly" }],
        ["two", { backupNames: "nightly" }]
      ] as const) {
        const restored = yield* post("/v1/clusters", cluster({ name: `restored-${name}`, restoreSource }))
        assert.strictEqual(restored.status, 201)
        const census = yield* emulator.census(restored.body.objectId)
        assert.strictEqual(
          census.reduce((sum, { keys }) => sum + keys, 0),
          5000
        )
      }
      assert.deepStrictEqual(yield* emulator.writes, { CreateCluster: 1, CreateBackup: 1, RestoreCluster: 2 })
    }).pipe(Effect.provide(inMemory()))
  )

  it.effect("a shard is added by the table's array as by the sample's object", () =>
    Effect.gen(function* () {
      const { at, get, post } = yield* withCluster
      const added = yield* post(`${at}/shards`, { nodeCount: 3, subnetAssignments: [assignment()] })
      assert.strictEqual(added.status, 201)
      assert.strictEqual((yield* get(`${at}/shards`)).body.shards.length, 3)
    }).pipe(Effect.provide(inMemory()))
  )

  it.effect("offers versions as a bare list and flavors with their memory", () =>
    Effect.gen(function* () {
      const { get } = yield* session
      assert.include((yield* get("/v1/redis/versions")).body, "7.2.11")
      assert.deepStrictEqual((yield* get("/v1/redis/flavors")).body.flavors[0], {
        id: "3830ebad-ea2f-4822-8a7d-9e301c86a58d",
        name: "a1-2-co",
        vcpus: 2,
        memory: 4
      })
    }).pipe(Effect.provide(inMemory()))
  )

  it.effect("an answer is compact JSON with a line break, a charset and a request id", () =>
    Effect.gen(function* () {
      const { post } = yield* session
      const answer = yield* post("/v1/clusters", cluster())
      assert.strictEqual(answer.headers["content-type"], "application/json; charset=UTF-8")
      assert.strictEqual(answer.text.length, 52)
      assert.isTrue(answer.text.endsWith("}\n"))
      assert.match(answer.headers["x-request-id"] ?? "", /^req-\d+$/)
    }).pipe(Effect.provide(inMemory()))
  )
})

describe("time", () => {
  it.effect("hours pass with the clock, and every status is shared", () =>
    Effect.gen(function* () {
      const { at, get, post } = yield* withCluster
      const statuses = Effect.map(get(`${at}/shards`), ({ body, status }) =>
        status === 200
          ? [
              ...new Set(
                body.shards.flatMap((shard: Body) => [shard.status, ...shard.nodes.map((n: Body) => n.status)])
              )
            ]
          : status
      )
      assert.strictEqual(yield* statuses, 404)
      yield* TestClock.adjust("5 seconds")
      assert.deepStrictEqual(yield* statuses, ["Init"])
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual(yield* statuses, ["Creating"])
      yield* TestClock.adjust("20 minutes")
      assert.deepStrictEqual(yield* statuses, ["Running"])
      yield* post(`${at}/shards`, { nodeCount: 3, subnetAssignments: assignment() })
      assert.strictEqual((yield* get(`${at}/shards`)).body.shards.length, 2)
      yield* TestClock.adjust("1 hour")
      assert.deepStrictEqual(yield* statuses, ["Scaling(horizontal)"])
      assert.strictEqual((yield* get(`${at}/shards`)).body.shards.length, 3)
      yield* TestClock.adjust("10 hours")
      assert.deepStrictEqual(yield* statuses, ["Running"])
    }).pipe(Effect.provide(inMemory({ latencies: "realistic" })))
  )
})

describe("control", () => {
  it.effect("the overview shows the model, the journal and the writes applied", () =>
    Effect.gen(function* () {
      const { at, get, id, post } = yield* withCluster
      yield* post(`${at}/shards`, { nodeCount: 3, subnetAssignments: assignment() })
      yield* post(`${at}/shards`, { nodeCount: 9, subnetAssignments: assignment() })
      const { body, status } = yield* send("GET", "/_emulator/state")
      assert.strictEqual(status, 200)
      assert.deepStrictEqual(body.writes, { CreateCluster: 1, AddShard: 1 })
      assert.strictEqual(body.model.clusters[0].id, id)
      assert.deepStrictEqual(
        body.journal.map((each: Body) => [each.operation, each.status, each.applied, each.objectId]),
        [
          ["CreateToken", 201, false, null],
          ["CreateCluster", 201, true, id],
          ["AddShard", 201, true, id],
          ["AddShard", 400, false, null]
        ]
      )
      assert.strictEqual((yield* get("/v1/clusters")).status, 200)
    }).pipe(Effect.provide(inMemory()))
  )

  it.effect("keys are loaded and counted over HTTP, and a reset empties all but the tokens", () =>
    Effect.gen(function* () {
      const { get, id } = yield* withCluster
      const loaded = yield* send("POST", "/_emulator/keys", { body: { clusterId: id, count: 1000 } })
      assert.strictEqual(loaded.status, 200)
      assert.strictEqual(
        loaded.body.shards.reduce((sum: number, shard: Body) => sum + shard.keys, 0),
        1000
      )
      assert.deepStrictEqual((yield* send("GET", `/_emulator/keys/${id}`)).body, loaded.body)
      assert.strictEqual((yield* send("GET", "/_emulator/keys/none")).status, 404)
      assert.strictEqual((yield* send("POST", "/_emulator/reset")).status, 200)
      assert.deepStrictEqual((yield* get("/v1/clusters")).body, { clusters: [] })
      assert.deepStrictEqual((yield* send("GET", "/_emulator/state")).body.writes, {})
    }).pipe(Effect.provide(inMemory()))
  )

  it.effect("a disturbance over HTTP strikes at once, and says what it did not find", () =>
    Effect.gen(function* () {
      const nowhere = yield* send("POST", "/_emulator/disturb", { body: { _tag: "FailCluster" } })
      assert.deepStrictEqual([nowhere.status, nowhere.body], [404, { message: "there is no cluster" }])
      const { at, get } = yield* withCluster
      assert.strictEqual((yield* send("POST", "/_emulator/disturb", { body: { _tag: "FailCluster" } })).status, 200)
      assert.strictEqual((yield* get(`${at}/shards/001`)).body.status, "Failed")
      assert.strictEqual((yield* send("POST", "/_emulator/disturb", { body: { _tag: "Meteor" } })).status, 400)
    }).pipe(Effect.provide(inMemory()))
  )

  it.effect("serves its own description, which marks the guesses, and a page that loads nothing from elsewhere", () =>
    Effect.gen(function* () {
      const { body } = yield* send("GET", "/openapi.json")
      assert.strictEqual(Object.keys(body.paths).filter((path) => path.startsWith("/v1/")).length, 9)
      assert.match(body.paths["/v1/clusters"].get.description, /guess/i)
      assert.match(body.paths["/v1/clusters/{clusterId}"].get.description, /guess/i)
      const page = yield* send("GET", "/docs")
      assert.match(page.headers["content-type"] ?? "", /text\/html/)
      assert.notMatch(page.text, /https?:\/\//)
    }).pipe(Effect.provide(inMemory()))
  )

  it.effect("answers only for the addresses it was given", () =>
    Effect.gen(function* () {
      yield* token()
      const error = yield* Effect.flip(send("GET", "/v1/clusters", { base: "https://elsewhere.example" }))
      assert.strictEqual(error._tag, "RequestError")
    }).pipe(Effect.provide(inMemory()))
  )
})
