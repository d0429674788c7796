import { assert, describe, it } from "@effect/vitest"
import { Emulator } from "@memstore-flows/emulator/Emulator"
import * as Faults from "@memstore-flows/emulator/Faults"
import * as Journal from "@memstore-flows/engine/Journal"
import * as Runs from "@memstore-flows/engine/Runs"
import * as Cause from "effect/Cause"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Inspectable from "effect/Inspectable"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import { PasswordSource } from "../src/PasswordSource.js"
import * as RestoreThenScale from "../src/RestoreThenScale.js"
import { flows, inCloud, secret } from "./support/Cloud.js"
import { backedUp, restorePayload } from "./support/Fixture.js"
import * as Tamper from "./support/Tamper.js"

const password = "p4ssw0rd-of-the-database-user"

/** Everything a run leaves behind that a person or a file might see, as one text. */
const traces = (faults: ReadonlyArray<Faults.Fault>) => {
  let body = ""
  const { arm, transformClient } = Tamper.make()
  return inCloud(
    Effect.gen(function* () {
      yield* backedUp(2)
      const emulator = yield* Emulator
      for (const fault of faults) yield* emulator.faults.add(fault)
      const record = (call: Tamper.Call, request: Parameters<Tamper.Strike["how"]>[1]) => {
        body = request.body._tag === "Uint8Array" ? new TextDecoder().decode(request.body.body) : ""
        return call
      }
      yield* arm({ which: Tamper.anyWrite, nth: 1, how: record })
      const journal = yield* Layer.build(Journal.layerMemory)
      const lines: Array<string> = []
      const logger = Logger.make((options) => void lines.push(Inspectable.toStringUnknown(options)))
      const base = restorePayload(3)
      const payload = { ...base, cluster: { ...base.cluster, user: { name: "app" } } }
      const { events, exit } = yield* Effect.gen(function* () {
        const exit = yield* Effect.exit(Runs.execute(RestoreThenScale.flow, { payload, id: "run" }))
        return { exit, events: Chunk.toArray(yield* Stream.runCollect(Runs.events("run"))) }
      }).pipe(
        Effect.provide(flows(Layer.succeedContext(journal))),
        Effect.provideService(PasswordSource, { encrypted: () => Effect.succeed(Redacted.make(password)) }),
        Effect.provide(Logger.replace(Logger.defaultLogger, logger)),
        Logger.withMinimumLogLevel(LogLevel.All)
      )
      const service = yield* Effect.provide(Journal.Journal, journal)
      const left = {
        records: yield* service.list({ limit: 100 }),
        entries: yield* service.entries("run"),
        events,
        exit,
        cause: exit._tag === "Failure" ? Cause.pretty(exit.cause) : "",
        lines,
        cloud: [yield* emulator.state, yield* emulator.journal]
      }
      return { text: JSON.stringify(left), tag: exit._tag, entries: left.entries.length, body }
    }),
    { transformClient }
  )
}

const cases: Readonly<Record<string, ReadonlyArray<Faults.Fault>>> = {
  "that succeeds": [],
  "whose answer is lost": [{ match: { operation: "RestoreCluster" }, do: Faults.loseAnswer }],
  "that is refused": [{ match: { operation: "RestoreCluster" }, do: Faults.status(409) }],
  "that fails later": [{ match: { operation: "AddShard", times: "always" }, do: Faults.status(403) }],
  "that is refused its token": [{ match: { operation: "CreateToken", times: "always" }, do: Faults.status(401) }]
}

describe("neither the user's password nor the credential's secret shows in journal, events, errors or logs of a run", () => {
  for (const [name, faults] of Object.entries(cases)) {
    it.effect(name, () =>
      Effect.gen(function* () {
        const { body, entries, tag, text } = yield* traces(faults)
        assert.include(body, password, "the call itself carries it")
        assert.strictEqual(
          tag === "Success",
          name === "that succeeds" || name === "whose answer is lost" || name.endsWith("token")
        )
        assert.isAbove(entries, 1)
        assert.include(text, "restored")
        assert.notInclude(text, password)
        assert.notInclude(text, secret)
      })
    )
  }
})
