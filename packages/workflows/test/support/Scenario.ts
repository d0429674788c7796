import type { Shard } from "@memstore-flows/api/Shard"
import { Emulator } from "@memstore-flows/emulator/Emulator"
import type * as Faults from "@memstore-flows/emulator/Faults"
import type * as Event from "@memstore-flows/engine/Event"
import type * as Outcome from "@memstore-flows/engine/Outcome"
import type * as Run from "@memstore-flows/engine/Run"
import * as Runs from "@memstore-flows/engine/Runs"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import * as ReplaceReplica from "../../src/ReplaceReplica.js"
import * as RestoreThenScale from "../../src/RestoreThenScale.js"
import { type CloudServices, type FlowServices, openEngine, shardsOf, sharedJournal } from "./Cloud.js"
import { backedUp, replacePayload, restorePayload, source } from "./Fixture.js"

type Result = RestoreThenScale.Result | ReplaceReplica.Result
type Failure = Outcome.Outcome<Result, { readonly _tag: string; readonly message: string }>

/** A run of a flow under id "run", ready to start. */
export interface Arranged {
  /** The cluster that is there before the run. */
  readonly clusterId: string
  readonly start: Effect.Effect<Run.Info, unknown, FlowServices>
  readonly outcome: Effect.Effect<Failure, unknown, FlowServices>
}

/** `writes`: what one run changes, counted by the cloud. */
export interface Scenario {
  readonly title: string
  readonly writes: Readonly<Record<string, number>>
  readonly arrange: (keep: boolean) => Effect.Effect<Arranged, unknown, CloudServices>
}

const restoring = (
  title: string,
  { from, to, writes }: { readonly from: number; readonly to: number; readonly writes: Record<string, number> }
): Scenario => ({
  title,
  writes,
  arrange: (keep) =>
    Effect.map(backedUp(from), (clusterId) => {
      const payload = { ...restorePayload(to, from), ...(keep ? { onUndo: "keep" as const } : {}) }
      return {
        clusterId,
        start: Runs.start(RestoreThenScale.flow, { payload, id: "run" }),
        outcome: Runs.outcome(RestoreThenScale.flow, "run")
      }
    })
})

export const scaleOut = restoring("restore two shards, scale to four", {
  from: 2,
  to: 4,
  writes: { RestoreCluster: 1, AddShard: 2 }
})

export const scaleIn = restoring("restore three shards, scale to one", {
  from: 3,
  to: 1,
  writes: { RestoreCluster: 1, DeleteShard: 2 }
})

export const replace: Scenario = {
  title: "replace a replica",
  writes: { AddReplica: 1, DeleteNode: 1 },
  arrange: (keep) =>
    Effect.gen(function* () {
      const clusterId = yield* source(2)
      const payload = { ...(yield* replacePayload(clusterId)), ...(keep ? { onUndo: "keep" as const } : {}) }
      return {
        clusterId,
        start: Runs.start(ReplaceReplica.flow, { payload, id: "run" }),
        outcome: Runs.outcome(ReplaceReplica.flow, "run")
      }
    })
}

export const scenarios: ReadonlyArray<Scenario> = [scaleOut, scaleIn, replace]

/** The writes of a scenario one by one: which operation, and the how-manieth of its kind. */
export const writesOf = ({ writes }: Scenario) =>
  Object.entries(writes).flatMap(([operation, count]) =>
    Array.from({ length: count }, (_, index) => ({ operation: operation as Faults.OperationName, nth: index + 1 }))
  )

/** What the cloud was asked and what it changed since `mark`. */
export const watch = Effect.gen(function* () {
  const emulator = yield* Emulator
  const before = yield* emulator.writes
  const seen = (yield* emulator.journal).length
  return {
    writes: Effect.map(emulator.writes, (now) =>
      Object.fromEntries(
        Object.entries(now)
          .map(([operation, count]) => [operation, count - (before[operation] ?? 0)] as const)
          .filter(([, count]) => count !== 0)
      )
    ),
    journal: Effect.map(emulator.journal, (entries) => entries.slice(seen))
  }
})

/** The shape of a cluster without ids and times: slots, and each node's role and subnet. */
export const shape = (shards: ReadonlyArray<Shard>) =>
  shards
    .map(({ nodes, slots, status }) => ({
      slots,
      status,
      nodes: nodes.map(({ role, subnet }) => `${role} in ${subnet.id}`).sort()
    }))
    .sort((a, b) => (a.slots < b.slots ? -1 : 1))

/** The clusters that are there, by name. */
export const clusterNames = Effect.map(
  Effect.flatMap(Emulator, (emulator) => emulator.state),
  ({ clusters }) => Object.values(clusters).map(({ name }) => name)
)

/** The first `n` events of the run. */
export const firstEvents = (n: number) =>
  Effect.map(Stream.runCollect(Stream.take(Runs.events("run"), n)), Chunk.toArray)

export const allEvents: Effect.Effect<ReadonlyArray<Event.Event>, unknown, Runs.Runs> = Effect.map(
  Stream.runCollect(Runs.events("run")),
  Chunk.toArray
)

/** Runs a scenario to its end while faults strike. */
export const play = (
  scenario: Scenario,
  options: {
    readonly faults?: ReadonlyArray<Faults.Fault>
    readonly keep?: boolean
    readonly arranged?: Effect.Effect<void>
  } = {}
) =>
  Effect.gen(function* () {
    const arranged = yield* scenario.arrange(options.keep ?? false)
    const emulator = yield* Emulator
    const watched = yield* watch
    yield* options.arranged ?? Effect.void
    for (const fault of options.faults ?? []) yield* emulator.faults.add(fault)
    const engine = yield* openEngine(yield* sharedJournal)
    const outcome = yield* engine.use(Effect.zipRight(arranged.start, arranged.outcome))
    const events = yield* engine.use(allEvents)
    return {
      ...arranged,
      outcome,
      events,
      writes: yield* watched.writes,
      requests: yield* watched.journal,
      left: yield* shardsOf(arranged.clusterId),
      faults: yield* emulator.faults.list
    }
  })
