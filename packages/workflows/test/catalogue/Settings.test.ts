import { assert, it } from "@effect/vitest"
import { CreateBackup } from "@memstore-flows/api/CreateBackup"
import { ListBackups } from "@memstore-flows/api/ListBackups"
import * as Flow from "@memstore-flows/engine/Flow"
import * as Runs from "@memstore-flows/engine/Runs"
import * as Latencies from "@memstore-flows/model/Latencies"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as PauseBackups from "../../src/PauseBackups.js"
import * as ReconfigureCluster from "../../src/ReconfigureCluster.js"
import * as ScaleOut from "../../src/ScaleOut.js"
import { inCloud, sharedJournal } from "../support/Cloud.js"
import { watch } from "../support/Scenario.js"
import { contract, open, tagsOf } from "./FlowContract.js"
import * as Grounds from "./Grounds.js"

/** A cluster with a schedule of automatic backups. */
const scheduled = Effect.tap(Grounds.cluster(1), Grounds.scheduled("0 1 * * *"))

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
  keeping: (payload) => ({ ...payload, onUndo: "keep" as const }),
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
    },
    "earlier values that are not shown, and new parameters without a fresh backup, all at once": {
      ground: Grounds.cluster(1),
      payload: (payload) => ({ ...payload, change: { ...payload.change, parameterGroupId: "other" } }),
      found: ["NoFreshBackup", "PreviousUnknown"]
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

const locked = {
  payload: Schema.Struct({ clusterId: Schema.String }),
  error: PauseBackups.PauseError,
  resource: ({ clusterId }: { readonly clusterId: string }) => `cluster/${clusterId}`
}

it.effect("PauseBackups waits for a backup that is being made, and only then is the body begun", () =>
  inCloud(
    Effect.gen(function* () {
      const { clusterId } = yield* scheduled
      yield* Effect.flatMap(CreateBackup, (send) => send({ clusterId, name: "under way" }))
      const seen: Array<string | undefined> = []
      const note = Effect.map(
        Effect.flatMap(ListBackups, (list) => list({})),
        ({ backups }) => {
          seen.push(...backups.map(({ status }) => status))
        }
      )
      const flow = Flow.make({ ...locked, name: "Quiet" })
      const layer = flow.toLayer(() => PauseBackups.around({ clusterId })(Effect.orDie(note)))
      const { use } = yield* open(layer, yield* sharedJournal)
      yield* use(Runs.execute(flow, { payload: { clusterId } }))
      assert.deepStrictEqual(seen, ["Available"])
    }),
    { latencies: { ...Latencies.fast, backup: Duration.toMillis("1 hour") } }
  )
)

const Unlocked = Flow.make({ name: "Unlocked", payload: locked.payload, error: locked.error })

it.effect("PauseBackups in a flow that does not hold the cluster's lock is refused before any write", () =>
  inCloud(
    Effect.gen(function* () {
      const { clusterId } = yield* scheduled
      const watched = yield* watch
      const layer = Unlocked.toLayer(() => PauseBackups.around({ clusterId })(Effect.void))
      const { use } = yield* open(layer, yield* sharedJournal)
      const error = yield* use(Effect.flip(Runs.execute(Unlocked, { payload: { clusterId } })))
      assert.deepStrictEqual(tagsOf(error), ["LockMissing"])
      assert.deepStrictEqual(yield* watched.writes, {})
    })
  )
)
