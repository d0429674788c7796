import { assert, describe, it } from "@effect/vitest"
import * as Slots from "@memstore-flows/api/Slots"
import * as FastCheck from "effect/FastCheck"
import * as SlotPlan from "../src/SlotPlan.js"

const id = (index: number): string => String(index + 1).padStart(3, "0")

const evenLayout = (count: number): SlotPlan.Layout =>
  SlotPlan.even(count).map((slots, index) => ({ id: id(index), slots }))

const assertCovered = (layout: SlotPlan.Layout): void =>
  assert.deepStrictEqual(Slots.coverage(layout.map(({ slots }) => slots)), { missing: [], overlapping: [] })

const assertWhole = (layout: SlotPlan.Layout): void => {
  for (const { slots } of layout) assert.isAtMost(slots.length, 1)
}

const assertEven = (layout: SlotPlan.Layout): void => {
  const { max, min } = SlotPlan.extent(layout)
  assert.isAtMost(max - min, 1)
}

/** Any layout: each of some cuts of the key space belongs to one of the shards. */
const anyLayout = FastCheck.record({
  shards: FastCheck.integer({ min: 1, max: 11 }),
  cuts: FastCheck.array(
    FastCheck.tuple(FastCheck.integer({ min: 1, max: Slots.slotCount - 1 }), FastCheck.nat({ max: 10 })),
    { maxLength: 30 }
  )
}).map(({ cuts, shards }): SlotPlan.Layout => {
  const sorted = [...new Map(cuts).entries()].sort(([a], [b]) => a - b)
  const starts: ReadonlyArray<readonly [number, number]> = [[0, 0], ...sorted]
  const parts = starts.map(([start, owner], index) => ({
    owner: owner % shards,
    range: { start, end: (starts[index + 1]?.[0] ?? Slots.slotCount) - 1 }
  }))
  return Array.from({ length: shards }, (_, index) => ({
    id: id(index),
    slots: Slots.normalize(parts.filter(({ owner }) => owner === index).map(({ range }) => range))
  }))
})

const grow = (count: number): SlotPlan.Layout => {
  let layout = evenLayout(1)
  for (let index = 1; index < count; index++) {
    const plan = SlotPlan.addShard(layout, id(index))
    layout = SlotPlan.after([...layout, { id: id(index), slots: [] }], plan)
  }
  return layout
}

describe("even", () => {
  it("splits the key space in two as the page's sample does", () =>
    assert.deepStrictEqual(SlotPlan.even(2).map(Slots.format), ["0-8191", "8192-16383"]))

  it("covers every slot once, in whole ranges that differ by at most one", () => {
    for (let count = 1; count <= 12; count++) {
      const layout = evenLayout(count)
      assertCovered(layout)
      assertWhole(layout)
      assertEven(layout)
    }
  })
})

describe("addShard", () => {
  it("takes the tail of the first and the head of the second of two shards", () => {
    const plan = SlotPlan.addShard(evenLayout(2), "003")
    const after = SlotPlan.after([...evenLayout(2), { id: "003", slots: [] }], plan)
    assert.deepStrictEqual(
      after.map(({ slots }) => Slots.format(slots)),
      ["0-5460", "10923-16383", "5461-10922"]
    )
    assert.strictEqual(SlotPlan.total(plan), 5462)
  })

  it("keeps ranges whole and shards even from 1 to 12, within the stated number of moves", () => {
    for (let count = 1; count < 12; count++) {
      const before = grow(count)
      const plan = SlotPlan.addShard(before, id(count))
      const after = SlotPlan.after([...before, { id: id(count), slots: [] }], plan)
      assertCovered(after)
      assertWhole(after)
      assertEven(after)
      const least = Math.floor(Slots.slotCount / (count + 1))
      const factor = 1 + Math.floor((count - 1) ** 2 / 4) / count
      assert.isAtMost(SlotPlan.total(plan), Math.ceil(least * factor) + count)
    }
  })

  it("keeps every range whole at every moment of an even cluster's growth", () => {
    for (let count = 1; count < 12; count++) {
      const start = [...evenLayout(count), { id: "new", slots: [] }]
      const plan = SlotPlan.addShard(evenLayout(count), "new")
      for (let moved = 0; moved <= SlotPlan.total(plan); moved += 97) {
        const layout = SlotPlan.after(start, plan, moved)
        assertCovered(layout)
        assertWhole(layout)
      }
    }
  })

  it.prop(
    "covers every slot once at every moment and ends even, from any layout",
    [anyLayout, FastCheck.nat(16384)],
    ([layout, moved]) => {
      const start = [...layout, { id: "new", slots: [] }]
      const plan = SlotPlan.addShard(layout, "new")
      assertCovered(SlotPlan.after(start, plan, moved))
      const end = SlotPlan.after(start, plan)
      assertCovered(end)
      assertEven(end)
      for (const move of plan) assert.strictEqual(move.count, Slots.size(move.slots))
    }
  )

  it.prop("moves no slot twice, and no more than it must when ranges are split already", [anyLayout], ([layout]) => {
    const plan = SlotPlan.addShard(layout, "new")
    const moved = plan.reduce<Slots.Slots>((seen, { slots }) => {
      assert.deepStrictEqual(Slots.intersection(seen, slots), [])
      return Slots.union(seen, slots)
    }, [])
    assert.strictEqual(Slots.size(moved), SlotPlan.total(plan))
    if (layout.some(({ slots }) => slots.length > 1)) {
      const share = Math.floor(Slots.slotCount / (layout.length + 1))
      const over = layout.reduce((sum, { slots }) => sum + Math.max(0, Slots.size(slots) - share), 0)
      assert.isAtMost(SlotPlan.total(plan), over)
    }
  })
})

describe("removeShard", () => {
  it("undoes addShard of an even cluster exactly", () => {
    for (let count = 1; count < 12; count++) {
      const before = evenLayout(count)
      const grown = SlotPlan.after([...before, { id: "new", slots: [] }], SlotPlan.addShard(before, "new"))
      const back = SlotPlan.after(grown, SlotPlan.removeShard(grown, "new"))
      assert.deepStrictEqual(
        back.filter((each) => each.id !== "new"),
        before
      )
    }
  })

  it("keeps every range whole at every moment, whichever shard of an even cluster goes", () => {
    for (let count = 2; count <= 12; count++) {
      for (const { id: gone } of evenLayout(count)) {
        const plan = SlotPlan.removeShard(evenLayout(count), gone)
        for (let moved = 0; moved <= SlotPlan.total(plan); moved += 331) {
          const layout = SlotPlan.after(evenLayout(count), plan, moved)
          assertCovered(layout)
          assertWhole(layout)
        }
      }
    }
  })

  it.prop(
    "drains the shard, covers every slot once and ends even, from any layout",
    [anyLayout, FastCheck.nat(16384)],
    ([layout, moved]) => {
      const gone = layout[0]?.id ?? ""
      const plan = SlotPlan.removeShard(layout, gone)
      if (layout.length === 1) return assert.deepStrictEqual(plan, [])
      assertCovered(SlotPlan.after(layout, plan, moved))
      const end = SlotPlan.after(layout, plan)
      assertCovered(end)
      assert.deepStrictEqual(end.find(({ id: each }) => each === gone)?.slots, [])
      assertEven(end.filter(({ id: each }) => each !== gone))
      assert.isTrue(plan.every(({ to }) => to !== gone))
    }
  )

  it("plans nothing for the only shard and for one that is not there", () => {
    assert.deepStrictEqual(SlotPlan.removeShard(evenLayout(1), "001"), [])
    assert.deepStrictEqual(SlotPlan.removeShard(evenLayout(3), "009"), [])
  })
})
