import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Emulator } from "../src/Emulator.js"
import { EmulatorServer } from "../src/EmulatorServer.js"
import * as Faults from "../src/Faults.js"
import { exchange, http } from "./support/raw.js"

const byKind: { readonly [Kind in Faults.Action["_tag"]]: Faults.Action } = {
  Status: Faults.status(503, { body: { code: "X" }, headers: { "x-cause": "test" }, retryAfterSeconds: 7 }),
  Throttle: Faults.throttle("2 seconds"),
  Delay: Faults.delay("1 second", { work: "after" }),
  Drop: Faults.drop,
  LoseAnswer: Faults.loseAnswer,
  Stick: Faults.stick,
  Fail: Faults.fail,
  ExpireToken: Faults.expireToken,
  Disturb: Faults.disturb({ _tag: "SwitchPrimary" })
}
const actions = Object.values(byKind)

const match: Faults.Match = { operation: "AddShard", nth: 2, times: "always" }

const served = EmulatorServer.layer().pipe(Layer.provideMerge(Emulator.layer({ latencies: "instant" })))

describe("faults over HTTP", () => {
  it.live("every kind is taken as it is given in code", () =>
    Effect.gen(function* () {
      const { port } = yield* EmulatorServer
      for (const action of actions) {
        const answer = yield* exchange(
          port,
          http(
            "POST",
            "/_emulator/faults",
            { "content-type": "application/json" },
            JSON.stringify({ match, do: action })
          )
        )
        assert.strictEqual(answer?.status, 201, answer?.body)
      }
      const armed = yield* Effect.flatMap(Emulator, ({ faults }) => faults.list)
      assert.deepStrictEqual(
        armed.map((fault) => ({ match: fault.match, do: fault.do })),
        actions.map((action) => ({ match, do: action }))
      )
    }).pipe(Effect.provide(served))
  )
})
