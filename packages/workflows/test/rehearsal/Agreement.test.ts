import * as HttpClient from "@effect/platform/HttpClient"
import type * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import { assert, describe, it } from "@effect/vitest"
import { CreateBackup } from "@memstore-flows/api/CreateBackup"
import { Emulator } from "@memstore-flows/emulator/Emulator"
import * as Latencies from "@memstore-flows/model/Latencies"
import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import { inCloud, shardsOf } from "../support/Cloud.js"
import { clusterLike } from "../support/Fixture.js"
import { type Given, spec } from "./Given.js"
import { type Subject, subjects } from "./Subjects.js"

interface Write {
  readonly method: string
  readonly path: string
  readonly body: unknown
}

const bodyOf = ({ body }: HttpClientRequest.HttpClientRequest): unknown =>
  body._tag === "Uint8Array" ? JSON.parse(new TextDecoder().decode(body.body)) : null

/** Keeps the writes that go out. */
const recorder = () => {
  const writes: Array<Write> = []
  const transformClient = HttpClient.mapRequest((request: HttpClientRequest.HttpClientRequest) => {
    const { method, url } = request
    if (method !== "GET" && !url.includes("/identity/")) {
      writes.push({ method, path: url.slice(url.indexOf("/v1/")), body: bodyOf(request) })
    }
    return request
  })
  return { writes, transformClient }
}

const ids = /new-(?:cluster|node|backup)-\d+|[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}/g

/** Writes with what was not there before named in the order in which it appears. */
const canonical = (writes: ReadonlyArray<Write>, known: (id: string) => boolean) => {
  const names = new Map<string, string>()
  return writes.map(({ body, method, path }) =>
    JSON.stringify([method, path, body]).replace(ids, (id) => {
      if (known(id)) return id
      if (!names.has(id)) names.set(id, `#${names.size + 1}`)
      return names.get(id) ?? id
    })
  )
}

const tagOf = (error: unknown) =>
  typeof error === "object" && error !== null && "_tag" in error ? String(error._tag) : "none"

const given = Effect.gen(function* () {
  const emulator = yield* Emulator
  const made = yield* spec
  const clusterId = yield* clusterLike(made)
  const createBackup = yield* CreateBackup
  yield* createBackup({ clusterId, name: "nightly" })
  yield* Effect.sleep("1 minute")
  if (yield* Random.nextBoolean) yield* emulator.disturb({ _tag: "SwitchPrimary" })
  if (yield* Random.nextBoolean) yield* clusterLike({ ...made, name: "neighbour" })
  return { clusterId, shards: yield* shardsOf(clusterId), spec: made, others: [] } satisfies Given
})

/** Rehearses and runs a flow on a random project: gives how it ended, and fails if the writes differ. */
const trial = (name: string, subjectOf: (given: Given) => Effect.Effect<Subject>, seed: number) => {
  const { transformClient, writes } = recorder()
  return inCloud(
    Effect.gen(function* () {
      const emulator = yield* Emulator
      const ground = yield* given
      const subject = yield* subjectOf(ground)
      const before = JSON.stringify(yield* emulator.state)
      const told = writes.length
      const plan = yield* subject.rehearse({ latencies: Latencies.fast, undo: false })
      const where = `${name}, seed ${seed}: ${JSON.stringify(subject.payload)}`
      assert.strictEqual(writes.length, told, `${where}: a rehearsal wrote`)
      const outcome = yield* subject.run
      const known = (id: string) => before.includes(id)
      const query = (each: Readonly<Record<string, string>>) => {
        const text = new URLSearchParams(each).toString()
        return text === "" ? "" : `?${text}`
      }
      const planned = plan.calls.map((call) => ({ ...call, path: `${call.path}${query(call.query)}` }))
      assert.deepStrictEqual(canonical(planned, known), canonical(writes.slice(told), known), where)
      if (outcome._tag === "Succeeded") assert.strictEqual(plan.ending._tag, "Succeeds", where)
      else {
        assert.strictEqual(outcome._tag, "Failed", where)
        const error = outcome._tag === "Failed" ? tagOf(outcome.error) : ""
        assert.deepInclude(plan.ending, { error }, where)
      }
      return { ending: plan.ending._tag, writes: plan.calls.length }
    }).pipe(Effect.withRandom(Random.make(`${name} ${seed}`))),
    { transformClient }
  )
}

/** `MEMSTORE_REHEARSALS`: how many random projects for each flow; `MEMSTORE_REHEARSAL_SEED`: the first of them. */
const count = Effect.runSync(Config.withDefault(Config.integer("MEMSTORE_REHEARSALS"), 5))
const first = Effect.runSync(Config.withDefault(Config.integer("MEMSTORE_REHEARSAL_SEED"), 1))

describe("A rehearsal and the run after it", () => {
  for (const [name, subjectOf] of Object.entries(subjects)) {
    it.effect(
      `make the same writes in the same order: ${name}`,
      () =>
        Effect.gen(function* () {
          const ends: Record<string, number> = {}
          for (let seed = first; seed < first + count; seed++) {
            const { ending, writes } = yield* trial(name, subjectOf, seed)
            const end = `${ending} after ${writes} writes`
            ends[end] = (ends[end] ?? 0) + 1
          }
          if (count > 5) process.stdout.write(`${name}: ${JSON.stringify(ends)}\n`)
        }),
      600_000
    )
  }
})
