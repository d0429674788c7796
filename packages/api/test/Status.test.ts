import { assert, describe, it } from "@effect/vitest"
import * as FastCheck from "effect/FastCheck"
import * as Status from "../src/Status.js"

describe("status", () => {
  it("only Running is stable and only Failed is final", () => {
    const classes = Status.knownStatuses.map(Status.classify)
    assert.deepStrictEqual(classes, [
      "Pending",
      "Pending",
      "Stable",
      "Pending",
      "Pending",
      "Pending",
      "Pending",
      "Failed"
    ])
  })

  it("Available is a word of backups and not of clusters", () => {
    assert.strictEqual(Status.classify("Available"), "Unknown")
  })

  it.prop("every other word is Unknown", [FastCheck.string()], ([word]) => {
    assert.strictEqual(Status.classify(word) === "Unknown", !Status.isKnown(word))
  })

  it("names of object members are no statuses", () => {
    for (const word of ["toString", "__proto__", "constructor"]) assert.strictEqual(Status.classify(word), "Unknown")
  })
})
