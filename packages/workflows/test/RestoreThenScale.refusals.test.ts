import { assert, describe, it } from "@effect/vitest"
import { CreateBackup } from "@memstore-flows/api/CreateBackup"
import { Emulator } from "@memstore-flows/emulator/Emulator"
import * as Runs from "@memstore-flows/engine/Runs"
import * as Effect from "effect/Effect"
import * as RestoreThenScale from "../src/RestoreThenScale.js"
import { type CloudServices, flows, inCloud } from "./support/Cloud.js"
import { backedUp, clusterLike, restorePayload, specOf } from "./support/Fixture.js"
import { watch } from "./support/Scenario.js"

type Payload = RestoreThenScale.Payload

const changed = (cluster: Partial<Payload["cluster"]>, rest: Partial<Payload> = {}): Payload => {
  const payload = restorePayload(4, 2)
  return { ...payload, ...rest, cluster: { ...payload.cluster, ...cluster } }
}

/** What the run fails with; it must have written nothing. */
const refusalOf = (payload: Payload, prepare: (clusterId: string) => Effect.Effect<unknown, unknown, CloudServices>) =>
  inCloud(
    Effect.gen(function* () {
      yield* prepare(yield* backedUp(2))
      const watched = yield* watch
      const error = yield* Effect.flip(Runs.execute(RestoreThenScale.flow, { payload, id: "run" }))
      assert.deepStrictEqual(yield* watched.writes, {})
      assert.deepStrictEqual(
        (yield* watched.journal).filter(({ method, operation }) => method !== "GET" && operation !== "CreateToken"),
        []
      )
      return error
    }).pipe(Effect.provide(flows()))
  )

const x = { id: "subnet-x" }
const y = { id: "subnet-y" }
const nowhere = { id: "subnet-nowhere" }

/** Two further clusters, which leave the project with 54 of its 60 nodes. */
const crowded = Effect.forEach(["second", "third"], (name) => clusterLike({ ...specOf(8), name }))

/** A backup that takes 70 % of the flavor's memory in each shard. */
const heavy = (clusterId: string) =>
  Effect.gen(function* () {
    const emulator = yield* Emulator
    yield* emulator.loadKeys({ clusterId, count: 60_000, bytesPerKey: 100_000 })
    const createBackup = yield* CreateBackup
    yield* createBackup({ clusterId, name: "heavy" })
    yield* Effect.sleep("1 minute")
  })

const backupUnderWay = (clusterId: string) =>
  Effect.flatMap(CreateBackup, (createBackup) => createBackup({ clusterId, name: "unfinished" }))

interface Case {
  readonly payload: Payload
  readonly found: ReadonlyArray<string>
  readonly prepare?: (clusterId: string) => Effect.Effect<unknown, unknown, CloudServices>
}

const source = (backupName: string) => ({ restoreSource: { backupName } })

const cases: Readonly<Record<string, Case>> = {
  "a backup that does not exist": { payload: changed(source("none")), found: ["UnknownBackup"] },
  "a backup that is not available yet": {
    payload: changed(source("unfinished")),
    prepare: backupUnderWay,
    found: ["BackupNotAvailable"]
  },
  "another shard count than the backup's": {
    payload: changed({ shardCount: 3, subnetAssignments: specOf(3).subnetAssignments }),
    found: ["RestoreShardCount"]
  },
  "an older version than the backup's": { payload: changed({ version: "7.0.15" }), found: ["RestoreVersion"] },
  "a version that does not exist": { payload: changed({ version: "9.9.9" }), found: ["UnknownVersion"] },
  "a flavor that does not exist": { payload: changed({ flavorId: "a9-1024-co" }), found: ["UnknownFlavor"] },
  "a backup that takes more than 60 % of the flavor's memory": {
    payload: changed(source("heavy")),
    prepare: heavy,
    found: ["RestoreMemory"]
  },
  "a name that is taken": { payload: changed({ name: "source" }), found: ["NameTaken"] },
  "more nodes than the project's quota, the shards to come included": {
    payload: changed({}),
    prepare: () => crowded,
    found: ["QuotaNodesPerProject"]
  },
  "subnets outside the pool": {
    payload: changed({
      subnetAssignments: [
        { primary: nowhere, replicas: [x, x] },
        { primary: x, replicas: [x, nowhere] }
      ]
    }),
    found: ["SubnetOutsidePool", "SubnetOutsidePool"]
  },
  "a wrong number of replicas in an assignment": {
    payload: changed({
      subnetAssignments: [
        { primary: x, replicas: [y] },
        { primary: x, replicas: [y, y] }
      ]
    }),
    found: ["AssignmentReplicas"]
  },
  "a wrong number of assignments": {
    payload: changed({ subnetAssignments: [{ primary: x, replicas: [y, y] }] }),
    found: ["AssignmentCount"]
  },
  "all nodes of a shard in one subnet, be it there from the start or added": {
    payload: changed(
      {
        subnetAssignments: [
          { primary: x, replicas: [x, x] },
          { primary: x, replicas: [y, y] }
        ]
      },
      {
        newShards: [
          { primary: y, replicas: [y, y] },
          { primary: x, replicas: [y, y] }
        ]
      }
    ),
    found: ["NotSpread", "NotSpread"]
  },
  "automatic backups that would be due while shards are added": {
    payload: changed({ backupSchedule: { cron: "0 5 * * *", retentionLimit: 1 } }),
    found: ["BackupDue"]
  },
  "a wrong number of new shards": {
    payload: changed({}, { newShards: [{ primary: x, replicas: [y, y] }] }),
    found: ["AssignmentCount"]
  },
  "new shards where none are added": {
    payload: changed({}, { shards: 1, newShards: [{ primary: x, replicas: [y, y] }] }),
    found: ["AssignmentCount"]
  },
  "new shards outside the pool, with a wrong number of replicas": {
    payload: changed(
      {},
      {
        newShards: [
          { primary: nowhere, replicas: [x, x] },
          { primary: x, replicas: [y] }
        ]
      }
    ),
    found: ["AssignmentReplicas", "SubnetOutsidePool"]
  },
  "everything wrong at once": {
    payload: changed(
      { version: "6.0.0", flavorId: "none", name: "source", subnetAssignments: [{ primary: nowhere, replicas: [x] }] },
      { newShards: [{ primary: nowhere, replicas: [x] }] }
    ),
    prepare: () => crowded,
    found: [
      "AssignmentCount",
      "AssignmentCount",
      "AssignmentReplicas",
      "AssignmentReplicas",
      "NameTaken",
      "QuotaNodesPerProject",
      "RestoreVersion",
      "SubnetOutsidePool",
      "SubnetOutsidePool",
      "UnknownFlavor",
      "UnknownVersion"
    ]
  }
}

it.effect("a restore goes on with a check that is off, and the reason is in what the run was started with", () =>
  inCloud(
    Effect.gen(function* () {
      yield* backedUp(2)
      const checksOff = [{ check: "noBackupDue" as const, reason: "backups are quick here" }]
      const payload = changed({ backupSchedule: { cron: "0 5 * * *", retentionLimit: 1 } }, { shards: 3, checksOff })
      yield* Runs.execute(RestoreThenScale.flow, { payload, id: "run" })
      assert.deepStrictEqual((yield* Runs.payload(RestoreThenScale.flow, "run")).checksOff, checksOff)
    }).pipe(Effect.provide(flows()))
  )
)

describe("before any write, a restore is refused for", () => {
  for (const [reason, { found, payload, prepare = () => Effect.void }] of Object.entries(cases)) {
    it.effect(reason, () =>
      Effect.gen(function* () {
        const error = yield* refusalOf(payload, prepare)
        if (error._tag !== "Refused") return assert.fail(`${error._tag}: ${error.message}`)
        assert.deepStrictEqual(error.findings.map(({ _tag }) => _tag).sort(), found)
        assert.strictEqual(error.flow, "RestoreThenScale")
      })
    )
  }

  it.effect("a database user whose password cannot be had", () =>
    Effect.gen(function* () {
      const error = yield* refusalOf(changed({ user: { name: "app" } }), () => Effect.void)
      assert.deepStrictEqual(error._tag === "Refused" && error.findings.map(({ _tag }) => _tag), ["NoPassword"])
    })
  )

  for (const shards of [0, 13]) {
    it.effect(`${shards} shards, when the run is to be started`, () =>
      Effect.gen(function* () {
        const error = yield* refusalOf(changed({}, { shards }), () => Effect.void)
        assert.strictEqual(error._tag, "PayloadInvalid")
      })
    )
  }

  for (const nodeCountPerShard of [1, 6]) {
    it.effect(`${nodeCountPerShard} nodes in each shard, when the run is to be started`, () =>
      Effect.gen(function* () {
        const error = yield* refusalOf(changed({ nodeCountPerShard }), () => Effect.void)
        assert.strictEqual(error._tag, "PayloadInvalid")
      })
    )
  }
})
