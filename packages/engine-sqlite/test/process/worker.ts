/** A process to be killed: `worker FILE MODE` works on the runs in a file, and says what happens. */
import { writeSync } from "node:fs"
import { Engine, Flow, Runs, Step } from "@memstore-flows/engine"
import { Clock, Effect, Layer, Schema, Stream } from "effect"
import { SqliteJournal } from "../../src/index.js"

const [, , file = "", mode = ""] = process.argv

const say = (what: string, value: unknown = "") =>
  Effect.sync(() => void writeSync(1, `${what} ${JSON.stringify(value)}\n`))
const sayWhen = (what: string) => Effect.flatMap(Clock.currentTimeMillis, (at) => say(what, at))
const hang = Effect.zipRight(
  Effect.sync(() => setInterval(() => {}, 60_000)),
  Effect.never
)

const Work = Flow.make({ name: "work", payload: Schema.Literal("busy", "sleep", "undo"), resource: () => "it" })

const step = (name: string, undo: Effect.Effect<void> = Effect.void) =>
  Step.make(name, { run: say("do", name), undo: () => Effect.zipRight(say("undo", name), undo) })

const WorkLive = Work.toLayer((payload) =>
  Effect.gen(function* () {
    yield* step("one")
    if (payload === "sleep") {
      yield* Step.sleep("nap", "1500 millis")
      yield* Step.make("awake", { run: sayWhen("awake") })
    }
    if (payload === "busy") {
      yield* Step.make("busy", { run: Effect.zipRight(sayWhen("busy"), mode === "resume" ? Effect.void : hang) })
    }
    if (payload === "undo") {
      yield* step("two", mode === "resume" ? Effect.void : hang)
      yield* step("three")
      yield* Step.make("wait", { run: Effect.zipRight(say("waiting"), hang) })
    }
  })
)

const begin = Effect.gen(function* () {
  if (mode !== "busy" && mode !== "sleep" && mode !== "undo") return
  yield* Runs.start(Work, { id: "x", payload: mode })
  const event = (tag: string, name: string) =>
    Stream.runDrain(
      Stream.takeUntil(Runs.events("x"), (each) => each._tag === tag && "step" in each && each.step === name)
    )
  if (mode === "sleep") yield* Effect.zipRight(event("Sleeping", "nap"), sayWhen("sleeping"))
  if (mode === "undo") yield* Effect.zipRight(event("StepStarted", "wait"), Runs.cancel("x"))
})

const main = Effect.gen(function* () {
  yield* sayWhen("ready")
  yield* begin
  const { _tag } = yield* Runs.outcome(Work, "x")
  yield* say("end", _tag)
}).pipe(
  Effect.provide(WorkLive.pipe(Layer.provideMerge(Engine.layer()), Layer.provide(SqliteJournal.layer({ file })))),
  Effect.catchTag("FileInUse", (error) => say("in use", error.holder))
)

Effect.runPromise(main).then(() => process.exit(0))
