// Any flow inside maintenance windows, and any flow over many clusters: a canary first, then the others side by side.
import { NodeRuntime } from "@effect/platform-node"
import { Engine, Journal, Runs } from "@memstore-flows/engine"
import { BackupNow, InWindow, ProvisionCluster, RollOut, ScaleOut } from "@memstore-flows/workflows"
import * as Window from "@memstore-flows/workflows/Window"
import { Console, DateTime, Duration, Effect, Layer } from "effect"
import { clusterSpec, instantCloud } from "./support/InstantCloud.js"

const BackupAll = RollOut.of(BackupNow)
const ScaleOutInWindow = InWindow.of(ScaleOut)

const program = Effect.gen(function* () {
  const clusters = yield* Effect.forEach(["one", "two", "three"], (name) =>
    Effect.map(
      Runs.execute(ProvisionCluster.flow, { payload: { cluster: clusterSpec(name, 1) } }),
      ({ clusterId }) => ({ name, payload: { clusterId, name: `${name} today` } })
    )
  )
  const [canary, ...others] = clusters
  if (canary === undefined) return

  // Each cluster is a run of its own: `roll-out/two` can be watched, cancelled and undone by itself.
  const { results, stopped } = yield* Runs.execute(BackupAll.flow, {
    id: "roll-out",
    payload: { name: "backups", targets: [canary, ...others], canary: 1, concurrency: 2, budget: 1 }
  })
  yield* Console.log(results.map(({ _tag, run }) => `${run}: ${_tag}`).join("\n"), stopped ?? "complete")

  // Nights in Seoul, with an hour to spare. Every minute, here.
  const nights = {
    windows: [{ cron: "0 2 * * *", timeZone: "Asia/Seoul", lasts: Duration.hours(4) }] as const,
    reserve: Duration.hours(1)
  }
  const seen = Window.look(nights, DateTime.toEpochMillis(DateTime.unsafeMake("2026-12-01T00:00:00Z")))
  yield* Console.log(seen._tag === "Closed" ? `opens ${DateTime.formatIso(DateTime.unsafeMake(seen.opensAt))}` : "open")
  const always = { windows: [{ cron: "* * * * *", lasts: Duration.hours(1) }] as const }
  const { added } = yield* Runs.execute(ScaleOutInWindow.flow, {
    payload: { ...always, payload: { clusterId: canary.payload.clusterId, add: 1 } }
  })
  yield* Console.log(`added ${added}`)
})

const flows = Layer.mergeAll(
  BackupAll.flow.toLayer(BackupAll.body),
  ScaleOutInWindow.flow.toLayer(ScaleOutInWindow.body)
).pipe(
  Layer.provideMerge(Layer.mergeAll(BackupNow.layer, ProvisionCluster.layer)),
  Layer.provideMerge(Engine.layer()),
  Layer.provide(Journal.layerMemory),
  Layer.provideMerge(instantCloud)
)
NodeRuntime.runMain(Effect.provide(program, flows))
