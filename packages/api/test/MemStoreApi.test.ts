import * as OpenApi from "@effect/platform/OpenApi"
import { assert, describe, it } from "@effect/vitest"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import packageJson from "../package.json" with { type: "json" }
import { AddShardPayload } from "../src/AddShard.js"
import { BackupScheduleUpdate } from "../src/BackupSchedule.js"
import { CreateClusterPayload } from "../src/CreateCluster.js"
import { NotFoundBody } from "../src/ErrorBody.js"
import * as Api from "../src/index.js"
import { version } from "../src/internal/version.js"
import { MemStoreApi } from "../src/MemStoreApi.js"
import { clientConfig } from "../src/MemStoreClient.js"
import { Node } from "../src/Node.js"
import { page, password, subnetX, subnetY } from "./support/samples.js"

const assignment = { primary: subnetX, replicas: [subnetY] }

describe("the wire contract", () => {
  const { paths } = OpenApi.fromApi(MemStoreApi)
  const statuses = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(
      ([method, { responses }]) => `${method} ${path} ${Object.keys(responses ?? {}).join(" ")}`
    )
  )

  it("has the twelve operations with the statuses of the page, restoring being a create", () => {
    const shard = "/v1/clusters/{clusterId}/shards"
    const node = `${shard}/{shardId}/nodes`
    const read = "200 400 401 403 404 500"
    const added = "201 400 401 403 404 500"
    const expected = [
      "post /v1/clusters 201 400 401 403 409 422 500",
      `patch /v1/clusters/{clusterId} ${read}`,
      `delete /v1/clusters/{clusterId} ${read}`,
      `post ${shard} ${added}`,
      `get ${shard} ${read}`,
      `get ${shard}/{shardId} ${read}`,
      `delete ${shard}/{shardId} ${read}`,
      `post ${node} ${added}`,
      `get ${node} ${read}`,
      `get ${node}/{nodeId} ${read}`,
      `delete ${node}/{nodeId} ${read}`
    ]
    for (const line of expected) assert.include(statuses, line)
  })

  it("asks for a token in X-Auth-Token on every call", () => {
    for (const methods of Object.values(paths)) {
      for (const { security } of Object.values(methods)) assert.deepStrictEqual(security, [{ token: [] }])
    }
  })

  it("marks what is our guess", () => {
    assert.include(paths["/v1/clusters"]?.get?.description, "guess")
    assert.include(paths["/v1/clusters/{clusterId}"]?.get?.description, "guess")
  })

  it("an error body is a message and nothing else", () => {
    assert.deepStrictEqual(Schema.encodeSync(NotFoundBody)({ _tag: "NotFoundBody", message: "no such cluster" }), {
      message: "no such cluster"
    })
  })
})

describe("what the page leaves open is read in every way", () => {
  const sample = (): Record<string, unknown> => JSON.parse(page("CreateCluster.request.json"))
  const readCreate = Schema.decodeUnknownSync(CreateClusterPayload)
  const readAdd = Schema.decodeUnknownSync(AddShardPayload)

  it("backupName and backupNames", () => {
    for (const restoreSource of [{ backupName: "b" }, { backupNames: "b" }]) {
      assert.deepStrictEqual(readCreate({ ...sample(), restoreSource }).restoreSource, { backupName: "b" })
    }
    assert.throws(() => readCreate({ ...sample(), restoreSource: {} }))
  })

  it("one assignment of AddShard, or an array with exactly one", () => {
    for (const subnetAssignments of [assignment, [assignment]]) {
      assert.deepStrictEqual(readAdd({ nodeCount: 2, subnetAssignments }).subnetAssignments, assignment)
    }
    assert.throws(() => readAdd({ nodeCount: 2, subnetAssignments: [] }))
    assert.throws(() => readAdd({ nodeCount: 2, subnetAssignments: [assignment, assignment] }))
  })

  it("a create without a user, and a user whose password stays hidden", () => {
    const { user: _, ...rest } = sample()
    assert.isUndefined(readCreate(rest).user)
    const { user } = readCreate(sample())
    assert.notInclude(JSON.stringify(user), password)
    assert.strictEqual(user && Redacted.value(user.password), password)
  })

  it("an empty cron on an update, which switches backups off", () => {
    assert.deepStrictEqual(Schema.decodeUnknownSync(BackupScheduleUpdate)({ cron: "" }), { cron: "" })
  })

  it("fields and roles nobody documented", () => {
    const node = { ...JSON.parse(page("GetNode.response.json")), role: "witness", zone: "a" }
    assert.strictEqual(Schema.decodeUnknownSync(Node)(node).role, "witness")
  })
})

describe("settings", () => {
  const read = (...entries: ReadonlyArray<readonly [string, string]>) =>
    Effect.withConfigProvider(clientConfig, ConfigProvider.fromMap(new Map(entries)))

  it.effect("nothing needs to be set", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* read(), {})
    })
  )

  it.effect("everything can be set", () =>
    Effect.gen(function* () {
      const found = yield* read(
        ["MEMSTORE_REGION", "kr-east-1"],
        ["MEMSTORE_BASE_URL", "http://localhost:8080/"],
        ["MEMSTORE_BACKUP_NAME_FIELD", "backupNames"],
        ["MEMSTORE_ADD_SHARD_ASSIGNMENT", "array"],
        ["MEMSTORE_PRESUMED_RULES", "true"],
        ["MEMSTORE_USER_AGENT", "me/1"]
      )
      assert.deepStrictEqual(found, {
        region: "kr-east-1",
        baseUrl: "http://localhost:8080",
        backupNameField: "backupNames",
        addShardAssignment: "array",
        presumedRules: true,
        userAgent: "me/1"
      })
    })
  )

  it.effect("a malformed setting is an error and not a default", () =>
    Effect.gen(function* () {
      for (const entry of [
        ["MEMSTORE_BASE_URL", "ftp://x"],
        ["MEMSTORE_BASE_URL", "x"],
        ["MEMSTORE_BACKUP_NAME_FIELD", "name"],
        ["MEMSTORE_ATTEMPT_TIMEOUT", "soon"]
      ] as const) {
        yield* Effect.flip(read(entry))
      }
    })
  )

  it("the version in User-Agent is that of the package", () => {
    assert.strictEqual(version, packageJson.version)
  })

  it("the index exports one service for each operation", () => {
    for (const name of [
      "CreateCluster",
      "RestoreCluster",
      "UpdateCluster",
      "DeleteCluster",
      "AddShard",
      "ListShards"
    ]) {
      assert.property(Api, name)
    }
  })
})
