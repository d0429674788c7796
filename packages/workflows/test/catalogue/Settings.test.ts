import { assert } from "@effect/vitest"
import { UpdateCluster } from "@memstore-flows/api/UpdateCluster"
import * as Flow from "@memstore-flows/engine/Flow"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Observe from "../../src/Observe.js"
import * as PauseBackups from "../../src/PauseBackups.js"
import * as ReconfigureCluster from "../../src/ReconfigureCluster.js"
import * as ScaleOut from "../../src/ScaleOut.js"
import * as Waiter from "../../src/Waiter.js"
import { contract } from "./FlowContract.js"
import * as Grounds from "./Grounds.js"

const schedule = { cron: "0 1 * * *", retentionLimit: 7 }

/** A cluster with a schedule of automatic backups. */
const scheduled = Effect.tap(Grounds.cluster(1), ({ clusterId }) =>
  Effect.gen(function* () {
    const update = yield* UpdateCluster
    yield* update({ clusterId, backupSchedule: schedule })
    yield* Observe.settled({ clusterId, during: "setup", deadline: yield* Waiter.deadlineIn(Duration.hours(1)) })
  })
)

contract({
  title: "ReconfigureCluster",
  flow: ReconfigureCluster.flow,
  layer: ReconfigureCluster.layer,
  ground: scheduled,
  payload: ({ clusterId }) =>
    Effect.succeed({
      clusterId,
      change: {
        description: "changed",
        securityGroups: [{ id: "group-b" }],
        backupSchedule: { cron: "0 3 * * *", retentionLimit: 3 }
      }
    }),
  writes: { UpdateCluster: 1 },
  tells: ({ changed, previous }) => {
    assert.deepStrictEqual(changed, ["backupSchedule", "description", "securityGroups"])
    assert.deepStrictEqual(previous.securityGroups, [{ id: "group-a" }])
  },
  refusals: {
    "earlier values that are neither shown nor given": { ground: Grounds.cluster(1), found: ["PreviousUnknown"] },
    "new parameters without a fresh backup": {
      payload: (payload) => ({ ...payload, change: { parameterGroupId: "other" } }),
      found: ["NoFreshBackup"]
    }
  }
})

const Paused = Flow.make({
  name: "Paused",
  payload: Schema.Struct({ clusterId: Schema.String }),
  success: ScaleOut.Result,
  error: Schema.Union(...ScaleOut.flow.error.members, ...PauseBackups.PauseError.members),
  resource: ({ clusterId }) => `cluster/${clusterId}`
})

contract({
  title: "PauseBackups around ScaleOut",
  page: null,
  flow: Paused,
  layer: Paused.toLayer(({ clusterId }) =>
    ScaleOut.body({ clusterId, add: 1 }).pipe(PauseBackups.around({ clusterId }))
  ),
  ground: scheduled,
  payload: Effect.succeed,
  writes: { UpdateCluster: 2, AddShard: 1 },
  refusals: { "a schedule that is neither shown nor given": { ground: Grounds.cluster(1), found: ["PreviousUnknown"] } }
})
