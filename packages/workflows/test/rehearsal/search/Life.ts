import type * as MemStore from "@memstore-flows/api/MemStore"
import * as Engine from "@memstore-flows/engine/Engine"
import type * as Event from "@memstore-flows/engine/Event"
import type * as Flow from "@memstore-flows/engine/Flow"
import * as Journal from "@memstore-flows/engine/Journal"
import type * as Outcome from "@memstore-flows/engine/Outcome"
import * as Runs from "@memstore-flows/engine/Runs"
import * as Apply from "@memstore-flows/model/Apply"
import type { State } from "@memstore-flows/model/State"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as FiberId from "effect/FiberId"
import * as FiberRef from "effect/FiberRef"
import { identity } from "effect/Function"
import * as HashSet from "effect/HashSet"
import * as Layer from "effect/Layer"
import * as LogLevel from "effect/LogLevel"
import * as Random from "effect/Random"
import * as Redacted from "effect/Redacted"
import * as Runtime from "effect/Runtime"
import type * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as Approval from "../../../src/Approval.js"
import * as Handover from "../../../src/Handover.js"
import { PasswordSource } from "../../../src/PasswordSource.js"
import { operationsOn } from "../../../src/rehearsal/internal/operations.js"
import * as Plane from "../../../src/rehearsal/internal/plane.js"
import * as VirtualTime from "../../../src/rehearsal/internal/virtualTime.js"
import * as Fate from "./Fate.js"
import { type Extent, type Hazards, none } from "./Hazards.js"
import * as Process from "./Process.js"
import * as Witness from "./Witness.js"

type Pure = Schema.Schema.AnyNoContext | typeof Schema.Never

/** A flow with its implementation, and that of every flow it starts runs of. */
export interface Living<Name extends string, P extends Schema.Schema.AnyNoContext, S extends Pure, E extends Pure> {
  readonly flow: Flow.Flow<Name, P, S, E>
  readonly layer: Layer.Layer<
    Flow.Implemented<Name>,
    Journal.JournalError,
    Engine.Engine | Runs.Runs | MemStore.Operations
  >
}

/** The password of every new cluster's user: nothing a run leaves behind may contain it. */
export const secret = "secret-4711"

/** The id of the run. */
export const id = "run"

/** What a run left behind. `lock`: what a second run on the same resource comes to. */
export interface Lived {
  readonly outcome: Outcome.Outcome<unknown, unknown>
  readonly accepted: ReadonlyArray<Witness.Accepted>
  readonly state: State
  readonly endedAt: number
  readonly extent: Extent
  readonly engines: number
  readonly entries: ReadonlyArray<Journal.Entry>
  readonly records: ReadonlyArray<Journal.RunRecord>
  readonly events: ReadonlyArray<Event.Event>
  readonly logs: ReadonlyArray<unknown>
  readonly clients: string | undefined
  readonly lock: "free" | "held" | "none"
}

/**
 * - `watched`: events and logs are kept, too
 * - `answer`: what a person says when asked, `undefined` for nothing
 * - `scope`: of the step that asks
 * - `journal`: puts another journal in the place of one
 */
export interface Options {
  readonly state: State
  readonly seed: number
  readonly hazards: Hazards
  readonly watched: boolean
  readonly answer: Approval.Answer | undefined
  readonly journal?: (inner: Journal.Service) => Journal.Service
}

const passwords = { encrypted: () => Effect.succeed(Redacted.make(secret)) }

const unstruck: Plane.Strike = { _tag: "None" }

const bounds = { moves: 100_000, tasks: 1_000_000 }

const disturb = (plane: Plane.Plane, { disturbances }: Hazards) =>
  Effect.forEach(
    disturbances,
    ({ after, command }) =>
      Effect.sync(() =>
        plane.become((now, time) =>
          Either.match(Apply.apply(now, command, time), { onLeft: () => now, onRight: ({ state }) => state })
        )
      ).pipe(Effect.delay(after), Effect.fork),
    { discard: true }
  )

/** What comes at a time, to the process that is there then. */
const timed = ({ cancel, crashes }: Hazards, current: () => Process.Process | undefined) => {
  const at = (millis: number, strike: (process: Process.Process) => Effect.Effect<void>) =>
    Effect.suspend(() => {
      const process = current()
      return process?.alive ? strike(process) : Effect.void
    }).pipe(Effect.delay(millis), Effect.fork)
  return Effect.all(
    [
      ...(cancel?.at === "time" ? [at(cancel.millis, Process.cancel)] : []),
      ...crashes.flatMap(({ how, point }) =>
        point.at === "time"
          ? [
              at(point.millis, (each) =>
                Effect.sync(() => (how === "closed" ? Process.close(each) : Process.kill(each)))
              )
            ]
          : []
      )
    ],
    { discard: true }
  )
}

/** Whether another run could have the resource. */
const lockOf = Effect.fnUntraced(function* (journal: Journal.Service, resource: string | undefined, createdAt: number) {
  const [first] = yield* journal.list({ limit: 1 })
  if (first === undefined || resource === undefined) return "none" as const
  const { _tag } = yield* journal.insert({ ...first, id: "probe", resource, createdAt }, { wait: false })
  return _tag === "Inserted" ? ("free" as const) : ("held" as const)
})

const follow = (events: Array<Event.Event>) =>
  Stream.runForEach(Runs.events(id), (event) => Effect.sync(() => events.push(event)))

/** The run as a process has it: begun if it is not yet, and followed to its end. */
const followed = Effect.fnUntraced(function* <
  Name extends string,
  P extends Schema.Schema.AnyNoContext,
  S extends Pure,
  E extends Pure
>(flow: Flow.Flow<Name, P, S, E>, payload: P["Type"], { answer, watched }: Options, events: Array<Event.Event>) {
  yield* Runs.start(flow, { payload, id })
  if (watched) yield* Effect.fork(Effect.ignore(follow(events)))
  if (answer !== undefined) yield* Effect.ignore(Runs.signal(id, Approval.signal, answer, { scope: "approval" }))
  return yield* Runs.outcome(flow, id)
})

/** Opens the engine of a process, with a flow in it. */
const opened = Effect.fnUntraced(function* <Name extends string, A, E>(
  process: Process.Process,
  layer: Living<Name, Schema.Schema.AnyNoContext, Pure, Pure>["layer"],
  scope: Scope.Scope,
  then: Effect.Effect<A, E, Flow.Implemented<Name> | Runs.Runs>
) {
  const inside = yield* Engine.make()
  process.runs = Context.get(inside, Runs.Runs)
  const implemented = Layer.buildWithScope(layer, scope)
  return yield* Effect.provide(
    Effect.flatMap(implemented, (context) => Effect.provide(then, context)),
    inside
  )
})

const living = Effect.fnUntraced(function* <
  Name extends string,
  P extends Schema.Schema.AnyNoContext,
  S extends Pure,
  E extends Pure
>(
  { flow, layer }: Living<Name, P, S, E>,
  payload: P["Type"],
  options: Options,
  world: VirtualTime.World,
  witness: Witness.Witness
) {
  const { hazards, journal: replaced = identity, state } = options
  const fate = Fate.make(hazards)
  const writes: Array<number> = []
  let strike: Plane.Strike = unstruck
  const plane = Plane.make({
    state,
    now: world.now,
    strike: () => {
      const now = strike
      strike = unstruck
      return now
    },
    answered: (call, answer) => {
      if (call.isWrite) writes.push(fate.calls() - 1)
      return witness.answered(call, answer)
    }
  })
  // Where nothing strikes at its writes, the journal is used as it is: the engine then writes without a fiber.
  const isStruck = hazards === none || hazards.crashes.length > 0 || hazards.cancel?.at === "record"
  const journal = replaced(witness.journal(yield* Journal.makeMemory))
  const runtime = yield* Effect.runtime()

  const processOn = (process: Process.Process, scope: Scope.Scope) => {
    const client = Process.clientOf(process, plane.client, (next) => {
      strike = next
    })
    const outside = operationsOn(client).pipe(
      Context.add(Journal.Journal, isStruck ? Process.journalOf(process, journal) : journal),
      Context.add(PasswordSource, passwords),
      Context.add(Handover.Handover, witness.handover),
      Context.add(Scope.Scope, scope)
    )
    const run = followed(flow, payload, options, witness.events)
    const fork = Runtime.runFork(Runtime.make({ ...runtime, context: outside }))
    return fork(Effect.intoDeferred(opened(process, layer, scope, run), process.end))
  }

  const away = hazards.crashes.map((crash) => crash.away)
  // What is left of killed processes can end only with the world.
  const over = Deferred.unsafeMake<void>(FiberId.none)
  const remains: Array<Effect.Effect<unknown>> = []
  let current: Process.Process | undefined
  yield* disturb(plane, hazards)
  yield* timed(hazards, () => current)
  for (let engines = 1; ; engines++) {
    const process = Process.make(id, fate, over)
    current = process
    const scope = yield* Scope.make()
    const fiber = processOn(process, scope)
    const came = yield* Deferred.await(process.end)
    if (came === "closed") {
      const closing = yield* Effect.forkDaemon(Scope.close(scope, Exit.void))
      yield* Effect.raceFirst(Fiber.await(closing), Process.untilKilled(process))
    }
    if (came === "closed" || came === "killed") {
      Process.kill(process)
      remains.push(Effect.zipRight(Fiber.interruptFork(fiber), Effect.forkDaemon(Scope.close(scope, Exit.void))))
      yield* Effect.sleep(away[engines - 1] ?? 0)
      continue
    }
    yield* Fiber.await(fiber)
    const endedAt = world.now()
    const entries = yield* journal.entries(id)
    const records = yield* journal.list({ limit: 10 })
    const lock = yield* lockOf(journal, flow.resource(payload), endedAt)
    yield* Scope.close(scope, Exit.void)
    Deferred.unsafeDone(over, Exit.void)
    yield* Effect.all(remains, { discard: true })
    return {
      outcome: came,
      accepted: witness.accepted,
      state: plane.state(),
      endedAt,
      extent: { calls: fate.calls(), writes, records: fate.records(), millis: endedAt - state.clock },
      engines,
      entries,
      records,
      events: witness.events,
      logs: witness.logs,
      clients: witness.clients(),
      lock
    } satisfies Lived
  }
})

/** Runs a flow from its start to its end, through as many processes as it takes. */
export const live = <Name extends string, P extends Schema.Schema.AnyNoContext, S extends Pure, E extends Pure>(
  self: Living<Name, P, S, E>,
  payload: P["Type"],
  options: Options
): Effect.Effect<Lived, unknown> =>
  Effect.suspend(() => {
    const world = VirtualTime.make(options.state.clock, bounds)
    const witness = Witness.make()
    const lived = Effect.withRandom(living(self, payload, options, world, witness), Random.make(options.seed))
    return world.run(
      options.watched
        ? lived.pipe(
            Effect.locally(FiberRef.currentLoggers, HashSet.make(witness.logger)),
            Effect.locally(FiberRef.currentMinimumLogLevel, LogLevel.All)
          )
        : lived
    )
  })
