import { assert, describe, it } from "@effect/vitest"
import * as Either from "effect/Either"
import * as FastCheck from "effect/FastCheck"
import * as Slots from "../src/Slots.js"

const range = FastCheck.tuple(
  FastCheck.integer({ min: 0, max: 16_383 }),
  FastCheck.integer({ min: 0, max: 16_383 })
).map(([a, b]) => ({ start: Math.min(a, b), end: Math.max(a, b) }))
const slots = FastCheck.array(range, { maxLength: 6 }).map(Slots.normalize)

describe("slots", () => {
  it.prop("what is written is read back", [slots], ([some]) => {
    assert.deepStrictEqual(Slots.parse(Slots.format(some)), Either.right(some))
  })

  it.prop("a difference and an intersection make up the whole", [slots, slots], ([a, b]) => {
    const inside = Slots.intersection(a, b)
    const outside = Slots.difference(a, b)
    assert.strictEqual(Slots.size(inside) + Slots.size(outside), Slots.size(a))
    assert.deepStrictEqual(Slots.union(inside, outside), a)
    assert.deepStrictEqual(Slots.intersection(outside, b), [])
  })

  it.prop("a cut of all slots covers them once", [FastCheck.integer({ min: 1, max: 16_383 })], ([cut]) => {
    const parts = [[{ start: 0, end: cut - 1 }], [{ start: cut, end: 16_383 }]]
    assert.deepStrictEqual(Slots.coverage(parts), { missing: [], overlapping: [] })
    assert.deepStrictEqual(Slots.coverage(parts.slice(1)).missing, parts[0])
    assert.deepStrictEqual(Slots.coverage([...parts, [{ start: cut, end: cut }]]).overlapping, [
      { start: cut, end: cut }
    ])
  })

  it("text that is no slots is named", () => {
    for (const text of ["a", "5-4", "0-16384", "1-2-3", "-1", "0-5,5"]) assert.isTrue(Either.isLeft(Slots.parse(text)))
  })

  it("the page's ranges, several of them and none", () => {
    assert.deepStrictEqual(Slots.parse("0-8191"), Either.right([{ start: 0, end: 8191 }]))
    assert.deepStrictEqual(
      Slots.parse("7 1-2, 3"),
      Either.right([
        { start: 1, end: 3 },
        { start: 7, end: 7 }
      ])
    )
    assert.deepStrictEqual(Slots.parse(""), Either.right([]))
  })
})
