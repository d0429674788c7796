import { assert, describe, it } from "@effect/vitest"
import { Emulator } from "@memstore-flows/emulator/Emulator"
import * as Faults from "@memstore-flows/emulator/Faults"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { start } from "../../../engine-sqlite/test/process/Child.js"
import * as Resolution from "../../src/Resolution.js"
import * as Cloud from "./Cloud.js"
import { madeSince, restoring, type Under } from "./Trial.js"
import type { Task } from "./work.js"

const unlisted: Faults.Fault = { match: { operation: "ListClusters", times: "always" }, do: Faults.status(404) }
const writes = { RestoreCluster: 1, AddShard: 2 }

/** A restore in a cloud that lists no clusters, killed around its call, again while it asks, and then answered. */
const answered = ({ program, store }: Under, when: "before" | "after") =>
  Effect.gen(function* () {
    const cloud = yield* Cloud.make
    const job = yield* cloud.within(restoring.arrange)
    const before = yield* cloud.census
    const faults = cloud.within(Effect.map(Emulator, ({ faults }) => faults))
    yield* Effect.flatMap(faults, ({ add }) => add(unlisted))
    const task: Task = { url: cloud.url, store: yield* store, job }
    const launch = (more: Partial<Task>) => start(program, [JSON.stringify({ ...task, ...more } satisfies Task)])
    const first = yield* launch({ fatal: `POST /v1/clusters #1, ${when}` })
    assert.strictEqual((yield* first.ended).signal, "SIGKILL")
    const second = yield* launch({})
    assert.strictEqual(yield* second.until("asks"), '"restore/outcome"')
    yield* second.kill
    const { clusters } = yield* cloud.within(Effect.flatMap(Emulator, ({ state }) => state))
    const made = clusters.find(({ name }) => name === "restored")
    assert.strictEqual(made !== undefined, when === "after")
    const third = yield* launch({ answer: made ? Resolution.adopt(made.id) : Resolution.notCreated })
    const outcome: unknown = JSON.parse(yield* third.until("outcome"))
    yield* Effect.flatMap(faults, ({ clear }) => clear)
    assert.deepInclude(outcome, { _tag: "Succeeded" })
    assert.deepStrictEqual(madeSince(before, yield* cloud.census), writes)
  }).pipe(Effect.scoped)

/** A run that cannot know whether its cluster was made asks, in whichever process, and does as it is told. */
export const asks = (title: string, prepared: Effect.Effect<Under, never, Scope.Scope>) => {
  describe(`an unknown outcome: ${title}`, () => {
    const told = (what: string, when: "before" | "after") =>
      it.scopedLive(what, () => Effect.flatMap(prepared, (under) => answered(under, when)), 60_000)

    told("killed behind the call, it is told the cluster and makes no other", "after")
    told("killed before the call, it is told that there is none and makes one", "before")
  })
}
