import { assert, describe, it } from "@effect/vitest"
import { CreateBackup } from "@memstore-flows/api/CreateBackup"
import { ListBackups } from "@memstore-flows/api/ListBackups"
import { ListClusters } from "@memstore-flows/api/ListClusters"
import { ListShards } from "@memstore-flows/api/ListShards"
import * as Engine from "@memstore-flows/engine/Engine"
import * as Flow from "@memstore-flows/engine/Flow"
import * as Journal from "@memstore-flows/engine/Journal"
import * as Runs from "@memstore-flows/engine/Runs"
import * as Step from "@memstore-flows/engine/Step"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as Checks from "../src/Checks.js"
import * as Invariant from "../src/Invariant.js"
import { LoadProbe } from "../src/LoadProbe.js"
import { ReplicaSync } from "../src/ReplicaSync.js"
import * as ScaleIn from "../src/ScaleIn.js"
import { open, reached, tagsOf } from "./catalogue/FlowContract.js"
import * as Grounds from "./catalogue/Grounds.js"
import { alone, cases, change, facts } from "./support/CheckCases.js"
import { inCloud, sharedJournal } from "./support/Cloud.js"
import { watch } from "./support/Scenario.js"
import { virtually } from "./support/VirtualClock.js"

/** A service that shows these facts, and takes no write. */
const showing = ({ backups, clusters, load, shards, sync }: Invariant.Facts) =>
  Layer.mergeAll(
    Layer.succeed(ListShards, () => Effect.succeed({ shards })),
    Layer.succeed(ListClusters, () => Effect.succeed({ clusters: Option.getOrElse(clusters, () => []) })),
    Layer.succeed(ListBackups, () => Effect.succeed({ backups: Option.getOrElse(backups, () => []) })),
    Layer.succeed(LoadProbe, { look: () => Effect.succeed(load) }),
    Layer.succeed(ReplicaSync, {
      look: ({ replica }) => Effect.succeed(sync.get(replica.nodeId) ?? { _tag: "Unproven" as const })
    })
  )

describe("in a run", () => {
  const remove = { count: 2, policy: "newest" } as const

  for (const name of Invariant.Name.literals) {
    it.effect(`${name} refuses, and the step that follows is not begun`, () =>
      Effect.gen(function* () {
        yield* Effect.sleep(Duration.hours(12))
        const { broken, by = {}, evidence } = cases[name]
        const shown = facts(by)
        const flow = Flow.make({
          name: "Guarded",
          payload: Schema.Struct({}),
          error: Checks.CheckError,
          resource: () => shown.resource ?? undefined
        })
        const written: Array<string> = []
        const body = Effect.zipRight(
          Checks.guard("checks", change(broken)),
          Step.make("write", { run: Effect.sync(() => void written.push(name)) })
        )
        const layer = flow
          .toLayer(() => body)
          .pipe(
            Layer.provideMerge(Engine.layer()),
            Layer.provide(Journal.layerMemory),
            Layer.provide(Layer.mergeAll(showing(shown), Layer.succeed(Checks.CheckPolicy, alone(name))))
          )
        const error = yield* Effect.provide(Effect.flip(Runs.execute(flow, { payload: {} })), layer)
        assert.deepStrictEqual(written, [])
        // Whether a cluster is in service is waited for first.
        if (name === "stable") return assert.strictEqual(error._tag, "WaitTimedOut")
        assert.deepStrictEqual<unknown>(error._tag === "Refused" ? error.findings : error, evidence)
      }).pipe(virtually)
    )
  }

  it.effect("the checks are made again before each destructive write", () =>
    inCloud(
      Effect.gen(function* () {
        const { clusterId } = yield* Grounds.withBackup(3)
        const watched = yield* watch
        const { use } = yield* open(ScaleIn.layer, yield* sharedJournal)
        yield* use(Runs.start(ScaleIn.flow, { payload: { clusterId, remove }, id: "run" }))
        yield* use(reached({ tag: "StepSucceeded", step: "remove shard 003" }))
        yield* Effect.flatMap(CreateBackup, (send) => send({ clusterId, name: "in between" }))
        const outcome = yield* use(Runs.outcome(ScaleIn.flow, "run"))
        assert.deepStrictEqual(outcome._tag === "Failed" && tagsOf(outcome.error), ["BackupRunning"])
        assert.deepStrictEqual(yield* watched.writes, { DeleteShard: 1, CreateBackup: 1 })
      })
    )
  )

  it.effect("what is off, and why, is in the journal", () =>
    inCloud(
      Effect.gen(function* () {
        const { clusterId } = yield* Grounds.cluster(2)
        const journal = yield* sharedJournal
        const { use } = yield* open(ScaleIn.layer, journal)
        const checksOff = [{ check: "freshBackup" as const, reason: "a cache that can be filled again" }]
        const payload = { clusterId, remove: { shardIds: ["002"] as const }, checksOff }
        yield* use(Runs.start(ScaleIn.flow, { payload, id: "run" }))
        yield* use(Stream.runDrain(Runs.events("run")))
        const entries = yield* Effect.provide(
          Effect.flatMap(Journal.Journal, (service) => service.entries("run")),
          journal
        )
        const report = entries.find(({ name }) => name === "checks before removing shard 002")?.value
        assert.include(report, "a cache that can be filled again")
      })
    )
  )
})
