import { assert, describe, it } from "@effect/vitest"
import * as FastCheck from "effect/FastCheck"
import * as FaultPlan from "../src/FaultPlan.js"
import * as Faults from "../src/Faults.js"
import { routes } from "../src/internal/routes.js"

const met = (changes: Partial<FaultPlan.Met> = {}): FaultPlan.Met => ({
  operation: "ListShards",
  method: "GET",
  path: "/v1/clusters/abc/shards",
  ...changes
})

const planOf = (faults: ReadonlyArray<Faults.Fault>, seed?: number) =>
  faults.reduce((plan, fault) => FaultPlan.add(plan, fault, 0)[0], FaultPlan.make(seed))

/** At which of so many requests the plan strikes. */
const strikes = (plan: FaultPlan.FaultPlan, requests: number, request = met()) => {
  const at: Array<number> = []
  let current = plan
  for (let index = 1; index <= requests; index++) {
    const [next, struck] = FaultPlan.meet(current, request, index)
    if (struck.length > 0) at.push(index)
    current = next
  }
  return at
}

describe("FaultPlan", () => {
  it("strikes once unless told otherwise", () => {
    assert.deepStrictEqual(strikes(planOf([{ do: Faults.drop }]), 5), [1])
    assert.deepStrictEqual(strikes(planOf([{ match: { times: 3 }, do: Faults.drop }]), 5), [1, 2, 3])
    assert.deepStrictEqual(strikes(planOf([{ match: { times: "always" }, do: Faults.drop }]), 3), [1, 2, 3])
    assert.deepStrictEqual(strikes(planOf([{ match: { nth: 4 }, do: Faults.drop }]), 9), [4])
  })

  it.prop(
    "holds to its conditions",
    [FastCheck.constantFrom<Faults.OperationName>("GetShard", "ListShards"), FastCheck.constantFrom("GET", "POST")],
    ([operation, method]) => {
      const plan = planOf([{ match: { operation: "ListShards", method: "GET" }, do: Faults.drop }])
      const expected = operation === "ListShards" && method === "GET" ? [1] : []
      assert.deepStrictEqual(strikes(plan, 1, met({ operation, method })), expected)
    }
  )

  it("reads stars and names in routes as one segment", () => {
    const struck = (route: string) => strikes(planOf([{ match: { route }, do: Faults.drop }]), 1).length === 1
    assert.isTrue(struck("/v1/clusters/*/shards"))
    assert.isTrue(struck("/v1/clusters/:clusterId/shards"))
    assert.isTrue(struck("/v1/clusters/abc/shards"))
    assert.isFalse(struck("/v1/clusters/*"))
    assert.isFalse(struck("/v1/clusters/def/shards"))
  })

  it("waits until its time, and strikes by itself only when bound to nothing else", () => {
    const plan = planOf([{ match: { afterMillis: 3 }, do: Faults.drop }])
    assert.deepStrictEqual(strikes(plan, 5), [3])
    assert.isUndefined(FaultPlan.due(plan, 100))
    const disturb = Faults.disturb({ _tag: "FailCluster" })
    const scheduled = planOf([
      { match: { afterMillis: 9 }, do: disturb },
      { match: { afterMillis: 5 }, do: disturb }
    ])
    assert.deepStrictEqual(strikes(scheduled, 20), [])
    assert.isUndefined(FaultPlan.due(scheduled, 4))
    const first = FaultPlan.due(scheduled, 20)
    assert.strictEqual(first?.[1].at, 5)
    const second = first === undefined ? undefined : FaultPlan.due(first[0], 20)
    assert.strictEqual(second?.[1].at, 9)
    assert.isUndefined(second === undefined ? undefined : FaultPlan.due(second[0], 20))
  })

  it.prop(
    "the same seed strikes at the same requests",
    [FastCheck.integer(), FastCheck.double({ min: 0, max: 1, noNaN: true })],
    ([seed, probability]) => {
      const faults = [{ match: { probability }, do: Faults.drop }]
      assert.deepStrictEqual(strikes(planOf(faults, seed), 50), strikes(planOf(faults, seed), 50))
    }
  )

  it("strikes about as often as its probability says", () => {
    const count = strikes(planOf([{ match: { probability: 0.3 }, do: Faults.drop }]), 2000).length
    assert.isAbove(count, 500)
    assert.isBelow(count, 700)
  })

  it("knows every operation of the contract by name", () => {
    const named = routes.flatMap(({ operation }) => operation ?? [])
    assert.sameMembers(
      named,
      Faults.OperationName.literals.filter((name) => name !== "RestoreCluster")
    )
  })
})
