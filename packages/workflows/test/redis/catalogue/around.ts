import { assert } from "@effect/vitest"
import { UpdateCluster } from "@memstore-flows/api/UpdateCluster"
import { Emulator } from "@memstore-flows/emulator/Emulator"
import * as Flow from "@memstore-flows/engine/Flow"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as InWindow from "../../../src/InWindow.js"
import * as PauseBackups from "../../../src/PauseBackups.js"
import * as RollOut from "../../../src/RollOut.js"
import * as SetReplicaCount from "../../../src/SetReplicaCount.js"
import { a, b, c } from "../support/RealCluster.js"
import { type Act, perform } from "./Act.js"
import { answerLost, primaryDies } from "./faults.js"
import { made, settled, specOf, whole, writerOn } from "./Stage.js"

const subnets = [a.id, b.id, c.id] as const

const Paused = Flow.make({
  name: "Paused",
  payload: SetReplicaCount.Payload,
  success: SetReplicaCount.Result,
  error: Schema.Union(...SetReplicaCount.flow.error.members, ...PauseBackups.PauseError.members),
  resource: ({ clusterId }) => `cluster/${clusterId}`
})
const paused = Paused.toLayer((payload) => PauseBackups.around(payload)(SetReplicaCount.body(payload)))

const Windowed = InWindow.of(SetReplicaCount)
const Rolled = RollOut.of(SetReplicaCount)

/** What is built around any flow. */
export const around = {
  pauseBackups: {
    title: "PauseBackups around SetReplicaCount",
    fault: primaryDies("while a replica joins it", { operation: "AddReplica", step: "follow" }, { shardId: "001" }),
    play: ({ clusterId }) =>
      Effect.gen(function* () {
        const backupSchedule = { cron: "0 4 * * *", retentionLimit: 7 }
        yield* Effect.flatMap(UpdateCluster, (update) => update({ clusterId, backupSchedule }))
        yield* settled(clusterId)
        const payload = { clusterId, nodesPerShard: 3, subnets }
        const { added } = yield* perform({ flow: Paused, layer: paused }, payload)
        assert.strictEqual(added.length, 2)
        const { clusters } = yield* Effect.flatMap(Emulator, ({ state }) => state)
        assert.deepStrictEqual(clusters[0]?.backupSchedule, backupSchedule)
      })
  },
  inWindow: {
    title: "InWindow of SetReplicaCount",
    fault: answerLost("AddReplica"),
    play: ({ clusterId }) =>
      Effect.gen(function* () {
        const windows = [{ cron: "*/2 * * * * *", lasts: Duration.seconds(1) }] as const
        const layer = Windowed.flow.toLayer(Windowed.body)
        const payload = { windows, payload: { clusterId, nodesPerShard: 3, subnets } }
        const { added } = yield* perform({ flow: Windowed.flow, layer }, payload)
        assert.strictEqual(added.length, 2)
      })
  },
  rollOut: {
    title: "RollOut of SetReplicaCount",
    fault: primaryDies("while a replica joins it", { operation: "AddReplica", step: "follow" }, { shardId: "002" }),
    play: ({ clusterId }) =>
      Effect.gen(function* () {
        const second = yield* made(specOf("second"))
        const writer = yield* writerOn(second, "second")
        const target = (name: string, id: string) => ({
          name,
          payload: { clusterId: id, nodesPerShard: 3, subnets }
        })
        const layer = Rolled.flow.toLayer(Rolled.body).pipe(Layer.provideMerge(SetReplicaCount.layer))
        const targets = [target("source", clusterId), target("second", second)] as const
        const { results, stopped } = yield* writer.during(
          perform({ flow: Rolled.flow, layer }, { name: "replicas", targets })
        )
        assert.isNull(stopped, JSON.stringify(results))
        assert.deepStrictEqual(
          results.map(({ _tag }) => _tag),
          ["Succeeded", "Succeeded"]
        )
        yield* whole(writer, second, "the second cluster of a roll-out")
      })
  }
} satisfies Readonly<Record<string, Act>>
