import type { Event } from "@memstore-flows/engine/Event"
import * as Flow from "@memstore-flows/engine/Flow"
import type { Outcome } from "@memstore-flows/engine/Outcome"
import type { Info } from "@memstore-flows/engine/Run"
import type * as BackupNow from "@memstore-flows/workflows/BackupNow"
import type * as RestoreThenScale from "@memstore-flows/workflows/RestoreThenScale"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { describe, expect, it } from "tstyche"
import { createMemStoreFlows, type MemStoreFlows } from "../src/index.js"

const flow = Flow.make({ name: "Mine", payload: Schema.Struct({ at: Schema.DateFromString }), success: Schema.Number })
const Mine = { flow, layer: flow.toLayer(() => Effect.succeed(1)) }
const options = { token: "t", flows: { Mine } }

declare const flows: Awaited<ReturnType<typeof createMemStoreFlows<{ readonly Mine: typeof Mine }>>>
const payload = { clusterId: "c", name: "nightly" }

describe("createMemStoreFlows", () => {
  it("knows the flows of the library and one's own", () => {
    expect(createMemStoreFlows(options)).type.toBeAssignableTo<Promise<typeof flows>>()
    expect(flows.start("BackupNow", payload)).type.toBe<Promise<Info>>()
    expect(flows.start).type.not.toBeCallableWith("Backup", payload)
  })

  it("types payload, result and errors from the schemas", () => {
    expect(flows.start).type.not.toBeCallableWith("BackupNow", { clusterId: 1 })
    expect(flows.run("BackupNow", payload)).type.toBe<Promise<BackupNow.Result>>()
    expect(flows.outcome("RestoreThenScale", "id")).type.toBe<
      Promise<Outcome<RestoreThenScale.Result, typeof RestoreThenScale.flow.error.Type>>
    >()
    expect(flows.events("id")).type.toBe<AsyncIterable<Event>>()
  })

  it("takes payloads as plain JSON", () => {
    expect(flows.run).type.toBeCallableWith("Mine", { at: "2026-11-29" })
    expect(flows.run).type.not.toBeCallableWith("Mine", { at: 7 })
    expect(flows.result("Mine", "id")).type.toBe<Promise<number>>()
  })

  it("narrows what is caught", () => {
    const caught: unknown = undefined
    if (flows.isErrorOf("RestoreThenScale", caught)) {
      expect(caught).type.toBe<typeof RestoreThenScale.flow.error.Type>()
    }
  })

  it("wants a credential or a token", () => {
    expect(createMemStoreFlows).type.not.toBeCallableWith({})
    expect<MemStoreFlows<Record<never, never>>>().type.toBeAssignableTo<AsyncDisposable>()
  })
})
