import { assert, describe, it } from "@effect/vitest"
import * as Slots from "@memstore-flows/api/Slots"
import * as Either from "effect/Either"
import * as FastCheck from "effect/FastCheck"
import * as Schema from "effect/Schema"
import { apply } from "../src/Apply.js"
import { slotsAt } from "../src/internal/clusters.js"
import * as Latencies from "../src/Latencies.js"
import * as Operation from "../src/Operation.js"
import * as State from "../src/State.js"
import { nextTick, tick } from "../src/Tick.js"
import * as View from "../src/View.js"
import { command, history, play } from "./support/commands.js"
import { start } from "./support/projects.js"

const runs = { fastCheck: { numRuns: 150 } }

const assertSound = (state: State.State, now: number): void => {
  const nodes = state.clusters.flatMap(({ shards }) => shards.flatMap((shard) => shard.nodes))
  assert.isAtMost(nodes.length, 60)
  assert.strictEqual(new Set(nodes.map(({ id }) => id)).size, nodes.length)
  assert.strictEqual(new Set(nodes.map(({ endpoint }) => endpoint)).size, nodes.length)
  const ids = [...state.clusters, ...state.backups].map(({ id }) => id)
  assert.strictEqual(new Set(ids).size, ids.length)
  for (const cluster of state.clusters) {
    assert.isAtMost(cluster.shards.length, 12)
    assert.isAtLeast(cluster.shards.length, 1)
    assert.strictEqual(new Set(cluster.shards.map(({ id }) => id)).size, cluster.shards.length)
    const due = cluster.operation === null ? undefined : Operation.dueAt(cluster.operation)
    for (const at of [due ?? now, ...cluster.heals.map(({ dueAt }) => dueAt)]) assert.isAtLeast(at, now)
    assert.deepStrictEqual(Slots.coverage(slotsAt(cluster, now).values()), { missing: [], overlapping: [] })
    for (const shard of cluster.shards) {
      assert.isAtMost(shard.nodes.length, 5)
      assert.isAtLeast(shard.nodes.length, 2)
      assert.lengthOf(
        shard.nodes.filter(({ role }) => role === "primary"),
        1
      )
      assert.strictEqual(new Set(shard.nodes.map(({ name }) => name)).size, shard.nodes.length)
    }
  }
}

const assertOneStatus = (state: State.State, now: number): void => {
  for (const { id } of state.clusters) {
    const cluster = Either.getOrUndefined(View.cluster(state, id, now))
    if (cluster === undefined) continue
    for (const shard of Either.getOrElse(View.listShards(state, id, now), () => [])) {
      assert.strictEqual(shard.status, cluster.status)
      for (const node of shard.nodes) assert.strictEqual(node.status, cluster.status)
    }
  }
}

describe("any history of commands", () => {
  it.prop(
    "keeps slots covered once, one primary per shard, quotas and ids",
    [history],
    ([steps]) => {
      for (const { now, state } of play(steps)) assertSound(state, now)
    },
    runs
  )

  it.prop(
    "does so when nothing takes time and when work takes hours",
    [history, FastCheck.constantFrom(Latencies.instant, Latencies.realistic)],
    ([steps, latencies]) => {
      for (const { now, state } of play(steps, { latencies })) assertSound(state, now)
    },
    runs
  )

  it.prop(
    "shows one status for a cluster, its shards and its nodes",
    [history],
    ([steps]) => {
      for (const { now, state } of play(steps)) assertOneStatus(state, now)
    },
    runs
  )

  it.prop(
    "survives being written as JSON and read again",
    [history],
    ([steps]) => {
      const state = play(steps).at(-1)?.state ?? State.make()
      const text = Schema.encodeSync(State.Json)(state)
      assert.deepStrictEqual(Schema.decodeSync(State.Json)(text), state)
    },
    runs
  )

  it.prop(
    "gives the same states every time",
    [history],
    ([steps]) => assert.deepStrictEqual(play(steps), play(steps)),
    runs
  )

  it.prop(
    "does not depend on how often time is moved",
    [history, FastCheck.integer({ min: 1, max: 400 })],
    ([steps, stride]) => {
      const often = (state: State.State, now: number): State.State => {
        let current = state
        for (let at = Math.max(state.clock, now - 3000); at < now; at += stride) current = tick(current, at)
        return tick(current, now)
      }
      assert.deepStrictEqual(play(steps, { move: often }), play(steps))
    },
    runs
  )

  it.prop(
    "can be followed from one next moment to the other until nothing changes by itself",
    [history],
    ([steps]) => {
      const last = play(steps).at(-1)
      if (last === undefined) return
      let state = last.state
      let hops = 0
      for (let at = nextTick(state); at !== undefined && hops < 1000; at = nextTick(state)) {
        assert.isAtLeast(at, state.clock)
        state = tick(state, at)
        hops++
      }
      assert.isBelow(hops, 1000)
      assert.deepStrictEqual(state, tick(last.state, state.clock))
      assertSound(state, state.clock)
      for (const { operation } of state.clusters) assert.isTrue(operation === null || operation.heldAt !== null)
    },
    runs
  )

  it.prop(
    "refuses without changing anything, and says why",
    [history],
    ([steps]) => {
      for (const [index, { now, state }] of play(steps).entries()) {
        const step = steps[Math.floor(index / 2)]
        if (step === undefined) continue
        const copy = JSON.stringify(state)
        const result = apply(state, command(state, step), now)
        assert.strictEqual(JSON.stringify(state), copy)
        if (Either.isLeft(result)) {
          assert.strictEqual(result.left.reason, result.left.reasons[0]._tag)
          assert.isNotEmpty(result.left.message)
        }
      }
    },
    { fastCheck: { numRuns: 30 } }
  )

  it("reaches every kind of write, so that the properties above say something", () => {
    const seen = new Set<string>()
    for (const steps of FastCheck.sample(history, { numRuns: 200, seed: 1 })) {
      for (const tag of Object.keys(play(steps).at(-1)?.state.writes ?? {})) seen.add(tag)
    }
    assert.includeMembers(
      [...seen],
      ["CreateCluster", "UpdateCluster", "DeleteCluster", "AddShard", "DeleteShard", "AddReplica", "DeleteNode"]
    )
    assert.includeMembers([...seen], ["CreateBackup", "FailNode", "SwitchPrimary", "FailCluster", "ReleaseOperation"])
  })
})

describe("make", () => {
  it("gives other ids to another seed", () => {
    const idOf = (seed: string) => {
      const create = command(State.make(), { kind: "CreateCluster", pick: 0, size: 1, wait: 0 })
      return Either.getOrThrow(apply(State.make({ seed }), create, start)).objectId
    }
    assert.strictEqual(idOf("a"), idOf("a"))
    assert.notStrictEqual(idOf("a"), idOf("b"))
    assert.match(idOf("a"), /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}$/)
  })
})
