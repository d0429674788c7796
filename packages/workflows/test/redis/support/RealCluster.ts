import { CreateCluster } from "@memstore-flows/api/CreateCluster"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Observe from "../../../src/Observe.js"
import * as RedisAccess from "../../../src/redis/RedisAccess.js"
import * as RedisCluster from "../../../src/redis/RedisCluster.js"
import * as Waiter from "../../../src/Waiter.js"
import * as WaitPolicy from "../../../src/WaitPolicy.js"

/** Whether a trial has its full size, as `npm run evidence` wants it. */
export const isFull = process.env["PLANE_POINTS"] === "all"

export const access = RedisAccess.make()
export const [a, b, c] = [{ id: "subnet-a" }, { id: "subnet-b" }, { id: "subnet-c" }] as const

/** The body of a cluster of shards with so many replicas each. */
export const body = (name = "source", shardCount = 2, replicas = 1) => ({
  name,
  version: "7.2.6",
  port: 6379,
  shardCount,
  nodeCountPerShard: replicas + 1,
  flavorId: "3830ebad-ea2f-4822-8a7d-9e301c86a58d",
  parameterGroupId: "any",
  subnets: [a, b, c],
  subnetAssignments: Array.from({ length: shardCount }, (_, index) => {
    const [primary, other] = index % 2 === 0 ? [a, b] : [b, a]
    return { primary, replicas: Array.from({ length: replicas }, () => other) }
  }),
  securityGroups: [{ id: "any" }]
})

/** Waits until a cluster is in service and nothing is under way. */
export const settled = (clusterId: string) =>
  Effect.flatMap(Waiter.deadlineIn(isFull ? "20 minutes" : "1 minute"), (deadline) =>
    Observe.settled({ clusterId, during: "test", deadline, appearing: true })
  )

/** A new cluster in service. */
export const created = (...spec: Parameters<typeof body>) =>
  Effect.gen(function* () {
    const create = yield* CreateCluster
    const { objectId } = yield* create(body(...spec))
    yield* settled(objectId)
    return objectId
  })

/** A client of a cluster that has nodes. */
export const clientOf = (clusterId: string, answerWithin?: Duration.DurationInput) =>
  Effect.flatMap(Observe.topology(clusterId), ({ shards }) =>
    RedisCluster.connect({
      endpoints: shards.flatMap(({ nodes }) => nodes.map(({ endpoint }) => endpoint)),
      access,
      connectWithin: "30 seconds",
      answerWithin
    })
  )

/** Looks often enough for servers on this machine. */
export const oftenEnough = Effect.provideService(
  WaitPolicy.WaitPolicy,
  WaitPolicy.make({ firstDelay: Duration.millis(50), maxDelay: Duration.millis(200), settle: Duration.seconds(2) })
)

/** Says what a trial of full size found. */
export const told = isFull ? Effect.logInfo : Effect.logDebug
