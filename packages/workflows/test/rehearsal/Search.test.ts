import { assert, describe, it } from "@effect/vitest"
import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import { search } from "./Search.js"

/** `MEMSTORE_SEARCH`: how many trials; `MEMSTORE_SEARCH_SEED`: the first seed. A seed that fails is in the message. */
const trials = Effect.runSync(Config.withDefault(Config.integer("MEMSTORE_SEARCH"), 40))
const first = Effect.runSync(Config.withDefault(Config.integer("MEMSTORE_SEARCH_SEED"), 1))

describe("Flows under faults, failovers, dying nodes and cancels", () => {
  it.live(
    "leave slots covered, nothing unreported, and no write too many",
    () =>
      Effect.gen(function* () {
        const bad: Array<unknown> = []
        const ends: Record<string, number> = {}
        const began = performance.now()
        for (let seed = first; seed < first + trials; seed++) {
          const found = yield* search(seed)
          ends[found.ended] = (ends[found.ended] ?? 0) + 1
          if (found.wrong.length > 0) bad.push(found)
        }
        if (trials > 200) {
          const rate = Math.round((trials * 1000) / (performance.now() - began))
          process.stdout.write(`${trials} trials, ${rate} a second: ${JSON.stringify(ends)}; ${bad.length} bad\n`)
        }
        assert.deepStrictEqual(bad.slice(0, 10), [])
      }),
    3_600_000
  )
})
