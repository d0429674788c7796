import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as FastCheck from "effect/FastCheck"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { AddReplica } from "../src/AddReplica.js"
import { AddShard } from "../src/AddShard.js"
import { CreateBackup } from "../src/CreateBackup.js"
import { CreateCluster } from "../src/CreateCluster.js"
import { DeleteCluster } from "../src/DeleteCluster.js"
import { DeleteNode } from "../src/DeleteNode.js"
import { DeleteShard } from "../src/DeleteShard.js"
import { GetNode } from "../src/GetNode.js"
import { GetShard } from "../src/GetShard.js"
import { ListNodes } from "../src/ListNodes.js"
import { ListShards } from "../src/ListShards.js"
import * as MemStore from "../src/MemStore.js"
import type { InvalidInput } from "../src/MemStoreError.js"
import { RestoreCluster } from "../src/RestoreCluster.js"
import { UpdateCluster } from "../src/UpdateCluster.js"
import { fakeHttp } from "./support/FakeHttp.js"
import { cluster, clusterId, nodeId, restoreSource, shardId, subnetX, subnetY, token } from "./support/samples.js"

type Input = Readonly<Record<string, unknown>>

/** One way to spoil a request: the fields it touches, those it needs unspoiled, and the path its fault must have. */
interface Spoiler {
  readonly touches: ReadonlyArray<string>
  readonly path: string
  readonly spoil: (input: Input) => Input
}

const set = (field: string, path: string, ...values: ReadonlyArray<unknown>): ReadonlyArray<Spoiler> =>
  values.map((value) => ({ touches: [field], path, spoil: (input) => ({ ...input, [field]: value }) }))

const drop = (...fields: ReadonlyArray<string>): ReadonlyArray<Spoiler> =>
  fields.map((field) => ({
    touches: [field],
    path: field,
    spoil: ({ [field]: _, ...rest }) => rest
  }))

const assignment = { primary: subnetX, replicas: [subnetY, subnetY] }
const foreign = { id: "zzzzzzzz-0a69-4f8b-b56d-59ce12b4d55b" }
const password = Redacted.make("if2iOwJYiklliJIT8tvqoY")

const clusterSpoilers: ReadonlyArray<Spoiler> = [
  ...set("name", "name", "", 7, null),
  ...set("description", "description", 7),
  ...set("version", "version", "5.0.6", "", 6),
  ...set("port", "port", 1999, 50_001, -1, 6379.5, "6379", Number.NaN),
  ...set("flavorId", "flavorId", "", 1),
  ...set("parameterGroupId", "parameterGroupId", "", null),
  ...set("tlsEnabled", "tlsEnabled", "yes", 1),
  ...set(
    "backupSchedule",
    "backupSchedule.cron",
    ...["* 1 * *", "* 1 * * * *", "", "* 1 * *  *", "five", 5].map((cron) => ({ cron, retentionLimit: 7 }))
  ),
  ...set(
    "backupSchedule",
    "backupSchedule.retentionLimit",
    ...[0, -1, 1.5, "7"].map((retentionLimit) => ({ cron: "* 1 * * *", retentionLimit }))
  ),
  ...set("user", "user.name", { name: "", password }),
  ...set(
    "user",
    "user.password",
    { name: "a", password: "plain" },
    { name: "a", password: Redacted.make("") },
    { name: "a" }
  ),
  ...set("securityGroups", "securityGroups", [], "a"),
  ...set("securityGroups", "securityGroups[0].id", [{ id: "" }], [{}]),
  ...set("colour", "colour", "red"),
  ...drop("name", "version", "port", "flavorId", "parameterGroupId", "securityGroups"),
  // over the shape: each touches all fields it is about
  ...["shardCount", "nodeCountPerShard"].flatMap((field) => [
    ...set(field, field, 0, 13, -2, 1.5, "2", undefined).map((each) => ({ ...each, touches: ["shape"] }))
  ]),
  { touches: ["shape"], path: "subnetAssignments", spoil: (input) => ({ ...input, subnetAssignments: [assignment] }) },
  { touches: ["shape"], path: "subnetAssignments", spoil: (input) => ({ ...input, subnetAssignments: [] }) },
  {
    touches: ["shape"],
    path: "subnetAssignments[1].replicas",
    spoil: (input) => ({ ...input, subnetAssignments: [assignment, { ...assignment, replicas: [subnetY] }] })
  },
  {
    touches: ["shape"],
    path: "subnetAssignments[0].primary.id",
    spoil: (input) => ({ ...input, subnetAssignments: [{ ...assignment, primary: foreign }, assignment] })
  },
  {
    touches: ["shape"],
    path: "subnetAssignments[1].replicas[1].id",
    spoil: (input) => ({ ...input, subnetAssignments: [assignment, { ...assignment, replicas: [subnetY, foreign] }] })
  },
  {
    touches: ["shape"],
    path: "subnetAssignments[0].replicas[0].id",
    spoil: (input) => ({
      ...input,
      subnetAssignments: [{ ...assignment, replicas: [{ id: "" }, subnetY] }, assignment]
    })
  },
  { touches: ["shape"], path: "subnets", spoil: (input) => ({ ...input, subnets: [] }) },
  { touches: ["shape"], path: "subnets[1].id", spoil: (input) => ({ ...input, subnets: [subnetX, { id: "" }] }) }
]

const badIds = ["", "a/b", "..", ".", "a b", "a?b", "a#b", "a%2fb", "é", "x".repeat(256), 7, null]
const id = (field: string) => set(field, field, ...badIds)

const cases: Record<string, { readonly valid: Input; readonly spoilers: ReadonlyArray<Spoiler> }> = {
  CreateCluster: {
    valid: { ...cluster },
    spoilers: [...clusterSpoilers, ...set("restoreSource", "restoreSource", restoreSource)]
  },
  RestoreCluster: {
    valid: { ...cluster, restoreSource },
    spoilers: [
      ...clusterSpoilers,
      ...drop("restoreSource"),
      ...set("restoreSource", "restoreSource.backupName", { backupName: "" }, { backupName: ["a"] })
    ]
  },
  UpdateCluster: {
    valid: { clusterId, description: "a" },
    spoilers: [
      ...id("clusterId"),
      ...drop("description").map((each) => ({
        ...each,
        touches: ["description", "backupSchedule", "parameterGroupId", "securityGroups"],
        path: ""
      })),
      ...set("description", "description", 1),
      ...set("parameterGroupId", "parameterGroupId", ""),
      ...set("backupSchedule", "backupSchedule.cron", { cron: "* 1 * *" }, { cron: 1 }),
      ...set("backupSchedule", "backupSchedule.retentionLimit", { retentionLimit: 0 }),
      ...set("backupSchedule", "backupSchedule", {}),
      ...set("securityGroups", "securityGroups", []),
      ...set("securityGroups", "securityGroups[0].id", [{ id: "" }]),
      // nothing else can be changed
      ...["name", "version", "port", "tlsEnabled", "flavorId", "user", "subnets"].flatMap((field) =>
        set(field, field, cluster[field as keyof typeof cluster])
      )
    ]
  },
  DeleteCluster: {
    valid: { clusterId },
    spoilers: [...id("clusterId"), ...set("keepAutomaticBackups", "keepAutomaticBackups", "true")]
  },
  AddShard: {
    valid: { clusterId, nodeCount: 3, subnetAssignments: assignment },
    spoilers: [
      ...id("clusterId"),
      ...set("nodeCount", "nodeCount", 0, 1, 6, 2.5, "3").map((each) => ({ ...each, touches: ["shape"] })),
      ...set(
        "subnetAssignments",
        "subnetAssignments.replicas",
        { ...assignment, replicas: [subnetY] },
        { primary: subnetX }
      ).map((each) => ({ ...each, touches: ["shape"] })),
      ...set("subnetAssignments", "subnetAssignments.primary", { replicas: [subnetY, subnetY] }).map((each) => ({
        ...each,
        touches: ["shape"]
      }))
    ]
  },
  ListShards: { valid: { clusterId }, spoilers: id("clusterId") },
  GetShard: { valid: { clusterId, shardId }, spoilers: [...id("clusterId"), ...id("shardId")] },
  DeleteShard: { valid: { clusterId, shardId }, spoilers: [...id("clusterId"), ...id("shardId")] },
  ListNodes: { valid: { clusterId, shardId }, spoilers: [...id("clusterId"), ...id("shardId")] },
  GetNode: {
    valid: { clusterId, shardId, nodeId },
    spoilers: [...id("clusterId"), ...id("shardId"), ...id("nodeId")]
  },
  AddReplica: {
    valid: { clusterId, shardId, subnet: subnetX },
    spoilers: [...id("clusterId"), ...id("shardId"), ...set("subnet", "subnet.id", { id: "" }, {}), ...drop("subnet")]
  },
  DeleteNode: {
    valid: { clusterId, shardId, nodeId },
    spoilers: [...id("clusterId"), ...id("shardId"), ...id("nodeId"), ...drop("nodeId")]
  },
  CreateBackup: {
    valid: { clusterId, name: "nightly" },
    spoilers: [...id("clusterId"), ...set("name", "name", "", 1)]
  }
}

const services = {
  CreateCluster,
  RestoreCluster,
  UpdateCluster,
  DeleteCluster,
  AddShard,
  ListShards,
  GetShard,
  DeleteShard,
  AddReplica,
  ListNodes,
  GetNode,
  DeleteNode,
  CreateBackup
}

/** Calls an operation with whatever is given, as plain JavaScript can, and tells what came of it and what was sent. */
const attempt = (operation: string, input: Input, presumedRules = false) => {
  const http = fakeHttp(() => ({ status: 200, body: { objectId: clusterId } }))
  const tag = services[operation as keyof typeof services] as unknown as Effect.Effect<
    (request: unknown) => Effect.Effect<unknown, { readonly _tag: string }>,
    never,
    MemStore.Operations
  >
  return Effect.flatMap(tag, (call) => Effect.exit(call(input))).pipe(
    Effect.map((exit) => ({ exit, sent: http.seen.length })),
    Effect.provide(MemStore.layer({ token, presumedRules }).pipe(Layer.provide(http.layer)))
  )
}

const refusal = (operation: string, input: Input, presumedRules = false) =>
  Effect.map(attempt(operation, input, presumedRules), ({ exit, sent }): InvalidInput => {
    assert.strictEqual(sent, 0)
    if (exit._tag !== "Failure" || exit.cause._tag !== "Fail") throw new Error(`accepted ${JSON.stringify(input)}`)
    assert.strictEqual(exit.cause.error._tag, "InvalidInput")
    return exit.cause.error as InvalidInput
  })

/** Spoilers of which no two touch the same field. */
const spoilersOf = (all: ReadonlyArray<Spoiler>) =>
  FastCheck.shuffledSubarray([...all], { minLength: 1, maxLength: Math.min(all.length, 12) }).map((some) => {
    const touched = new Set<string>()
    return some.filter(({ touches }) => {
      if (touches.some((field) => touched.has(field))) return false
      for (const field of touches) touched.add(field)
      return true
    })
  })

describe("invalid requests", () => {
  for (const [operation, { spoilers, valid }] of Object.entries(cases)) {
    it.effect(`${operation}: the request that the others are made from is accepted`, () =>
      Effect.gen(function* () {
        const { exit, sent } = yield* attempt(operation, valid)
        assert.notInclude(JSON.stringify(exit), "InvalidInput")
        assert.strictEqual(sent, 1)
      })
    )

    for (const [index, { path, spoil }] of spoilers.entries()) {
      it.effect(`${operation}: fault ${index + 1} is found at "${path}"`, () =>
        Effect.gen(function* () {
          const error = yield* refusal(operation, spoil(valid))
          assert.include(
            error.faults.map((fault) => fault.path),
            path
          )
        })
      )
    }

    it.effect.prop(
      `${operation}: every fault of a request is named, and nothing is sent`,
      [spoilersOf(spoilers)],
      ([some]) =>
        Effect.gen(function* () {
          const error = yield* refusal(
            operation,
            some.reduce<Input>((input, { spoil }) => spoil(input), valid)
          )
          const paths = error.faults.map((fault) => fault.path)
          for (const { path } of some) assert.include(paths, path)
        }),
      { fastCheck: { numRuns: 60 } }
    )
  }

  it.effect("faults of single fields and of several together come at once", () =>
    Effect.gen(function* () {
      const error = yield* refusal("CreateCluster", {
        ...cluster,
        name: 7,
        port: 1,
        version: "5.0.6",
        shardCount: 3,
        subnetAssignments: [assignment, { primary: foreign, replicas: [subnetY] }]
      })
      assert.deepStrictEqual(error.faults.map(({ path }) => path).sort(), [
        "name",
        "port",
        "subnetAssignments",
        "subnetAssignments[1].primary.id",
        "subnetAssignments[1].replicas",
        "version"
      ])
    })
  )

  it.effect("more than 60 nodes are named as such", () =>
    Effect.gen(function* () {
      const error = yield* refusal("CreateCluster", { ...cluster, shardCount: 13, nodeCountPerShard: 5 })
      assert.include(error.message, "makes 65 nodes in total, and a project has at most 60")
    })
  )

  it.effect("a password given as plain text is refused and not repeated", () =>
    Effect.gen(function* () {
      for (const user of [
        { name: "a", password: "plain-secret" },
        "plain-secret",
        { name: "a", passwd: "plain-secret" }
      ]) {
        const error = yield* refusal("CreateCluster", { ...cluster, user })
        assert.notInclude(`${error.message} ${JSON.stringify(error)}`, "plain-secret")
      }
    })
  )

  it.effect("something that is no object is refused", () =>
    Effect.gen(function* () {
      for (const input of [null, undefined, 7, "a", []]) {
        const error = yield* refusal("AddShard", input as unknown as Input)
        assert.isNotEmpty(error.faults)
      }
    })
  )
})

describe("rules documented for cluster mode disabled only", () => {
  const presumed = [
    { ...cluster, name: "Test_Cluster" },
    { ...cluster, name: "a--bc" },
    { ...cluster, description: "two\nlines" },
    { ...cluster, description: "🎉" },
    { ...cluster, description: "x".repeat(101) }
  ]

  it.effect("are not applied by default", () =>
    Effect.gen(function* () {
      for (const input of presumed) assert.strictEqual((yield* attempt("CreateCluster", input)).sent, 1)
    })
  )

  it.effect("are applied when asked for", () =>
    Effect.gen(function* () {
      for (const input of presumed) assert.lengthOf((yield* refusal("CreateCluster", input, true)).faults, 1)
    })
  )
})

describe("valid requests", () => {
  const shape = FastCheck.tuple(
    FastCheck.integer({ min: 1, max: 12 }),
    FastCheck.integer({ min: 2, max: 5 }),
    FastCheck.integer({ min: 2000, max: 50_000 }),
    FastCheck.array(FastCheck.uuid(), { minLength: 1, maxLength: 5 }),
    FastCheck.nat()
  )

  it.effect.prop("a cluster within the limits is accepted", [shape], ([[shards, nodes, port, ids, seed]]) =>
    Effect.gen(function* () {
      const at = (index: number) => ({ id: ids[(seed + index) % ids.length] })
      const { sent } = yield* attempt("CreateCluster", {
        ...cluster,
        port,
        shardCount: shards,
        nodeCountPerShard: nodes,
        subnets: ids.map((each) => ({ id: each })),
        subnetAssignments: Array.from({ length: shards }, (_, index) => ({
          primary: at(index),
          replicas: Array.from({ length: nodes - 1 }, (__, replica) => at(index + replica))
        }))
      })
      assert.strictEqual(sent, 1)
    })
  )
})
