/** What a process to be killed does: it starts the run, or takes it up, and says how it ended. */
import { writeSync } from "node:fs"
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as MemStore from "@memstore-flows/api/MemStore"
import type * as Engine from "@memstore-flows/engine/Engine"
import * as Runs from "@memstore-flows/engine/Runs"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import * as ReplaceReplica from "../../src/ReplaceReplica.js"
import * as Resolution from "../../src/Resolution.js"
import * as RestoreThenScale from "../../src/RestoreThenScale.js"
import * as WaitPolicy from "../../src/WaitPolicy.js"
import * as Points from "./Points.js"

/** What the process is told, as JSON: `store` is the journal's, `fatal` the name of the point to die at. */
export interface Task {
  readonly url: string
  readonly store: unknown
  readonly fatal?: string | undefined
  /** What the process says when the run asks whether a cluster was made. */
  readonly answer?: Resolution.Resolution | undefined
  readonly job:
    | { readonly flow: "RestoreThenScale"; readonly payload: RestoreThenScale.Payload }
    | { readonly flow: "ReplaceReplica"; readonly payload: ReplaceReplica.Payload }
}

const policy = WaitPolicy.make({
  firstDelay: Duration.millis(5),
  maxDelay: Duration.millis(40),
  jitter: 0,
  settle: Duration.millis(300)
})

const say = (what: string, value: unknown) => Effect.sync(() => void writeSync(1, `${what} ${JSON.stringify(value)}\n`))

const start = ({ job }: Task) =>
  job.flow === "RestoreThenScale"
    ? Runs.start(RestoreThenScale.flow, { id: "run", payload: job.payload })
    : Runs.start(ReplaceReplica.flow, { id: "run", payload: job.payload })

const outcome = ({ job }: Task) =>
  job.flow === "RestoreThenScale"
    ? Runs.outcome(RestoreThenScale.flow, "run")
    : Runs.outcome(ReplaceReplica.flow, "run")

/** Says what the run asks for, and answers if it knows. */
const asked = ({ answer }: Task) =>
  Stream.runForEach(Runs.events("run"), (event) => {
    if (event._tag !== "WaitingForSignal") return Effect.void
    const told = answer ? Resolution.send("run", event.step, answer) : Effect.void
    return Effect.zipRight(say("asks", event.step), told)
  })

type OnEngine<E> = (store: unknown, points: Points.Points) => Layer.Layer<Engine.Engine | Runs.Runs, E>

/** Runs the process on an engine, each write of whose journal is a point. */
export const work = <E>(engine: OnEngine<E>): void => {
  // The harness alone writes this argument.
  const task = JSON.parse(process.argv[2] ?? "") as Task
  const points = Points.make(task.fatal)
  const cloud = MemStore.layer({
    baseUrl: task.url,
    iamUrl: task.url,
    credential: { id: "emulator", secret: Redacted.make("emulator") },
    transformClient: points.transformClient
  }).pipe(Layer.provide(FetchHttpClient.layer))
  const flows = Layer.mergeAll(RestoreThenScale.layer, ReplaceReplica.layer).pipe(
    Layer.provideMerge(engine(task.store, points)),
    Layer.provide(Layer.merge(cloud, Layer.succeed(WaitPolicy.WaitPolicy, policy)))
  )
  const main = Effect.gen(function* () {
    yield* start(task)
    yield* Effect.fork(asked(task))
    const ended = yield* outcome(task)
    yield* say("points", yield* points.reached)
    yield* say("outcome", ended)
  })
  Effect.runPromise(Effect.provide(main, flows)).then(() => process.exit(0))
}
