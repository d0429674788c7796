import { assert, describe, it } from "@effect/vitest"
import type { Shard } from "@memstore-flows/api/Shard"
import * as ScaleIn from "../src/ScaleIn.js"

const shard = (id: string, slots: string): Shard => ({
  id,
  name: id,
  status: "Running",
  slots,
  createdAt: "2026-01-01T00:00:00Z",
  nodes: []
})

const shards = [
  shard("010", "0-99,15000-16383"),
  shard("002", "100-7999"),
  shard("001", "8000-14000"),
  shard("003", "14001-14999")
]

describe("the shards that leave", () => {
  it("are those named, each once", () => {
    assert.deepStrictEqual(ScaleIn.choose(shards, { shardIds: ["003", "001", "003"] }), ["003", "001"])
  })

  it("are the newest, the oldest or the emptiest, as the policy has it", () => {
    const two = (policy: "newest" | "oldest" | "emptiest") => ScaleIn.choose(shards, { count: 2, policy })
    assert.deepStrictEqual(two("newest"), ["010", "003"])
    assert.deepStrictEqual(two("oldest"), ["001", "002"])
    assert.deepStrictEqual(two("emptiest"), ["003", "010"])
  })

  it("are not more than there are", () => {
    assert.deepStrictEqual(ScaleIn.choose(shards, { count: 12, policy: "oldest" }).length, 4)
  })
})
