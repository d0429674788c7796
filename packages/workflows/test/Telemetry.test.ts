import * as Headers from "@effect/platform/Headers"
import * as HttpClient from "@effect/platform/HttpClient"
import { assert, describe, it } from "@effect/vitest"
import { Emulator } from "@memstore-flows/emulator/Emulator"
import * as Faults from "@memstore-flows/emulator/Faults"
import * as Runs from "@memstore-flows/engine/Runs"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Metric from "effect/Metric"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import { make, type Recorded, tree } from "../../engine/test/support/RecordedSpans.js"
import { PasswordSource } from "../src/PasswordSource.js"
import * as RestoreThenScale from "../src/RestoreThenScale.js"
import { inCloud, openEngine, secret, sharedJournal } from "./support/Cloud.js"
import { backedUp, restorePayload } from "./support/Fixture.js"

const password = "p4ssw0rd-of-the-database-user"

const payloadOf = () => {
  const base = restorePayload(3)
  return { ...base, cluster: { ...base.cluster, user: { name: "app" } } }
}

/** A run whose engine is closed when it is about to add a shard, and which ends in another one, traced. */
const traced = (faults: ReadonlyArray<Faults.Fault>) => {
  const tokens = new Set<string>()
  const bodies: Array<string> = []
  const { spans, tracer } = make()
  const transformClient = HttpClient.mapRequest((request) => {
    Option.map(Headers.get(request.headers, "x-auth-token"), (token) => tokens.add(token))
    if (request.body._tag === "Uint8Array") bodies.push(new TextDecoder().decode(request.body.body))
    return request
  })
  const whole = Effect.gen(function* () {
    yield* backedUp(2)
    const before = spans.length
    const emulator = yield* Emulator
    for (const fault of faults) yield* emulator.faults.add(fault)
    const journal = yield* sharedJournal
    const first = yield* openEngine(journal)
    yield* first.use(Runs.start(RestoreThenScale.flow, { id: "run", payload: payloadOf() }))
    const adding = Stream.filter(Runs.events("run"), (event) => event._tag === "StepPrepared" && /add/.test(event.step))
    yield* first.use(Stream.runHead(adding))
    yield* first.close
    const second = yield* openEngine(journal)
    const outcome = yield* second.use(Runs.outcome(RestoreThenScale.flow, "run"))
    return { outcome, ofRun: spans.slice(before) }
  }).pipe(
    Effect.provideService(PasswordSource, { encrypted: () => Effect.succeed(Redacted.make(password)) }),
    Effect.withTracer(tracer)
  )
  return Effect.map(inCloud(whole, { transformClient }), (ended) => ({ ...ended, spans, tokens, sent: bodies.join() }))
}

/** All that an exporter could get hold of. */
const exported = (spans: ReadonlyArray<Recorded>): string =>
  JSON.stringify([
    spans.map(({ attributes, events, exit, links, name }) => [
      name,
      [...attributes],
      events,
      links.length,
      exit,
      exit && Exit.isFailure(exit) ? [Cause.pretty(exit.cause, { renderErrorCause: true }), String(exit.cause)] : []
    ]),
    Metric.unsafeSnapshot().map(({ metricKey }) => [metricKey.name, metricKey.tags, metricKey.description])
  ])

const rootsOf = (span: Recorded, spans: ReadonlyArray<Recorded>): ReadonlyArray<string> => {
  const above = spans.find(({ spanId }) => spanId === span.parent?.spanId)
  return above ? [...rootsOf(above, spans), above.name] : []
}

const cases: Readonly<Record<string, ReadonlyArray<Faults.Fault>>> = {
  "a run that succeeds": [],
  "a run that is refused and undone": [{ match: { operation: "AddShard", times: "always" }, do: Faults.status(403) }]
}

describe("spans and metrics", () => {
  for (const [name, faults] of Object.entries(cases)) {
    it.effect(`${name} is one tree over two engines, and no secret is in it`, () =>
      Effect.gen(function* () {
        const { ofRun, outcome, sent, spans, tokens } = yield* traced(faults)
        assert.strictEqual(outcome._tag, faults.length === 0 ? "Succeeded" : "Failed")
        assert.isAbove(tokens.size, 0)
        assert.isTrue(spans.some((span) => span.name === "MemStore.token"))
        assert.strictEqual(new Set(ofRun.map(({ traceId }) => traceId)).size, 1)
        assert.deepStrictEqual(
          tree(ofRun).filter((line) => !line.startsWith("    ")),
          ["start RestoreThenScale", "  run RestoreThenScale", "  run RestoreThenScale"]
        )
        const runs = ofRun.filter((span) => span.name === "run RestoreThenScale")
        assert.deepStrictEqual(
          runs.map(({ attributes, parent }) => [
            parent?._tag,
            attributes.get("memstore.run.resumed"),
            attributes.get("memstore.run.state")
          ]),
          [
            ["ExternalSpan", undefined, "detached"],
            ["ExternalSpan", true, faults.length === 0 ? "succeeded" : "failed"]
          ]
        )
        const calls = ofRun.filter((span) => span.name.startsWith("MemStore."))
        assert.isAbove(calls.length, 10)
        for (const call of calls) {
          const path = rootsOf(call, spans)
          assert.strictEqual(path[1], "run RestoreThenScale")
          assert.match(path[2] ?? "", /^(prepare|step|undo) /)
          assert.strictEqual(call.kind, "client")
        }
        assert.strictEqual(
          ofRun.some((span) => span.name.startsWith("undo ")),
          faults.length > 0
        )
        const text = exported(spans)
        assert.include(sent, password)
        assert.include(text, "/v1/clusters/")
        for (const kept of [password, secret, ...tokens]) assert.notInclude(text, kept)
        const metrics = Metric.unsafeSnapshot().map(({ metricKey }) => metricKey.name)
        assert.includeMembers(metrics, [
          "memstore_runs",
          "memstore_runs_ended",
          "memstore_step_duration",
          "memstore_polls",
          "memstore_api_calls"
        ])
      })
    )
  }
})
