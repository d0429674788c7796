import { assert, it } from "@effect/vitest"
import * as FastCheck from "effect/FastCheck"
import * as Ledger from "../../src/redis/Ledger.js"
import * as WriteKind from "../../src/redis/WriteKind.js"

/** A history of writes: for each whether it was applied, and whether its acknowledgement arrived. */
const history = FastCheck.array(FastCheck.constantFrom("acknowledged", "applied, answer lost", "never applied"), {
  minLength: 1,
  maxLength: 20
})

const kind = FastCheck.constantFrom(...WriteKind.all)

const play = (of: WriteKind.WriteKind, writes: ReadonlyArray<string>) => {
  let entry = Ledger.fresh("key", of)
  const stored = new Map<string, number>()
  for (const outcome of writes) {
    entry = Ledger.attempt(entry)
    if (outcome !== "never applied") for (const part of of.parts(entry.attempted)) stored.set(part, entry.attempted)
    if (outcome === "acknowledged") entry = Ledger.acknowledge(entry)
  }
  return { entry, stored }
}

it.prop(
  "a server that does what it acknowledges keeps everything, whatever answers were lost",
  [kind, history],
  ([of, writes]) => {
    const { entry, stored } = play(of, writes)
    assert.strictEqual(Ledger.judge(entry, stored), "Kept")
  }
)

it.prop("an acknowledged part that is missing is lost", [kind, history], ([of, writes]) => {
  const { entry, stored } = play(of, writes)
  for (const part of entry.promised.keys()) {
    assert.strictEqual(Ledger.judge(entry, new Map([...stored].filter(([each]) => each !== part))), "Lost")
  }
})

it.prop("a part that is older than acknowledged is stale", [kind, history], ([of, writes]) => {
  const { entry, stored } = play(of, writes)
  for (const [part, version] of entry.promised) {
    assert.strictEqual(Ledger.judge(entry, new Map([...stored, [part, version - 1]])), "Stale")
  }
})

it("half of a pair, and what was never written, are told", () => {
  const [transaction] = WriteKind.all.filter(WriteKind.isWhole)
  if (transaction === undefined) return assert.fail("no kind writes at once")
  const { entry } = play(transaction, ["acknowledged", "applied, answer lost"])
  assert.strictEqual(
    Ledger.judge(
      entry,
      new Map([
        ["a", 2],
        ["b", 1]
      ])
    ),
    "Torn"
  )
  assert.strictEqual(
    Ledger.judge(
      entry,
      new Map([
        ["a", 3],
        ["b", 3]
      ])
    ),
    "Torn"
  )
})
