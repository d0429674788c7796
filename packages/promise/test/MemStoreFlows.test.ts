import { Journal, Schedule } from "@memstore-flows/engine"
import { Effect, Layer } from "effect"
import { afterAll, assert, describe, it } from "vitest"
import { createMemStoreFlows, FlowsClosed } from "../src/index.js"
import { cluster } from "./support/cluster.js"
import { Approval, Ask, create, Declined, secret, sharedJournal } from "./support/flows.js"

/** What a promise is rejected with. */
const rejection = async (promise: Promise<unknown>): Promise<unknown> => {
  try {
    await promise
  } catch (error) {
    return error
  }
  return assert.fail("it was not rejected")
}

const tagOf = (error: unknown) => (error instanceof Error && "_tag" in error ? error._tag : error)

describe("MemStore flows as promises", async () => {
  const log: Array<string> = []
  const flows = await create(undefined, log)
  afterAll(flows.close)

  it("run the flows of the library: a cluster, a backup of it, a drill that restores it", async () => {
    const { clusterId, shards } = await flows.run("ProvisionCluster", { cluster: cluster("source") })
    assert.lengthOf(shards, 2)
    await flows.run("BackupNow", { clusterId, name: "nightly" })
    const drill = { cluster: { ...cluster("drill"), restoreSource: { backupName: "nightly" } } }
    const { id } = await flows.start("RestoreDrill", drill, { id: "drill-1" })
    const seen: Array<string> = []
    for await (const event of flows.events(id)) seen.push("step" in event ? `${event._tag} ${event.step}` : event._tag)
    assert.strictEqual(seen[0], "RunStarted")
    assert.strictEqual(seen.at(-1), "RunSucceeded")
    assert.include(seen, "StepSucceeded delete")
    assert.deepInclude(await flows.result("RestoreDrill", id), { backupName: "nightly", shards: 2, nodes: 6 })
    assert.strictEqual((await flows.start("RestoreDrill", drill, { id })).state, "succeeded", "the same run")
    assert.deepStrictEqual(
      (await flows.list({ flow: "RestoreDrill" })).map((run) => run.id),
      [id]
    )
  })

  it("are rejected with the tagged error itself, which outcome gives as data", async () => {
    const missing = { cluster: { ...cluster("x"), restoreSource: { backupName: "none" } }, shards: 3 }
    const error = await rejection(flows.run("RestoreThenScale", missing, { id: "refused" }))
    assert.strictEqual(tagOf(error), "Refused")
    assert.isTrue(flows.isErrorOf("RestoreThenScale", error))
    assert.isFalse(flows.isErrorOf("Ask", error))
    const outcome = await flows.outcome("RestoreThenScale", "refused")
    assert.strictEqual(outcome._tag === "Failed" && outcome.error._tag, "Refused")
    assert.strictEqual(tagOf(await rejection(flows.get("nothing"))), "RunNotFound")
  })

  it("check a payload that came from outside, and give its defaults", async () => {
    const body = JSON.parse('{ "about": 7 }')
    const error = await rejection(flows.start("Ask", body))
    assert.strictEqual(tagOf(error), "PayloadInvalid")
    assert.include(String(error), "about")
    await flows.start("Ask", { about: "defaults" }, { id: "defaults" })
    await flows.signal("defaults", Approval, { by: "Ada" })
    assert.strictEqual(await flows.result("Ask", "defaults"), "Ada approves defaults")
  })

  it("refuse a second run on what one works on, or let it wait in line", async () => {
    await flows.start("Ask", { about: "one" }, { id: "first" })
    const busy = await rejection(flows.start("Ask", { about: "one" }))
    assert.deepInclude(busy, { _tag: "Busy", resource: "one" })
    const second = await flows.start("Ask", { about: "one" }, { id: "second", waitForLock: true })
    assert.strictEqual(second.state, "queued")
    await flows.signal("first", Approval, { by: "nobody" })
    assert.deepStrictEqual(await rejection(flows.result("Ask", "first")), new Declined({ by: "nobody" }))
    assert.strictEqual(await flows.cancel("second"), "Requested")
    assert.deepStrictEqual(await flows.outcome("Ask", "second"), {
      _tag: "Cancelled",
      undo: { undone: ["ask"], notUndone: [] }
    })
  })

  it("give up waiting when the signal is aborted, and cancel only if told so", async () => {
    const controller = new AbortController()
    const reason = new Error("the client went away")
    const { id } = await flows.start("Ask", { about: "kept" }, { signal: controller.signal })
    const waiting = rejection(flows.result("Ask", id, { signal: controller.signal }))
    const running = rejection(
      flows.run("Ask", { about: "dropped" }, { id: "dropped", signal: controller.signal, cancelOnAbort: true })
    )
    const watching = rejection(
      (async () => {
        for await (const event of flows.events(id, { signal: controller.signal })) {
          if (event._tag === "WaitingForSignal") controller.abort(reason)
        }
      })()
    )
    assert.deepStrictEqual(await Promise.all([waiting, running, watching]), [reason, reason, reason])
    assert.strictEqual((await flows.get(id)).state, "running")
    assert.strictEqual((await flows.outcome("Ask", "dropped"))._tag, "Cancelled")
    assert.strictEqual(await rejection(flows.result("Ask", id, { signal: AbortSignal.abort(reason) })), reason)
    await flows.cancel(id)
  })

  it("leave a run alone when the loop over its events is left", async () => {
    const { id } = await flows.start("Ask", { about: "left" })
    for await (const event of flows.events(id)) if (event._tag === "StepSucceeded") break
    await flows.signal(id, Approval, { by: "Ada" })
    assert.strictEqual(await flows.result("Ask", id), "Ada approves left")
  })

  it("start runs on a schedule, also now", async () => {
    const info = await flows.schedules.cron("Ask", {
      name: "asking",
      cron: "0 3 1 1 *",
      payload: { about: "new year" }
    })
    assert.deepInclude(info, { flow: "Ask", timeZone: "UTC", paused: false })
    assert.deepStrictEqual(await flows.schedules.next("asking", 1), [info.nextAt ?? 0])
    const turn = await flows.schedules.trigger("asking")
    const run = turn._tag === "Fired" ? turn.run : ""
    await flows.signal(run, Approval, { by: "Ada" })
    assert.strictEqual(await flows.result("Ask", run), "Ada approves new year")
    await flows.schedules.pause("asking")
    assert.deepStrictEqual(
      (await flows.schedules.list("Ask")).map(({ name, paused }) => [name, paused]),
      [["asking", true]]
    )
    await flows.schedules.resume("asking")
    await flows.schedules.remove("asking")
    assert.deepStrictEqual((await flows.schedules.history("asking")).map(({ turn }) => turn._tag).reverse(), [
      "Fired",
      "Paused",
      "Resumed",
      "Removed"
    ])
    assert.strictEqual(tagOf(await rejection(flows.schedules.get("asking"))), "ScheduleNotFound")
    const wrong = flows.schedules.cron("Ask", {
      name: "asking",
      cron: "61 * * * *",
      timeZone: "Mars",
      payload: { about: "x" }
    })
    const invalid = await rejection(wrong)
    const faults = invalid instanceof Schedule.ScheduleInvalid ? invalid.faults.map(({ path }) => path) : []
    assert.deepStrictEqual(faults, ["cron: minute", "timeZone"])
  })

  it("log to the function given, without the secret", () => {
    assert.include(log, "INFO asking about one")
    assert.notInclude(log.join("\n"), secret)
  })
})

describe("a journal that fails for a while", () => {
  it("leaves a run with its problem, until it is resumed", async () => {
    let fails = true
    const refused = new Journal.JournalError({ operation: "append", reason: "disk full" })
    const journal = Layer.effect(
      Journal.Journal,
      Effect.map(Journal.Journal, (inner) => ({
        ...inner,
        append: (entry) => Effect.suspend(() => (fails ? refused : inner.append(entry)))
      }))
    )
    const flows = await create(Layer.provide(journal, Journal.layerMemory))
    await flows.start("Ask", { about: "left" }, { id: "left" })
    assert.deepInclude(await rejection(flows.result("Ask", "left")), { _tag: "RunDetached", reason: "journal" })
    assert.deepInclude((await flows.get("left")).problem, { _tag: "RunDetached", reason: "journal" })
    fails = false
    assert.strictEqual((await flows.resume("left")).problem, null)
    await flows.signal("left", Approval, { by: "Ada" })
    assert.strictEqual(await flows.result("Ask", "left"), "Ada approves left")
    await flows.close()
  })
})

describe("closing", () => {
  it("detaches runs, which go on when flows are created on the journal again", async () => {
    const first = await create(sharedJournal)
    await first.start("Ask", { about: "restart" }, { id: "restart" })
    const waiting = rejection(first.result("Ask", "restart"))
    await Promise.all([first.close(), first.close()])
    assert.deepInclude(await waiting, { _tag: "RunDetached", reason: "shutdown" })
    assert.instanceOf(await rejection(first.get("restart")), FlowsClosed)
    assert.throws(() => first.events("restart"), FlowsClosed)
    const second = await create(sharedJournal)
    await second.signal("restart", Approval, { by: "Ada" })
    assert.strictEqual(await second.result("Ask", "restart"), "Ada approves restart")
    await second[Symbol.asyncDispose]()
  })

  it("is not needed when they could not be created: the error of the journal is what it is rejected with", async () => {
    const broken = new Journal.JournalError({ operation: "open", reason: "no such folder" })
    const token = "t"
    const journal = Layer.effect(Journal.Journal, Effect.fail(broken))
    assert.strictEqual(await rejection(createMemStoreFlows({ token, journal })), broken)
    assert.include(String(await rejection(createMemStoreFlows({ token, flows: { Other: Ask } }))), "Ask is given under")
    assert.include(String(await rejection(createMemStoreFlows({ token, flows: { BackupNow: Ask } }))), "library has")
  })
})
