import { PgClient } from "@effect/sql-pg"
import { Engine, Journal, Runs } from "@memstore-flows/engine"
import { Clock, Context, Duration, Effect, Layer, Logger, LogLevel, Scope, Stream } from "effect"
import { type Store, until } from "../../../engine/test/contract/harness.js"
import * as member from "../../src/internal/member.js"
import * as store from "../../src/internal/store.js"
import { freePort } from "./freePort.js"

const live = Clock.make()
const prefix = "memstore_flows"

type Through = (journal: Journal.Service) => Journal.Service

/** The engine as a runner has it, on the clock of the test. */
const engineOn = (clock: Clock.Clock, options: Engine.Options, through: Through) =>
  Layer.scopedContext(
    Effect.flatMap(Journal.Journal, (journal) =>
      Layer.build(Layer.fresh(Engine.layer({ ...options, resume: "none" }))).pipe(
        Effect.provideService(Journal.Journal, through(journal)),
        Effect.withClock(clock)
      )
    )
  )

/** What is asked of the cluster is answered in the time of the cluster. */
const inTime = (runs: Runs.Service): Runs.Service => ({
  ...runs,
  start: (flow, options) => Effect.withClock(runs.start(flow, options), live),
  execute: (flow, options) => Effect.withClock(runs.execute(flow, options), live),
  get: (id) => Effect.withClock(runs.get(id), live),
  events: (id) =>
    Stream.unwrapScoped(
      Effect.map(Stream.toPull(runs.events(id)), (pull) => Stream.repeatEffectChunkOption(Effect.withClock(pull, live)))
    ),
  outcome: (flow, id) => Effect.withClock(runs.outcome(flow, id), live),
  result: (flow, id) => Effect.withClock(runs.result(flow, id), live),
  cancel: (id) => Effect.withClock(runs.cancel(id), live),
  signal: (id, to, payload, options) => Effect.withClock(runs.signal(id, to, payload, options), live),
  resume: (id) => Effect.withClock(runs.resume(id), live)
})

const runner = (options: Engine.Options, through: Through) =>
  Effect.gen(function* () {
    const clock = yield* Effect.clock
    const port = yield* freePort
    const scope = yield* Effect.acquireRelease(Scope.make(), (scope, exit) =>
      Effect.withClock(Scope.close(scope, exit), live)
    )
    const made = member.make({
      address: { host: "127.0.0.1", port },
      prefix,
      lease: Duration.seconds(3),
      sweep: Duration.millis(500),
      messages: Duration.hours(1),
      engine: engineOn(clock, options, through)
    })
    const { held, services } = yield* made.pipe(
      Scope.extend(scope),
      Effect.withClock(live),
      Logger.withMinimumLogLevel(LogLevel.Warning)
    )
    yield* until(
      "the runner has every shard",
      Effect.sync(() => held.size === 300)
    )
    return Context.add(services, Runs.Runs, inTime(Context.get(services, Runs.Runs)))
  })

const writer = { write: () => Effect.dieMessage("a test looks at the journal, and writes nothing") }

/** The tables of a database, opened by a runner that is alone with them. */
export const storeOn = (
  database: Context.Context<PgClient.PgClient>,
  through: Through = (journal) => journal
): Store => ({
  journal: Layer.succeed(
    Journal.Journal,
    store.make({ sql: Context.get(database, PgClient.PgClient), prefix, writer })
  ),
  engine: (options) =>
    Layer.scopedContext(Effect.provide(Effect.orDie(runner(options, through)), database)) satisfies Layer.Layer<
      Engine.Engine | Runs.Runs
    >,
  over: (next) => storeOn(database, (journal) => next(through(journal)))
})
