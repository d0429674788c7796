import { assert } from "@effect/vitest"
import { Emulator } from "@memstore-flows/emulator/Emulator"
import type { Fault } from "@memstore-flows/emulator/Faults"
import type * as Engine from "@memstore-flows/engine/Engine"
import type * as Flow from "@memstore-flows/engine/Flow"
import * as Journal from "@memstore-flows/engine/Journal"
import * as Runs from "@memstore-flows/engine/Runs"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import type * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import { approve, open, reached } from "../../catalogue/FlowContract.js"
import type { CloudServices } from "../../support/Cloud.js"
import { named, type Stage, stage, whole, writerOn } from "./Stage.js"

/**
 * A flow on real servers.
 *
 * - `shards`, `nodes`: of the cluster there is, 2 each unless given
 * - `fault`: what befalls it the second time
 * - `play`: runs the flow and claims what came of it; `hit` says whether the fault is to come
 */
export interface Act {
  readonly title: string
  readonly shards?: number
  readonly nodes?: number
  readonly fault: { readonly what: string; readonly of: (stage: Stage) => ReadonlyArray<Fault> }
  readonly play: (stage: Stage, hit: boolean) => Effect.Effect<void, unknown, CloudServices | Scope.Scope>
}

type Pure = Schema.Schema.AnyNoContext | typeof Schema.Never

/**
 * Runs a flow to its result, and says yes if it asks. A cluster that it makes, named `to`, is written to from a step on
 * until the run ends; `meanwhile` happens while it is written to.
 */
export const perform = <Name extends string, P extends Pure, S extends Pure, E extends Pure, R>(
  {
    flow,
    layer
  }: {
    readonly flow: Flow.Flow<Name, P, S, E>
    readonly layer: Layer.Layer<Flow.Implemented<Name> | R, unknown, CloudServices | Engine.Engine | Runs.Runs>
  },
  payload: P["Type"],
  written?: {
    readonly from: string
    readonly to: string
    readonly meanwhile?: (clusterId: string) => Effect.Effect<void>
  }
): Effect.Effect<S["Type"], unknown, CloudServices> =>
  Effect.gen(function* () {
    const { use } = yield* open(layer, Journal.layerMemory)
    yield* use(Runs.start(flow, { payload, id: "run" }))
    yield* use(Effect.forkScoped(Effect.ignore(approve)))
    const result = use(Runs.result(flow, "run"))
    if (written === undefined) return yield* result
    yield* use(reached({ tag: "StepSucceeded", step: written.from }))
    const clusterId = yield* named(written.to)
    const writer = yield* writerOn(clusterId, "meanwhile")
    const value = yield* writer.during(Effect.zipRight(written.meanwhile?.(clusterId) ?? Effect.void, result))
    const found = yield* writer.readBack()
    assert.deepInclude(found, { kept: found.keys, lost: 0, stale: 0, torn: 0 }, `${written.to}: ${found.examples}`)
    assert.deepInclude(yield* writer.tally, { errors: 0, messages: [] }, written.to)
    return value
  }).pipe(Effect.scoped)

/** Plays acts one after the other on one cluster under one writer. Gives what the writer came to. */
export const play = (acts: readonly [Act, ...ReadonlyArray<Act>], hit: boolean) =>
  Effect.gen(function* () {
    const emulator = yield* Emulator
    const { nodes = 2, shards = 2 } = acts[0]
    const ready = yield* stage(shards, nodes)
    const { writer } = ready
    for (const act of acts) {
      yield* emulator.faults.replace(hit ? act.fault.of(ready) : [])
      yield* writer.during(act.play(ready, hit))
      const idle = (yield* emulator.faults.list).filter(({ fired }) => fired === 0)
      assert.deepStrictEqual(idle, [], `${act.title}: a fault did not strike`)
    }
    return yield* whole(writer, ready.clusterId, acts.map(({ title }) => title).join(", "))
  })
