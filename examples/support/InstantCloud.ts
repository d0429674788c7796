import { MemStore } from "@memstore-flows/api"
import { Emulator, EmulatorClient } from "@memstore-flows/emulator"
import { type ProvisionCluster, WaitPolicy } from "@memstore-flows/workflows"
import { Duration, Layer, Redacted } from "effect"

/** An emulator that needs no time, in this process. `cloud` of `Environment.ts` also knows the real one. */
export const instantCloud = MemStore.layer({ credential: { id: "emulator", secret: Redacted.make("emulator") } }).pipe(
  Layer.provide(EmulatorClient.layer()),
  Layer.provideMerge(Emulator.layer({ latencies: "instant" })),
  Layer.merge(
    Layer.succeed(
      WaitPolicy.WaitPolicy,
      WaitPolicy.make({
        firstDelay: Duration.millis(5),
        maxDelay: Duration.millis(20),
        settle: Duration.millis(100)
      })
    )
  )
)

const [a, b, c] = [{ id: "subnet-a" }, { id: "subnet-b" }, { id: "subnet-c" }]

/** What to make: shards of three nodes in subnets a and b of a, b, c. */
export const clusterSpec = (name: string, shardCount = 2): ProvisionCluster.Payload["cluster"] => ({
  name,
  version: "7.2.6",
  port: 6379,
  shardCount,
  nodeCountPerShard: 3,
  flavorId: "3830ebad-ea2f-4822-8a7d-9e301c86a58d",
  parameterGroupId: "bbbbcccc-1234-1234-5678-e705e91db2fb",
  subnets: [a, b, c],
  subnetAssignments: Array.from({ length: shardCount }, (_, index) =>
    index % 2 === 0 ? { primary: a, replicas: [b, b] } : { primary: b, replicas: [a, a] }
  ),
  securityGroups: [{ id: "abcdxxxx-4870-4c4e-a267-2de13e38c2ea" }]
})
