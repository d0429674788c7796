import { Emulator, EmulatorClient } from "@memstore-flows/emulator"
import * as BackupNow from "@memstore-flows/workflows/BackupNow"
import { Layer, Redacted } from "effect"
import { afterAll, assert, describe, it } from "vitest"
import { createMemStoreFlows, inWindow, rollOut } from "../src/index.js"
import { cluster } from "./support/cluster.js"
import { secret } from "./support/flows.js"

const cloud = Emulator.layer({ latencies: "instant", credential: { secret: Redacted.make(secret) } })

describe("flows made of flows", async () => {
  const flows = await createMemStoreFlows({
    credential: { id: "emulator", secret },
    http: EmulatorClient.layer().pipe(Layer.provide(cloud)),
    flows: { "RollOut/BackupNow": rollOut(BackupNow), "InWindow/BackupNow": inWindow(BackupNow) },
    wait: { firstDelay: 5, maxDelay: "20 millis", settle: 20 }
  })
  afterAll(flows.close)

  it("go over many clusters, and work in windows", async () => {
    const { clusterId } = await flows.run("ProvisionCluster", { cluster: cluster("one") })
    const { results } = await flows.run("RollOut/BackupNow", {
      name: "nightly",
      budget: 1,
      canary: 0,
      targets: [
        { name: "none", payload: { clusterId: "none", name: "a" } },
        { name: "one", payload: { clusterId, name: "b" } }
      ]
    })
    assert.deepStrictEqual(
      results.map(({ _tag }) => _tag),
      ["Failed", "Succeeded"]
    )
    const windows = [{ cron: "* * * * *", lasts: 3_600_000 }] as const
    const backup = await flows.run("InWindow/BackupNow", { windows, payload: { clusterId, name: "c" } })
    assert.strictEqual(backup.status, "Available")
  })
})
