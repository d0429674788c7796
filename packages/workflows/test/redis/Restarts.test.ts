import * as FileSystem from "@effect/platform/FileSystem"
import * as NodeContext from "@effect/platform-node/NodeContext"
import { assert, it } from "@effect/vitest"
import { AddShard } from "@memstore-flows/api/AddShard"
import * as MemStore from "@memstore-flows/api/MemStore"
import * as Emulator from "@memstore-flows/emulator/Emulator"
import * as EmulatorClient from "@memstore-flows/emulator/EmulatorClient"
import * as RedisPlane from "@memstore-flows/emulator/RedisPlane"
import * as StateFolder from "@memstore-flows/emulator/StateFolder"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Random from "effect/Random"
import * as Scope from "effect/Scope"
import type { RedisCluster } from "../../src/redis/RedisCluster.js"
import * as Writer from "../../src/redis/Writer.js"
import { a, b, clientOf, created, isFull, oftenEnough, settled, told } from "./support/RealCluster.js"
import { binary } from "./support/Server.js"

const steps = ["written", "importing", "migrating", "keys", "emptied", "target", "source", "closed", "reported"]

/** Where an emulator is cut off: at the so-manieth sight of a step since it was started. */
interface Point {
  readonly step: string
  readonly sight: number
}

const pointOf = (life: number): Point => ({ step: steps[life % steps.length] ?? "", sight: 1 + (life % 4) })
const isCut = (life: number): boolean => isFull || life === 0

const cloud = (directory: string, onStep: (name: string) => Effect.Effect<void>) =>
  MemStore.layer({ credential: Emulator.defaultCredential }).pipe(
    Layer.provide(EmulatorClient.layer()),
    Layer.provideMerge(
      Layer.scoped(
        Emulator.Emulator,
        Effect.gen(function* () {
          const storage = yield* StateFolder.make(directory)
          const plane = yield* RedisPlane.make({ directory: `${directory}/servers`, onStep })
          return yield* Emulator.make({ plane, storage })
        })
      ).pipe(Layer.provide(NodeContext.layer))
    )
  )

/** An emulator on a folder, stopped dead at a point of a migration; `end` ends it with all its servers. */
const start = (directory: string, { sight, step }: Point) =>
  Effect.gen(function* () {
    const scope = yield* Scope.make()
    const reached = yield* Deferred.make<"reached">()
    let seen = 0
    const onStep = (name: string) =>
      Effect.suspend(() =>
        name === step && ++seen >= sight
          ? Effect.zipRight(Deferred.succeed(reached, "reached"), Effect.never)
          : Effect.void
      )
    const services = yield* Layer.buildWithScope(cloud(directory, onStep), scope)
    return { services, reached: Deferred.await(reached), end: Scope.close(scope, Exit.void) }
  })

/** A client that outlives the servers: what it is told goes to the cluster as it is now. */
const changeable = () => {
  let now: RedisCluster | undefined
  const cluster: RedisCluster = {
    call: (...command) => Effect.suspend(() => now?.call(...command) ?? Effect.never),
    transact: (commands) => Effect.suspend(() => now?.transact(commands) ?? Effect.never)
  }
  return {
    cluster,
    to: (client: RedisCluster) =>
      Effect.sync(() => {
        now = client
      })
  }
}

/** One life of the emulator. Answers whether the migration has come to its end in it. */
const live = (trial: Trial, life: number) =>
  Effect.gen(function* () {
    const { client, directory, writer } = trial
    const clients = yield* Scope.make()
    const emulator = yield* start(directory, isCut(life) ? pointOf(life + 5) : { step: "never", sight: 1 })
    const end = Effect.zipRight(emulator.end, Scope.close(clients, Exit.void))
    return yield* Effect.gen(function* () {
      const clusterId = life === 0 ? yield* created() : trial.clusterId
      trial.clusterId = clusterId
      yield* Effect.flatMap(Scope.extend(clientOf(clusterId, "2 seconds"), clients), client.to)
      if (life === 0) {
        yield* writer.fill
        const add = yield* AddShard
        yield* add({ clusterId, nodeCount: 2, subnetAssignments: { primary: a, replicas: [b] } })
      }
      // The servers die while writes are under way.
      const outcome = yield* writer.during(
        Effect.raceFirst(
          Effect.asSome(settled(clusterId)),
          Effect.as(Effect.zipRight(emulator.reached, end), Option.none())
        )
      )
      if (Option.isNone(outcome)) return false
      assert.sameMembers(
        outcome.value.shards.map(({ slots }) => slots),
        ["0-5460", "5461-10922", "10923-16383"]
      )
      assert.deepInclude(yield* writer.readBack(), { keys: 1400, kept: 1400, lost: 0, stale: 0, torn: 0 })
      return true
    }).pipe(Effect.provide(emulator.services), Effect.ensuring(end))
  })

interface Trial {
  readonly directory: string
  readonly client: ReturnType<typeof changeable>
  readonly writer: Writer.Writer
  clusterId: string
}

it.scopedLive.skipIf(binary === undefined)(
  "a migration whose emulator dies with all servers again and again ends with all slots and every acknowledged write",
  () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const directory = yield* fs.makeTempDirectoryScoped()
      const client = changeable()
      const writer = yield* Writer.make({ cluster: client.cluster, keys: 1400, writers: 2 })
      const trial: Trial = { directory, client, writer, clusterId: "" }
      let life = 0
      while (!(yield* live(trial, life))) life++
      yield* told(`cut off ${life} times, ${(yield* writer.tally).acknowledged} writes`)
      assert.isAtLeast(life, isFull ? 20 : 1)
    }).pipe(oftenEnough, Effect.withRandom(Random.make("restarts")), Effect.provide(NodeContext.layer)),
  isFull ? 1_800_000 : 120_000
)
