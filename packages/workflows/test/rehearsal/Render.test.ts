import * as fs from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { Emulator } from "@memstore-flows/emulator/Emulator"
import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as EvacuateSubnet from "../../src/EvacuateSubnet.js"
import { PasswordSource } from "../../src/PasswordSource.js"
import * as ProvisionCluster from "../../src/ProvisionCluster.js"
import * as Html from "../../src/rehearsal/Html.js"
import * as Markdown from "../../src/rehearsal/Markdown.js"
import * as Plan from "../../src/rehearsal/Plan.js"
import * as Rehearsal from "../../src/rehearsal/Rehearsal.js"
import * as Tree from "../../src/rehearsal/Tree.js"
import { inCloud } from "../support/Cloud.js"
import { source, specOf } from "../support/Fixture.js"

const planned = Effect.runSync(
  Effect.cached(
    inCloud(
      Effect.gen(function* () {
        yield* Emulator
        const clusterId = yield* source(2)
        return yield* Rehearsal.rehearse(EvacuateSubnet, {
          clusterId,
          subnetId: "subnet-x",
          to: ["subnet-y", "subnet-z"],
          primaries: "replaceShard",
          checksOff: [{ check: "freshBackup", reason: "an empty cluster" }]
        })
      })
    )
  )
)

/** Text that would do harm if it were not escaped, in every place the cloud or the caller may put text. */
const hostile = (plan: Plan.Plan): Effect.Effect<Plan.Plan> => {
  const evil = `<script>alert("1")</script>'|\`\u001b[31m\n# x`
  const rename = (value: unknown): unknown => {
    if (typeof value === "string") return value === "subnet-z" ? evil : value
    if (Array.isArray(value)) return value.map(rename)
    if (typeof value !== "object" || value === null) return value
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, rename(each)]))
  }
  return Effect.orDie(Schema.decodeUnknown(Plan.Plan)(rename({ ...plan, assumptions: ["subnet-z"] })))
}

describe("A plan", () => {
  it.effect("as a tree names every call with its undo, and what comes and goes", () =>
    Effect.gen(function* () {
      const plan = yield* planned
      const lines = Tree.render(plan)
      assert.isAbove(plan.calls.length, 3)
      for (const call of plan.calls) assert.include(lines, `${call.method} ${call.path}`)
      assert.strictEqual(lines.match(/undo: /g)?.length, plan.calls.length)
      for (const { nodeId } of plan.endpoints.added) assert.include(lines, nodeId)
      for (const { address } of plan.endpoints.removed) assert.include(lines, address)
      assert.include(lines, plan.fingerprint)
      assert.match(lines, /shard 001 \(gone\): slots 0-8191/)
      assert.match(lines, /primary new-node-\d+ in subnet-[yz]/)
      assert.match(lines, /replica new-node-\d+ in subnet-[yz] \(new\)/)
      assert.match(lines, /replica [0-9a-f-]{36} in subnet-x \(gone\)/)
      assert.include(lines, "switched off, an empty cluster")
    })
  )

  it.effect("as Markdown has a row for every call", () =>
    Effect.gen(function* () {
      const plan = yield* planned
      const rows = Markdown.render(plan).split("\n")
      for (const [index, { path }] of plan.calls.entries()) {
        assert.isTrue(rows.some((row) => row.startsWith(`| ${index + 1} |`) && row.includes(path)))
      }
    })
  )

  it.effect("as a page loads nothing, has no script, and shows each node before and after", () =>
    Effect.gen(function* () {
      const plan = yield* planned
      const page = Html.render(plan)
      const out = Effect.runSync(Effect.option(Config.string("MEMSTORE_PLAN_PAGE")))
      if (Option.isSome(out)) fs.writeFileSync(out.value, page)
      assert.notMatch(page, /<script|<link|<img|<iframe|@import|url\(|https?:/)
      const count = (kind: string) => page.match(new RegExp(`class="node (primary|replica)${kind}"`, "g"))?.length ?? 0
      assert.strictEqual(count(" new"), plan.endpoints.added.length)
      assert.strictEqual(count(" gone"), plan.endpoints.removed.length)
      assert.isTrue(plan.phases.every(({ name }) => page.includes(name)))
    })
  )

  it.effect("keeps hostile text from the reader's browser, table and terminal", () =>
    Effect.gen(function* () {
      const plan = yield* Effect.flatMap(planned, hostile)
      assert.notInclude(Html.render(plan), "<script")
      assert.include(Html.render(plan), "&lt;script&gt;")
      assert.notInclude(Tree.render(plan), "\u001b")
      const cells = Markdown.render(plan)
        .split("\n")
        .filter((line) => line.startsWith("| 1 |"))
        .map((line) => line.match(/(?<!\\)\|/g)?.length)
      assert.deepStrictEqual([...new Set(cells)], [6])
      assert.notInclude(Markdown.render(plan).replace(/`[^`]*`/g, ""), "<script")
    })
  )

  it.effect("holds no password in any form", () =>
    inCloud(
      Effect.gen(function* () {
        const secret = "encrypted-4711"
        const payload = { cluster: { ...specOf(1), name: "new", user: { name: "app" } } }
        const plan = yield* Rehearsal.rehearse(ProvisionCluster, payload).pipe(
          Effect.provideService(PasswordSource, { encrypted: () => Effect.succeed(Redacted.make(secret)) })
        )
        assert.deepInclude(plan.ending, { _tag: "Succeeds" })
        assert.include(JSON.stringify(plan.calls[0]?.body), "<redacted>")
        for (const text of [JSON.stringify(plan), Tree.render(plan), Markdown.render(plan), Html.render(plan)]) {
          assert.notInclude(text, secret)
        }
      })
    )
  )
})
