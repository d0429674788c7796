import { readdirSync, readFileSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as workflows from "../src/index.js"
import { around } from "./redis/catalogue/around.js"
import { changes } from "./redis/catalogue/changes.js"
import { clusters } from "./redis/catalogue/clusters.js"
import { subjects } from "./rehearsal/Subjects.js"
import { inCloud } from "./support/Cloud.js"
import { fieldsOf, pageOf, unnamed, untold } from "./support/Page.js"
import { play, replace, type Scenario, scaleIn, scaleOut } from "./support/Scenario.js"

const root = new URL("../../../", import.meta.url)
const read = (path: string): string => readFileSync(new URL(path, root), "utf8")
const pages = readdirSync(new URL("docs/flows/", root)).map((file) => file.replace(/\.md$/, ""))
const overview = read("docs/flows.md")

const flows = Object.entries(workflows).flatMap(([name, module]) =>
  typeof module === "object" && "flow" in module ? [{ name, flow: module.flow }] : []
)

describe("the pages of flows", () => {
  it("are there for each flow and each wrapper, and the overview leads to them", () => {
    const wrappers = ["InWindow", "PauseBackups", "RollOut"]
    assert.sameMembers([...flows.map(({ name }) => name), ...wrappers], pages)
    for (const page of pages) assert.include(overview, `(flows/${page}.md)`)
  })

  for (const page of pages) {
    it(`${page} has its parts, and names an example that runs it`, () => {
      const text = pageOf(page)
      for (const part of ["Steps", "Undo", "Errors"]) assert.include(text, `## ${part}\n`)
      const [, example = ""] = /It runs in `(examples\/[^`]+)`/.exec(text) ?? []
      assert.include(read(example), page)
    })
  }

  it("show a flow of your own as its example has it", () => {
    const flat = (text: string) => text.replace(/\s+/g, "")
    const [, shown = "none"] = /```ts\n(const body =[^`]+(?:`[^`\n]+`[^`]+)*)```/.exec(overview) ?? []
    assert.include(flat(read("examples/20-compose-the-catalogue.ts")), flat(shown))
  })

  it("tell of flows that are rehearsed and run on random clusters, and on real servers, each of them", () => {
    const wrappers = ["InWindow", "PauseBackups", "RollOut"]
    assert.sameMembers(Object.keys(subjects), [...flows.map(({ name }) => name), ...wrappers])
    const titles = Object.values({ ...changes, ...clusters, ...around }).map(({ title }) => title.split(/[ ,]/)[0])
    assert.sameMembers([...new Set(titles)], pages)
  })

  it("tell of flows that take checks that are off, unless they only read", () => {
    const taking = flows.filter(({ flow }) => fieldsOf(flow.payload).includes("checksOff")).map(({ name }) => name)
    const reading = ["AuditTopology", "AwaitHealthy"]
    assert.sameMembers(
      [...taking, ...reading],
      flows.map(({ name }) => name)
    )
  })

  for (const { flow, name } of flows) {
    it(`${name} names every way it fails`, () => {
      assert.deepStrictEqual(unnamed(pageOf(name), flow.error), [])
    })
  }

  const told: ReadonlyArray<readonly [string, Scenario]> = [
    ["RestoreThenScale", scaleOut],
    ["RestoreThenScale", scaleIn],
    ["ReplaceReplica", replace]
  ]
  for (const [page, scenario] of told) {
    it.effect(`${page} tells of each step: ${scenario.title}`, () =>
      Effect.gen(function* () {
        const { events } = yield* inCloud(play(scenario))
        const steps = events.flatMap((event) => ("step" in event && event._tag !== "Progress" ? [event.step] : []))
        assert.deepStrictEqual(untold(pageOf(page), [...new Set(steps)]), [])
      })
    )
  }
})
