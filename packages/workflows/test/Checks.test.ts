import { assert, describe, it } from "@effect/vitest"
import * as Option from "effect/Option"
import * as Checks from "../src/Checks.js"
import * as Invariant from "../src/Invariant.js"
import { alone, cases, change, cluster, facts } from "./support/CheckCases.js"

describe("the check", () => {
  for (const name of Invariant.Name.literals) {
    const { broken, by = {}, evidence, holds, unknownIn, ...rest } = cases[name]
    it(`${name} holds, is refused with its evidence, and can be switched off with a reason`, () => {
      const policy = alone(name)
      const good = Checks.judge(facts(rest.in ?? {}), change(holds), policy)
      assert.deepStrictEqual(good.refused, [])
      assert.deepStrictEqual(good.report.held, [name])
      const bad = Checks.judge(facts(by), change(broken), policy)
      assert.deepStrictEqual(bad.refused, evidence)
      assert.deepStrictEqual(bad.report.held, [])
      const off = { check: name, reason: "because" }
      const without = Checks.judge(facts(by), change(broken), { ...policy, off: [...policy.off, off] })
      assert.deepStrictEqual(without.refused, [])
      assert.deepInclude(without.report.off, off)
      if (unknownIn === undefined) return
      const blind = Checks.judge(facts({ ...rest.in, ...unknownIn }), change(holds), policy)
      assert.deepStrictEqual(
        blind.report.unknown.map(({ check }) => check),
        [name]
      )
      assert.deepStrictEqual(blind.refused, [])
    })
  }

  it("oneFlow takes the lock of the cluster's name too, and cannot tell of a lock of another kind", () => {
    const judged = (resource: string | null, clusters: Invariant.Facts["clusters"] = Option.some([cluster])) => {
      const { refused, report } = Checks.judge(facts({ resource, clusters }), change({}), alone("oneFlow"))
      return [report.held, report.unknown, refused].findIndex(({ length }) => length > 0)
    }
    const [held, unknown, refused] = [0, 1, 2]
    assert.strictEqual(judged("cluster-name/source"), held)
    assert.strictEqual(judged("cluster-name/other"), refused)
    assert.strictEqual(judged("cluster-name/other", Option.none()), unknown)
    assert.strictEqual(judged("roll-out/nightly"), unknown)
    assert.strictEqual(judged(null), refused)
  })

  it("load only advises, unless it is made binding", () => {
    const { broken, by = {}, evidence } = cases.load
    const { refused, report } = Checks.judge(facts(by), change(broken), { ...alone("load"), binding: [] })
    assert.deepStrictEqual(refused, [])
    assert.deepStrictEqual(report.advice, evidence)
  })

  it("all of them pass for a harmless change of a good cluster", () => {
    const { refused, report } = Checks.judge(facts({}), change({ addsNodes: 1 }), Checks.defaults)
    assert.deepStrictEqual(refused, [])
    assert.deepStrictEqual(report.held, [...Invariant.Name.literals])
  })
})
