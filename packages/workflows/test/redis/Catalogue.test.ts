import { describe, it } from "@effect/vitest"
import * as RedisPlane from "@memstore-flows/emulator/RedisPlane"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import * as RedisReplicaSync from "../../src/redis/RedisReplicaSync.js"
import * as WaitPolicy from "../../src/WaitPolicy.js"
import { type Act, play } from "./catalogue/Act.js"
import { around } from "./catalogue/around.js"
import { changes } from "./catalogue/changes.js"
import { clusters } from "./catalogue/clusters.js"
import { binary } from "./support/Server.js"

const policy = WaitPolicy.make({
  firstDelay: Duration.millis(50),
  maxDelay: Duration.millis(200),
  settle: Duration.seconds(2)
})

type Acts = readonly [Act, ...ReadonlyArray<Act>]

const onServers = (acts: Acts, hit: boolean) =>
  play(acts, hit).pipe(
    Effect.provide(RedisReplicaSync.layer()),
    Effect.provideService(WaitPolicy.WaitPolicy, policy),
    Effect.provide(RedisPlane.layerMemStore()),
    Effect.withRandom(Random.make("catalogue"))
  )

const proves = (title: string, acts: Acts, hit: boolean) =>
  it.scopedLive.skipIf(binary === undefined)(
    `${title}: no acknowledged write is lost, no client sees an error`,
    () =>
      Effect.map(Effect.timed(onServers(acts, hit)), ([took, { acknowledged, longestPause }]) => {
        if (!every) return
        const seconds = Duration.toSeconds(took).toFixed(1)
        process.stdout.write(`${title}: ${seconds} s, ${acknowledged} writes, longest pause ${longestPause} ms\n`)
      }),
    120_000
  )

/** `MEMSTORE_FLOWS=all`: every flow, undisturbed and with its fault, each on a cluster of its own. */
const every = process.env["MEMSTORE_FLOWS"] === "all"

describe("on real servers, under a writer", () => {
  if (every) {
    for (const act of Object.values<Act>({ ...changes, ...clusters, ...around })) {
      proves(act.title, [act], false)
      proves(`${act.title}, ${act.fault.what}`, [act], true)
    }
  } else {
    const sample = [clusters.backup, changes.replaceReplica, changes.scaleOut] as const
    proves(`${sample.map(({ title }) => title).join(", ")}, each with its fault`, sample, true)
  }
})
