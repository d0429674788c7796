import type * as HttpClient from "@effect/platform/HttpClient"
import { assert, describe, it } from "@effect/vitest"
import { apply } from "@memstore-flows/model/Apply"
import type { Write } from "@memstore-flows/model/Command"
import * as Latencies from "@memstore-flows/model/Latencies"
import * as State from "@memstore-flows/model/State"
import { tick } from "@memstore-flows/model/Tick"
import * as View from "@memstore-flows/model/View"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as FastCheck from "effect/FastCheck"
import * as TestClock from "effect/TestClock"
import { Emulator } from "../src/Emulator.js"
import { type Answer, inMemory, session } from "./support/calls.js"
import { assignment, cluster, subnetA } from "./support/samples.js"

interface Step {
  readonly kind: Write["_tag"] | "Read" | "Restore"
  readonly pick: number
  readonly size: number
  readonly wait: number
}

const step: FastCheck.Arbitrary<Step> = FastCheck.record({
  kind: FastCheck.constantFrom<Step["kind"]>(
    "CreateCluster",
    "UpdateCluster",
    "DeleteCluster",
    "AddShard",
    "AddShard",
    "DeleteShard",
    "AddReplica",
    "DeleteNode",
    "CreateBackup",
    "Restore",
    "Read"
  ),
  pick: FastCheck.nat(99),
  size: FastCheck.integer({ min: 1, max: 4 }),
  wait: FastCheck.constantFrom(0, 100, 1000, 5000)
})

type Calls = Effect.Effect.Success<typeof session>
type Sent = Effect.Effect<Answer, unknown, HttpClient.HttpClient>

const at = <A>(list: ReadonlyArray<A>, pick: number): A | undefined => list[pick % Math.max(1, list.length)]

/** A write, as the model's command and as a call of the API. */
const write = (state: State.State, { kind, pick, size }: Step, calls: Calls): readonly [Write, Sent] | undefined => {
  const target = at(state.clusters, pick)
  const clusterId = target?.id ?? "none"
  const path = `/v1/clusters/${clusterId}`
  const shard = at(target?.shards ?? [], pick + size)
  const shardId = shard?.id ?? "001"
  const nodeId = at(shard?.nodes ?? [], pick)?.id ?? "none"
  const name = `cluster-${pick % 4}`
  switch (kind) {
    case "CreateCluster": {
      const request = cluster({ name }, size, 3)
      return [{ _tag: "CreateCluster", request }, calls.post("/v1/clusters", request)]
    }
    case "Restore": {
      const request = { ...cluster({ name }, size, 2), restoreSource: { backupName: `backup-${pick % 3}` } }
      return [{ _tag: "CreateCluster", request }, calls.post("/v1/clusters", request)]
    }
    case "UpdateCluster": {
      const change = { description: `${pick}` }
      return [{ _tag: "UpdateCluster", clusterId, change }, calls.patch(path, change)]
    }
    case "DeleteCluster":
      return [{ _tag: "DeleteCluster", clusterId }, calls.del(path)]
    case "AddShard": {
      const body = { nodeCount: 3, subnetAssignments: assignment() }
      const command = { nodeCount: 3, subnetAssignment: assignment() }
      return [{ _tag: "AddShard", clusterId, ...command }, calls.post(`${path}/shards`, body)]
    }
    case "DeleteShard":
      return [{ _tag: "DeleteShard", clusterId, shardId }, calls.del(`${path}/shards/${shardId}`)]
    case "AddReplica":
      return [
        { _tag: "AddReplica", clusterId, shardId, subnetId: subnetA },
        calls.post(`${path}/shards/${shardId}/nodes`, { subnet: { id: subnetA } })
      ]
    case "DeleteNode":
      return [
        { _tag: "DeleteNode", clusterId, shardId, nodeId },
        calls.del(`${path}/shards/${shardId}/nodes/${nodeId}`)
      ]
    case "CreateBackup": {
      const body = { clusterId, name: `backup-${pick % 3}` }
      return [{ _tag: "CreateBackup", ...body }, calls.post("/v1/backups", body)]
    }
    default:
      return undefined
  }
}

const creations: ReadonlySet<string> = new Set(["CreateCluster", "AddShard", "AddReplica", "CreateBackup"])

describe("random histories", () => {
  it.effect.prop(
    "every answer over HTTP is what the model says, and so is what is read afterwards",
    [FastCheck.array(step, { maxLength: 25 })],
    ([steps]) =>
      Effect.gen(function* () {
        const calls = yield* session
        let expected = State.make({ settings: { latencies: Latencies.fast } })
        let now = 0
        for (const each of steps) {
          yield* TestClock.adjust(each.wait)
          now += each.wait
          expected = tick(expected, now)
          const pair = write(expected, each, calls)
          if (pair !== undefined) {
            const [command, call] = pair
            const answer = yield* call
            const outcome = apply(expected, command, now)
            if (Either.isRight(outcome)) {
              expected = outcome.right.state
              assert.strictEqual(answer.status, creations.has(command._tag) ? 201 : 200)
              assert.deepStrictEqual(answer.body, { objectId: outcome.right.objectId })
            } else {
              assert.strictEqual(answer.status, outcome.left.status)
              assert.deepStrictEqual(answer.body, { message: outcome.left.message })
            }
          }
          for (const { id } of expected.clusters) {
            const shown = yield* calls.get(`/v1/clusters/${id}/shards`)
            const said = View.listShards(expected, id, now)
            assert.strictEqual(shown.status, Either.isRight(said) ? 200 : 404)
            if (Either.isRight(said)) assert.deepStrictEqual(shown.body, { shards: said.right })
          }
        }
        assert.deepStrictEqual(yield* Effect.flatMap(Emulator, ({ state }) => state), tick(expected, now))
      }).pipe(Effect.provide(inMemory({ latencies: "fast" }))),
    { fastCheck: { numRuns: 40 } }
  )
})
